"""The round of the house for computers: every open port, whose it is, and whether it was meant."""

__version__ = "0.1.0"
