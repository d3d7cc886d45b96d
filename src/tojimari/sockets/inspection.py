"""A closer look at one process that holds a door: threads, starters, package.

It costs some 20 ms a process, so it is done for a door that somebody asked for, not for all.
"""

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tojimari.sockets.ancestry import Ancestry, ancestry
from tojimari.sockets.packages import Provenance, provenance
from tojimari.sockets.threads import Threads, threads


@dataclass(frozen=True, slots=True)
class Inspection:
    """What is known of a holder beyond its name.

    Attributes:
        pid: The process.
        threads: Who of it waits for the door; None where the process is gone.
        ancestry: Who started it.
        provenance: Which package its program came with; None where the program is not known, or
            lives in another file system than ours, as in a container.
    """

    pid: int
    threads: Threads | None
    ancestry: Ancestry
    provenance: Provenance | None


def inspect(pid: int, exe: str | None, inodes: Collection[int], proc: str = "/proc") -> Inspection:
    """Look at one process.

    Args:
        pid: The process.
        exe: Its executable, where that is known.
        inodes: The sockets of the door.
        proc: Where the process file system is mounted.
    """
    found: Threads | None = None
    with suppress(ProcessLookupError):
        found = threads(pid, inodes, proc)
    return Inspection(
        pid=pid,
        threads=found,
        ancestry=ancestry(pid, proc),
        provenance=provenance(exe) if exe and _shares_our_files(pid, proc) else None,
    )


def _shares_our_files(pid: int, proc: str) -> bool:
    """Whether the root of the process is our own."""
    with suppress(OSError):
        return Path(proc, str(pid), "root").samefile("/")
    return False
