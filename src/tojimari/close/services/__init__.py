"""Servers whose configuration is understood, one a file: which lines make which doors."""
