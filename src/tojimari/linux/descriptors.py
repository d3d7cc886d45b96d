"""The file descriptors of processes, read from ``/proc/PID/fd``.

On a machine with many connections this is the slow part of everything, so the loop does as little
as can be: one readlink a descriptor, relative to the open directory.

Source: proc_pid_fd(5), proc_pid_fdinfo(5).
"""

import os
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from functools import cache

from tojimari.linux import procfs

_SOCKET = "socket:["
_RING = "anon_inode:[io_uring]"
_SPACE = "net:["
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_CROWD = 4096  # descriptor numbers tried in vain before a process's descriptors are listed instead

Place = tuple[int, int]  # process and descriptor number


@dataclass(slots=True)
class Scan:
    """What was found.

    Attributes:
        holders: Socket inode to the places where it is held; only the wanted ones.
        others: The same for sockets that nobody asked for; only the first place of each.
        rings: Where an io_uring is held.
        spaces: Inode of a network namespace to one place where it is held open.
        refused: Processes whose descriptors we may not read, kernel threads left out.
    """

    holders: dict[int, list[Place]] = field(default_factory=dict[int, list[Place]])
    others: dict[int, Place] = field(default_factory=dict[int, Place])
    rings: list[Place] = field(default_factory=list[Place])
    spaces: dict[int, Place] = field(default_factory=dict[int, Place])
    refused: list[int] = field(default_factory=list[int])


def scan(pids: Iterable[int], wanted: Collection[int]) -> Scan:
    """Read every descriptor of some processes.

    Args:
        pids: The processes; whoever has gone is left out.
        wanted: Socket inodes; best a set or a dict.
    """
    found = Scan()
    for pid in pids:
        try:
            folder = _folder(pid)
        except PermissionError:
            if not procfs.is_kernel_thread(pid):
                found.refused.append(pid)
            continue
        except OSError:
            continue
        try:
            if not _scan_one(pid, folder, wanted, found):
                _scan_threads(pid, wanted, found)
        except PermissionError:
            found.refused.append(pid)
        except OSError:
            continue
        finally:
            os.close(folder)
    return found


def _scan_one(pid: int, folder: int, wanted: Collection[int], found: Scan) -> bool:
    """Read the descriptors of one process; whether there were any.

    Raises:
        PermissionError: We may list them, but not read them.
        OSError: It has gone.
    """
    read, holders = os.readlink, found.holders
    link = ""
    for name in os.listdir(folder):
        try:
            link = read(name, dir_fd=folder)
        except FileNotFoundError:
            continue
        if link.startswith(_SOCKET):
            inode = int(link[8:-1])
            if inode in wanted:
                known = holders.get(inode)
                if known is None:
                    holders[inode] = [(pid, int(name))]
                else:
                    known.append((pid, int(name)))
            elif inode not in found.others:
                found.others[inode] = (pid, int(name))
        elif link == _RING:
            found.rings.append((pid, int(name)))
        elif link.startswith(_SPACE):
            found.spaces.setdefault(int(link[5:-1]), (pid, int(name)))
    return bool(link)


def _scan_threads(pid: int, wanted: Collection[int], found: Scan) -> None:
    """Read the descriptors of a process by one of its threads.

    A process whose first thread has ended shows none; the other threads still hold them.

    Raises:
        OSError: It has gone, or has no other thread.
    """
    for thread in _other_threads(pid):
        folder = os.open(f"/proc/{pid}/task/{thread}/fd", _FOLDER)
        try:
            if _scan_one(pid, folder, wanted, found):
                return
        finally:
            os.close(folder)


def _other_threads(pid: int) -> list[str]:
    """The threads of a process but its first.

    Raises:
        OSError: It has gone.
    """
    return [thread for thread in os.listdir(f"/proc/{pid}/task") if thread != str(pid)]


def _folder(pid: int) -> int:
    """Open the folder of a process's descriptors.

    That of a process whose first thread has ended belongs to root, whoever runs the process; those
    of its other threads do not (task_dump_owner in fs/proc/base.c).

    Raises:
        PermissionError: We may not read it.
        OSError: It has gone.
    """
    try:
        return os.open(f"/proc/{pid}/fd", _FOLDER)
    except PermissionError:
        for thread in _other_threads(pid)[:1]:
            return os.open(f"/proc/{pid}/task/{thread}/fd", _FOLDER)
        raise


