"""The kernel's facilities in Python. Knows nothing of doors; the only package that calls libc."""
