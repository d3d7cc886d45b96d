"""Who started a process: the chain of its parents, and the person who had logged in.

Both may be lost. A parent that has ended is forgotten, and its children are handed to process 1 or
to a "subreaper" in between (prctl(2), PR_SET_CHILD_SUBREAPER). The login stays: sudo and su do not
change it, but it is only there where the kernel audits and somebody logged in (PAM's pam_loginuid).
"""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tojimari.sockets.process import Facts, facts, user_name

MAX_PARENTS = 64  # more than that is no chain of starters but a program that forks on
PPID = 4 - 3  # proc(5): field 4 of stat; after the name, field 3 is the first
NO_LOGIN = 0xFFFFFFFF  # -1 in /proc/PID/loginuid: nobody logged in for it (audit_loginuid)


@dataclass(frozen=True, slots=True)
class Ancestry:
    """Where a process comes from.

    Attributes:
        parents: The nearest first; process 1 last where it was reached.
        login: Who had logged in when it all began, whatever user it runs as now. None where it was
            not started by somebody who logged in, and where the kernel does not keep it.
    """

    parents: tuple[Facts, ...]
    login: str | None


def ancestry(pid: int, proc: str = "/proc") -> Ancestry:
    """Who started a process, as far as it is still known.

    Args:
        pid: The process.
        proc: Where the process file system is mounted.

    Returns:
        What is known; no parents where the process is gone, or is the first.
    """
    parents: list[Facts] = []
    seen = {0, pid}  # 0 is the parent of the first process, and of one from outside our namespace
    parent = _parent(pid, proc)
    while parent not in seen and len(parents) < MAX_PARENTS:
        seen.add(parent)
        try:
            parents.append(facts(parent, proc))
        except ProcessLookupError:
            break
        parent = _parent(parent, proc)
    return Ancestry(tuple(parents), _login(pid, proc))


def _parent(pid: int, proc: str) -> int:
    """The number of the parent; 0 where there is none or it is not told."""
    with suppress(OSError, IndexError, ValueError):
        fields = Path(proc, str(pid), "stat").read_bytes().rpartition(b")")[2].split()
        return int(fields[PPID])
    return 0


def _login(pid: int, proc: str) -> str | None:
    with suppress(OSError, ValueError):
        uid = int(Path(proc, str(pid), "loginuid").read_bytes())
        return None if uid == NO_LOGIN else user_name(uid)
    return None