def probe(pids: Iterable[int], wanted: set[int], found: Scan) -> None:
    """Search some processes for sockets, until each has been found once.

    Servers open their doors early, so listening sockets have low descriptor numbers: trying the
    numbers from 0 on finds them without reading the tens of thousands of connections behind.

    Args:
        pids: Processes, the most promising first.
        wanted: Socket inodes; what is found is taken out.
        found: What is found is added.
    """
    for pid in pids:
        if not wanted:
            return
        try:
            folder = _folder(pid)
        except PermissionError:
            if not procfs.is_kernel_thread(pid):
                found.refused.append(pid)
            continue
        except OSError:
            continue
        try:
            _probe_one(pid, folder, wanted, found)
        except PermissionError:
            found.refused.append(pid)
        except OSError:
            continue
        finally:
            os.close(folder)


def _probe_one(pid: int, folder: int, wanted: set[int], found: Scan) -> None:
    """Try descriptor numbers upwards.

    Raises:
        PermissionError: We may not read them.
        OSError: It has gone.
    """
    left = os.fstat(folder).st_size if _sizes_count() else 1 << 30
    number = missed = 0
    while left > 0 and missed < _CROWD and wanted:
        try:
            link = os.readlink(str(number), dir_fd=folder)
        except FileNotFoundError:
            missed += 1
        else:
            left -= 1
            missed = 0
            if link.startswith(_SOCKET):
                inode = int(link[8:-1])
                if inode in wanted:
                    wanted.discard(inode)
                    found.holders.setdefault(inode, []).append((pid, number))
        number += 1


@cache
def _sizes_count() -> bool:
    """Whether the size of a ``/proc/PID/fd`` is how many are open, as since Linux 6.2."""
    return os.stat("/proc/self/fd").st_size > 0


def is_readable(pid: int) -> bool:
    """Whether we may read the descriptors of a process; also where it has none, or has gone.

    The links of descriptors and of namespaces are under the same check (``ptrace_may_access`` in
    fs/proc/base.c and fs/proc/namespaces.c); the latter can be asked without listing thousands of
    the former.
    """
    try:
        os.close(_folder(pid))
        os.readlink(f"/proc/{pid}/ns/net")
    except PermissionError:
        return procfs.is_kernel_thread(pid)
    except OSError:
        return True
    return True


def information(place: Place) -> dict[str, str]:
    """The simple lines of ``/proc/PID/fdinfo/N``, name to value; empty where it has gone.

    Of names that come several times, the last.

    Raises:
        PermissionError: We may not read it.
    """
    return {
        name: value.strip()
        for name, colon, value in (line.partition(":") for line in _lines(place))
        if colon
    }


def fixed_sockets(place: Place) -> list[int]:
    """Inodes of the sockets that an io_uring holds as fixed files.

    Args:
        place: Where the ring is held.

    Returns:
        Empty where it has gone, and before Linux 5.18, which did not name the files.

    Raises:
        PermissionError: We may not read it.

    Source: io_uring/fdinfo.c; a line is ``    0: socket:[1234]``.
    """
    found: list[int] = []
    for line in _lines(place):
        slot, colon, link = line.strip().partition(": ")
        if colon and slot.isdecimal() and link.startswith(_SOCKET):
            inode = procfs.inode_of(link)
            if inode is not None:
                found.append(inode)
    return found


def protocol(place: Place) -> str | None:
    """The protocol of a socket: ``TCP``, ``UDPv6``, ``UNIX-STREAM``; None where it is unknown.

    Source: sockfs_xattr_get in net/socket.c, which gives the protocol's name as an attribute.
    """
    pid, number = place
    try:
        value = os.getxattr(f"/proc/{pid}/fd/{number}", "system.sockprotoname")
    except OSError:
        return None
    return value.rstrip(b"\0").decode("ascii", "replace")


def _lines(place: Place) -> list[str]:
    pid, number = place
    try:
        with open(f"/proc/{pid}/fdinfo/{number}", "rb") as file:
            return os.fsdecode(file.read()).splitlines()
    except PermissionError:
        raise
    except OSError:
        return []
