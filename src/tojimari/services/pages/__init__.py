"""Products that speak HTTP, one a file: how their answers look, and what one more path tells."""
