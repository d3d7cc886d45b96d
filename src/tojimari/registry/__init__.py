"""Number and name: ranges, assignments, what really uses a port, and plain words for it."""
