"""The nouns, the catalogue and the errors. Standard library only, no input or output."""
