"""The protocols, one a file. Adding a file adds the protocol; nothing else names it."""
