"""What was meant."""
