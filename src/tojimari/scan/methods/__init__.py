"""Ways of knocking, one a file; each has a constant METHOD."""
