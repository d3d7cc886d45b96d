"""Control groups: what the kernel keeps with each socket, and the processes in a group.

The kernel names a socket's group by number, in the unified hierarchy (cgroup v2); the number is
the inode of the group's directory. The hierarchy is mounted at ``/sys/fs/cgroup``, or, on hybrid
systems, at ``/sys/fs/cgroup/unified``; where exactly is read from mountinfo.

Source: Documentation/admin-guide/cgroup-v2.rst; cgroups(7).
"""

import os
from collections.abc import Collection

from tojimari.linux import procfs


def mount() -> str | None:
    """Where the unified hierarchy is mounted; None where it is nowhere.

    A mount that shows only a part of the hierarchy (a container's) is taken where there is no
    better one: the groups outside cannot be named, and that is how it should be said.
    """
    partial: str | None = None
    for entry in procfs.mounts():
        if entry.filesystem == "cgroup2":
            if entry.root == "/":
                return entry.point
            partial = partial or entry.point
    return partial


def paths(ids: Collection[int], root: str | None) -> dict[int, str]:
    """The path of each control group, from the root of the hierarchy.

    Args:
        ids: As sock_diag gives them.
        root: As ``mount`` gives it.

    Returns:
        Id to path, ``/`` for the root. What is not there is gone, or outside of what we may see.
    """
    if root is None:
        return {}
    wanted = set(ids)
    found: dict[int, str] = {}
    try:
        own = os.stat(root).st_ino
    except OSError:
        return {}
    if own in wanted:
        found[own] = "/"
        wanted.discard(own)
    level = [root]
    while level and wanted:
        below: list[str] = []
        for folder in level:
            for inode, path in _children(folder):
                below.append(path)
                if inode in wanted:
                    found[inode] = path[len(root) :]
                    wanted.discard(inode)
        level = below
    return found


def _children(folder: str) -> list[tuple[int, str]]:
    """Inode and path of the groups right below one; none where it has gone."""
    try:
        with os.scandir(folder) as entries:
            return [
                (entry.inode(), entry.path)
                for entry in entries
                if entry.is_dir(follow_symlinks=False)
            ]
    except OSError:
        return []


def processes(root: str, path: str) -> tuple[int, ...]:
    """Processes in one control group, not in those below it.

    Returns:
        As the kernel lists them; empty where the group has gone or may not be read. A process
        outside of our pid namespace is listed as 0 and left out.
    """
    try:
        with open(f"{root}{path}/cgroup.procs", "rb") as file:
            return tuple(pid for pid in map(int, file.read().split()) if pid)
    except OSError:
        return ()


def of_process(pid: int) -> str | None:
    """The control group that says most of what a process belongs to.

    In the unified hierarchy; where that says nothing (a process in its root, while systemd or a
    container's runtime still uses the first version), in systemd's hierarchy, then in any other.

    Returns:
        A path such as ``/system.slice/ssh.service``; None where it cannot be read.
    """
    try:
        with open(f"/proc/{pid}/cgroup", "rb") as file:
            text = os.fsdecode(file.read())
    except OSError:
        return None
    return best_path(text)


def best_path(text: str) -> str | None:
    """The choice of ``of_process``, from the text of ``/proc/PID/cgroup``."""
    best: tuple[int, str] | None = None
    for line in text.splitlines():
        number, controllers, path = [*line.split(":", 2), "", ""][:3]
        if not path:
            continue
        if path == "/":
            rank = 3
        elif number == "0" and not controllers:
            rank = 0
        else:
            rank = 1 if controllers == "name=systemd" else 2
        if best is None or rank < best[0]:
            best = (rank, path)
    return best[1] if best else None
