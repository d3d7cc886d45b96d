"""``/proc``: processes, their descriptors and what is mounted.

Processes come and go while one reads; whatever has gone is left out in silence, whatever may not
be read is said to the caller.

Source: proc(5); Documentation/filesystems/proc.rst.
"""

import os
from collections.abc import Iterator
from typing import NamedTuple

_FLAGS = 6  # of the fields after the name, from 0 (proc_pid_stat(5): the ninth)
_PF_KTHREAD = 0x00200000  # linux/sched.h


# PROC_PID_INIT_INO of linux/proc_ns.h
_FIRST_PROCESS_NAMESPACE = 0xEFFFFFFC


class Mount(NamedTuple):
    """One line of mountinfo.

    Attributes:
        root: What of the file system is shown: ``/``, or for a namespace ``net:[4026531840]``.
        point: Where.
        filesystem: Its type.
    """

    root: str
    point: str
    filesystem: str


def processes() -> list[int]:
    """The processes that we can see, ascending.

    Raises:
        OSError: There is no ``/proc``.
    """
    return sorted(int(name) for name in os.listdir("/proc") if name.isdecimal())


def mounts(pid: int | str = "self") -> list[Mount]:
    """What is mounted where, as one process sees it; empty where that may not be read."""
    try:
        with open(f"/proc/{pid}/mountinfo", "rb") as file:
            return list(parse_mounts(os.fsdecode(file.read())))
    except OSError:
        return []


def parse_mounts(text: str) -> Iterator[Mount]:
    """Read mountinfo; lines that are none are passed over."""
    for line in text.splitlines():
        before, separator, after = line.partition(" - ")
        fields = before.split(" ")
        if separator and len(fields) > 5:  # noqa: PLR2004 - the sixth and later are options
            yield Mount(_plain(fields[3]), _plain(fields[4]), after.partition(" ")[0])


def _plain(field: str) -> str:
    r"""Undo the escapes of mountinfo: ``\040`` is a space."""
    if "\\" not in field:
        return field
    first, *others = field.split("\\")
    return first + "".join(
        chr(int(part[:3], 8)) + part[3:] if part[:3].isdecimal() else "\\" + part for part in others
    )


def namespace(pid: int | str, kind: str) -> int | None:
    """Inode of a namespace of a process; None where the process has gone.

    Args:
        pid: The process, or ``self``.
        kind: ``net``, ``pid``, ``mnt`` …

    Raises:
        PermissionError: We may not know it.
    """
    try:
        link = os.readlink(f"/proc/{pid}/ns/{kind}")
    except (FileNotFoundError, ProcessLookupError):
        return None
    return inode_of(link)


def inode_of(link: str) -> int | None:
    """The number in ``net:[4026531840]`` or ``socket:[1234]``; None where there is none."""
    _, bracket, rest = link.partition("[")
    number = rest.removesuffix("]")
    return int(number) if bracket and number.isdecimal() else None


def name(pid: int) -> str | None:
    """The kernel's name of a process (``comm``), at most 15 bytes; None where it has gone."""
    try:
        with open(f"/proc/{pid}/comm", "rb") as file:
            return os.fsdecode(file.read()).rstrip("\n")
    except OSError:
        return None


def is_kernel_thread(pid: int) -> bool:
    """Whether it is a part of the kernel, which has no file descriptors of its own.

    Anybody may ask. A process that has gone counts as none.
    """
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return False
    return bool(int(fields[_FLAGS]) & _PF_KTHREAD) if len(fields) > _FLAGS else False


def is_visible(pid: int) -> bool:
    """Whether we can see a process at all (it may be hidden from us: ``hidepid``)."""
    return os.path.exists(f"/proc/{pid}")


def is_first_process_namespace() -> bool:
    """Whether we are in the process namespace that the machine began with.

    There, and only there, the kernel's own numbers of processes are those that we know.
    """
    return namespace("self", "pid") == _FIRST_PROCESS_NAMESPACE
