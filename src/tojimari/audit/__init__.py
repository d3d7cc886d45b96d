"""What is not as it should be: disagreements between the witnesses, and weaknesses."""
