"""Become an unprivileged user within a test, and root again."""

import os

NOBODY = 65534  # user and group, in Debian as elsewhere


def become_nobody() -> list[int]:
    """Give up root's user, group and groups for now; returns the groups.

    The capabilities go with the user (capabilities(7)), and so does the right to look into other
    processes.

    Raises:
        OSError: We are not root, or this user namespace knows no such user.
    """
    groups = os.getgroups()
    os.setgroups([])
    os.setegid(NOBODY)
    os.seteuid(NOBODY)
    return groups


def become_root_again() -> None:
    """Undo it, but for the groups."""
    os.seteuid(0)
    os.setegid(0)
