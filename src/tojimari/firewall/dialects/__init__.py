"""Rule languages, one a file: each turns text into the neutral ruleset."""
