"""Finding the holders of sockets without any help from inside the kernel: by reading ``/proc``."""

from collections.abc import Collection, Iterable, Mapping

from tojimari.linux import cgroups, descriptors, procfs
from tojimari.linux.descriptors import Scan
from tojimari.linux.sock_diag import Row
from tojimari.sockets.holding import Holding, Place

# Sockets of a process that are asked for their namespace, the lowest descriptors first: a server
# opens its doors before it has visitors. Each costs about 13 µs; with 50 busy processes, 40 ms.
ASKED = 64
# Processes in a control group beyond which it promises nothing: where there is no supervisor, all
# of the machine's are in one.
CROWD = 32
INTERNET = frozenset({"TCP", "TCPv6", "UDP", "UDPv6", "MPTCP", "MPTCPv6"})


def by_reading_all(wanted: Collection[int]) -> Holding:
    """Read every descriptor of every process.

    Args:
        wanted: Inodes of the sockets.

    Returns:
        Every holder of every socket.
    """
    return _holding(descriptors.scan(procfs.processes(), wanted))


def by_cgroup(wanted: Mapping[int, Row], root: str | None, paths: Mapping[int, str]) -> Holding:
    """Look first where the socket was opened, and only for the first holder of each.

    Args:
        wanted: The sockets, by inode.
        root: Where the unified hierarchy is mounted.
        paths: Control group id to path.
    """
    groups: dict[int, set[int]] = {}
    for inode, row in wanted.items():
        groups.setdefault(row.cgroup, set()).add(inode)
    scan = Scan()
    left: set[int] = set()
    for cgroup, inodes in groups.items():
        path = paths.get(cgroup)
        if root is not None and path is not None:
            members = cgroups.processes(root, path)
            if len(members) <= CROWD:
                descriptors.probe(members, inodes, scan)
        left |= inodes
    if left:
        rest = descriptors.scan(procfs.processes(), left)
        rest.holders.update(scan.holders)
        scan = rest
    return _holding(scan)


def unreadable(pids: Iterable[int]) -> list[int]:
    """Those of some processes whose descriptors we may not read, kernel threads left out."""
    return sorted(pid for pid in pids if not descriptors.is_readable(pid))


def _holding(scan: Scan) -> Holding:
    return Holding(
        places=scan.holders,
        rings=scan.rings,
        others=scan.others,
        open_spaces=scan.spaces,
        refused=sorted(set(scan.refused)),
    )


def in_other_spaces(others: Mapping[int, Place]) -> Iterable[Place]:
    """Sockets that may be of a namespace which nobody is in.

    Args:
        others: Sockets that are in no known table, each with one place where it is held.

    Returns:
        Those of TCP and UDP among them, at most ``ASKED`` of one process.
    """
    by_process: dict[int, list[int]] = {}
    for pid, number in others.values():
        by_process.setdefault(pid, []).append(number)
    for pid, numbers in by_process.items():
        asked = 0
        for number in sorted(numbers):
            if descriptors.protocol((pid, number)) in INTERNET:
                yield pid, number
                asked += 1
                if asked == ASKED:
                    break
