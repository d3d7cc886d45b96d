"""What is said to people and machines about doors and findings."""
