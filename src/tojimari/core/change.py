"""What is different between two looks at the doors of a machine."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from tojimari.core.door import Door
from tojimari.core.look import Look


class Turn(StrEnum):
    """What became of a door."""

    OPENED = "opened"
    CLOSED = "closed"
    CHANGED = "changed"  # it stayed open, but another program holds it


@dataclass(frozen=True, slots=True)
class Change:
    """One door that is not as it was.

    Attributes:
        turn: What became of it.
        door: As it is now; for one that closed, as it was.
        at: Seconds since the epoch when it was noticed.
    """

    turn: Turn
    door: Door
    at: float


def changes(before: Look | None, after: Look) -> Iterator[Change]:
    """What is different, by port.

    Args:
        before: The earlier look; None where there was none, so that every door has opened.
        after: The later one.
    """
    old = {_key(door): door for door in before.doors} if before is not None else {}
    new = {_key(door): door for door in after.doors}
    found = [Change(Turn.CLOSED, door, after.at) for key, door in old.items() if key not in new]
    for key, door in new.items():
        if key not in old:
            found.append(Change(Turn.OPENED, door, after.at))
        elif _holder(old[key]) != _holder(door):
            found.append(Change(Turn.CHANGED, door, after.at))
    yield from sorted(found, key=lambda one: (one.door.endpoint.port, one.door.endpoint))


def _key(door: Door) -> tuple[object, ...]:
    """What makes it the same door."""
    interface = door.listener.interface if door.listener else None
    return door.namespace.inode, door.endpoint, interface


def _holder(door: Door) -> tuple[object, ...]:
    """What makes it the same program: workers come and go."""
    first = door.owners[0] if door.owners else None
    return (first.name, first.exe, first.unit, first.container) if first else ()
