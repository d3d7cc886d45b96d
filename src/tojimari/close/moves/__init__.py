"""Ways to close a door, one a file, from stopping its program to ending a process."""
