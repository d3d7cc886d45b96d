"""One question a file; each defines ``CHECK``."""
