"""How many files this process may have open."""

MOST = 1 << 16  # where no limit is known


def allow(wanted: int, spare: int) -> int:
    """Have room made for files, as far as the system lets us; how many there may be.

    Args:
        wanted: So many would be used.
        spare: So many are left to the rest of the process.

    Returns:
        1 to ``wanted``.
    """
    try:
        import resource  # noqa: PLC0415 - not on every system
    except ImportError:
        return min(wanted, spare)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + spare
    if soft != resource.RLIM_INFINITY and soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    allowed = needed if soft == resource.RLIM_INFINITY else min(needed, soft)
    return max(1, allowed - spare)
