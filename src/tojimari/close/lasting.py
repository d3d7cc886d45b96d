"""What must be in tojimari's own table at this moment, by the journal alone: pure."""

from collections.abc import Iterable

from tojimari.core.plan import Element, Kind
from tojimari.core.record import Record, State


def is_lasting(record: Record) -> bool:
    """Whether a change closes a door in our table for good, so that somebody has to see to it."""
    return record.state is State.CONFIRMED and any(one.kind is Kind.SHUT for one in record.deeds)


def wanted(records: Iterable[Record], now: float, boot: str) -> dict[Element, int]:
    """The elements that must be there, and after how many seconds each goes by itself; 0 for never.

    What nobody has confirmed is there until its time is over, and never in another boot; what is
    being made or undone is the business of whoever is at it.

    Args:
        records: The journal.
        now: Seconds since the epoch.
        boot: The kernel's identifier of the time since it started.
    """
    found: dict[Element, int] = {}
    for record in records:
        if record.state is State.CONFIRMED:
            seconds = 0
        elif record.state is State.PENDING and record.deadline is not None and record.boot == boot:
            seconds = int(record.deadline - now)
            if seconds < 1:
                continue
        else:
            continue
        for element in (one for deed in record.deeds for one in deed.elements):
            known = found.get(element, seconds)
            found[element] = 0 if 0 in {known, seconds} else max(known, seconds)
    return found


def next_end(records: Iterable[Record], now: float) -> float | None:
    """When the next change undoes itself that waits to be confirmed; None where none waits."""
    ends = [
        one.deadline
        for one in records
        if one.state is State.PENDING and one.deadline is not None and one.deadline > now
    ]
    return min(ends, default=None)
