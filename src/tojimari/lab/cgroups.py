"""Control groups of the lab: by them every process of a street is found again, whoever has died.

A street has one group of its own at the top of each hierarchy in which systemd keeps itself (the
unified one, and the old named one where a machine still has it); each house has one below that.
The groups are made before the first process, every process of the street is born inside, and so
``down`` needs no list of processes that a killed launcher might not have finished writing.

Source: Documentation/admin-guide/cgroup-v2.rst of the kernel; systemd, CGROUP_DELEGATION.
"""

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

PREFIX = "tojimari-lab-"
PATIENCE = 10.0  # seconds; the kernel ends a street of 150 processes in under one
PAUSE = 0.01  # seconds between looks at whether the killed are gone
YOUNG = 60.0  # seconds; between making a group and filling it are a few milliseconds

_HIERARCHIES = (
    Path("/sys/fs/cgroup"),  # where all is unified
    Path("/sys/fs/cgroup/unified"),  # hybrid: the unified one beside the old ones
    Path("/sys/fs/cgroup/systemd"),  # hybrid and legacy: systemd's named one
)


def hierarchies() -> tuple[Path, ...]:
    """The hierarchies that systemd, and so ``systemd-nspawn``, keeps processes in."""
    return tuple(path for path in _HIERARCHIES if (path / "cgroup.procs").exists())


def make(name: str) -> None:
    """Make a group, and those above it, in every hierarchy.

    Args:
        name: With ``PREFIX``, perhaps ``/HOUSE`` after it.

    Raises:
        OSError: Control groups cannot be made here (read-only, as in an ordinary container).
    """
    for hierarchy in hierarchies():
        (hierarchy / name).mkdir(parents=True, exist_ok=True)


def entrances(name: str) -> list[str]:
    """The files into which a process writes its number to be inside a group."""
    return [str(hierarchy / name / "cgroup.procs") for hierarchy in hierarchies()]


def processes(name: str) -> set[int]:
    """Everything alive in a group and below, numbered as this process sees it."""
    found: set[int] = set()
    for group in _groups(name):
        with contextlib.suppress(OSError):  # it may go while we look
            found.update(int(line) for line in (group / "cgroup.procs").read_text().split())
    return found - {0}  # 0: a process of another process-number namespace


def init_of(name: str) -> int | None:
    """The first process (systemd) of the house in a group; None where there is none."""
    for hierarchy in hierarchies():
        with contextlib.suppress(OSError):
            numbers = (hierarchy / name / "payload/init.scope/cgroup.procs").read_text().split()
            if numbers:
                return int(numbers[0])
    return None


def remove(name: str) -> None:
    """End everything in a group and take the group away; fine where there is none.

    Raises:
        TimeoutError: Something in it cannot be ended (a process in an uninterruptible wait).
    """
    deadline = time.monotonic() + PATIENCE
    while alive := processes(name):
        for number in alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
        if time.monotonic() > deadline:
            msg = f"cannot be ended: {sorted(alive)}"
            raise TimeoutError(msg)
        time.sleep(PAUSE)
    for group in _groups(name):
        remove_empty(group, deadline)


def stale() -> set[str]:
    """Groups of streets in which nothing lives any more.

    One younger than ``YOUNG`` may be waiting for its first process, and is left alone.
    """
    now = time.time()
    return {
        name
        for name in leftovers()
        if not processes(name)
        and all(
            now - (hierarchy / name).stat().st_mtime > YOUNG
            for hierarchy in hierarchies()
            if (hierarchy / name).exists()
        )
    }


def leftovers() -> set[str]:
    """Names of groups of streets, alive or not."""
    return {
        path.name
        for hierarchy in hierarchies()
        for path in hierarchy.glob(f"{PREFIX}*")
        if path.is_dir()
    }


def remove_empty(group: Path, deadline: float) -> None:
    """Take away one group; fine where it has gone.

    Args:
        group: Its folder, nothing in it.
        deadline: On the monotonic clock: until then it may still be busy.

    Raises:
        OSError: It stays busy.
    """
    while True:
        try:
            group.rmdir()
        except FileNotFoundError:
            return
        except OSError:  # busy for a moment after its last process has gone
            if time.monotonic() > deadline:
                raise
            time.sleep(PAUSE)
        else:
            return


def _groups(name: str) -> Iterator[Path]:
    """The group in every hierarchy with all below it, the deepest first."""
    for hierarchy in hierarchies():
        for folder, _, _ in os.walk(hierarchy / name, topdown=False):
            yield Path(folder)
