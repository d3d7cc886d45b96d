"""What a street makes, written down before it is made: nothing is left that is not known."""

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec


@dataclass(frozen=True, slots=True)
class Entry:
    """A street.

    Attributes:
        group: Its control group, by which all of its processes are found.
        scene: Which scene it shows.
        began: Seconds since the epoch.
        ready: Whether its launcher saw it come up.
        process: Of a light street: the process with which all of it ends.
        started: The same process's beginning, in ticks: a number may be another's later.
    """

    group: str
    scene: str
    began: float
    ready: bool = False
    process: int = 0
    started: int = 0


def write(path: Path, entry: Entry) -> None:
    """Write down a street, safely against a loss of power.

    Args:
        path: The journal's file.
        entry: The street.
    """
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        file.write(msgspec.json.encode(entry))
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def read(path: Path) -> Entry | None:
    """The street that was written down; None where there is none."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Entry)
    except FileNotFoundError:
        return None


def erase(path: Path) -> None:
    """Nothing of the street is left."""
    path.unlink(missing_ok=True)


@contextmanager
def alone(folder: Path) -> Generator[None]:
    """One at a time: whoever builds, brings up or takes down in this folder waits for the others.

    The kernel lets go of it when the process ends, however it ends (flock(2)).
    """
    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
