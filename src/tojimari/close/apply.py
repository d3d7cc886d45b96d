"""A change made, undone, confirmed, or found half-way: always through the journal."""

import time
from collections.abc import Callable
from dataclasses import replace

from tojimari.close import deeds
from tojimari.close.journal import Journal, boot
from tojimari.core.errors import TojimariError
from tojimari.core.message import Message, Value
from tojimari.core.plan import Deed, Kind
from tojimari.core.record import Record, State

Do = Callable[[Deed, str], None]
TIMER = "tojimari-undo-{id}"


def perform(journal: Journal, record: Record, do: Do = deeds.do) -> Record:
    """Do everything; each deed is in the journal as begun before it is begun.

    Args:
        journal: Where.
        record: What; nothing of it is begun.
        do: How a deed is done.

    Returns:
        The record, still as applying: whoever called looks again before it is said to be done.

    Raises:
        TojimariError: A deed failed; everything before it was undone, as it is at Ctrl-C.
    """
    for number, deed in enumerate(record.deeds, 1):
        record = journal.write(replace(record, begun=number, state=State.APPLYING))
        try:
            do(deed, record.id)
        except BaseException as error:
            undo(journal, replace(record, notes=(*record.notes, reason(error))))
            raise
    return record


def reason(error: BaseException) -> Message:
    """What stands in the journal of whatever kept a change from being made; Ctrl-C included."""
    if isinstance(error, TojimariError):
        return error.message
    said: dict[str, Value] = {"why": str(error) or type(error).__name__}
    return Message("interrupted", "interrupted: {why}", said)


def undo(journal: Journal, record: Record) -> Record:
    """Undo everything that was begun, the last first. What was not done is passed over.

    One deed that cannot be undone keeps none of the others from it; the notes say which.
    """
    record = journal.write(replace(record, state=State.UNDOING))
    notes = list(record.notes)
    stuck = False
    for deed in reversed(record.deeds[: record.begun]):
        try:
            deeds.undo(deed, record.id)
        except TojimariError as error:
            notes.append(error.message)
            stuck = True
    state = State.STUCK if stuck else State.UNDONE
    return journal.write(replace(record, state=state, deadline=None, notes=tuple(notes)))


def confirm(journal: Journal, record: Record) -> Record:
    """Keep a change for good: the kernel forgets the time limits, and the timer goes."""
    for deed in record.deeds:
        if deed.kind is Kind.SHUT and deed.seconds:
            deeds.do(replace(deed, seconds=0), record.id)
    # From here on the timer finds that there is nothing for it to undo.
    record = journal.write(replace(record, state=State.CONFIRMED, deadline=None))
    for deed in record.deeds:
        if is_timer(deed, record.id):
            deeds.undo(deed, record.id)
    return record


def recover(journal: Journal, now: float | None = None) -> list[Record]:
    """Finish what was cut off: whatever is half done, or overdue, is undone.

    Whoever calls this holds the journal alone, so nobody else is at it.

    Args:
        journal: Where.
        now: Seconds since the epoch; None for the clock.

    Returns:
        What was found so, as it is now.
    """
    moment = time.time() if now is None else now
    found: list[Record] = []
    for record in journal.all():
        overdue = (
            record.state is State.PENDING
            and record.deadline is not None
            and (record.deadline < moment or record.boot != boot())
        )
        if record.state.is_half or overdue:
            note = _half(record) if record.state.is_half else _overdue()
            found.append(undo(journal, replace(record, notes=(*record.notes, note))))
    return found


def timer(change: str, seconds: int, words: tuple[str, ...]) -> Deed:
    """A timer of systemd's that undoes a change, with no tojimari alive until then.

    Args:
        change: The identifier.
        seconds: After how long.
        words: What it runs.
    """
    unit = TIMER.format(id=change)
    return Deed(
        Kind.RUN,
        command=(
            "systemd-run",
            "--quiet",
            "--collect",
            f"--unit={unit}",
            f"--on-active={seconds}",
            "--timer-property=AccuracySec=100ms",  # systemd's own would be a minute
            *words,
        ),
        reverse=("systemctl", "stop", f"{unit}.timer"),
        lenient=True,
    )


def is_timer(deed: Deed, change: str) -> bool:
    """Whether a deed is the timer of a change."""
    return deed.reverse[-1:] == (f"{TIMER.format(id=change)}.timer",)


def _half(record: Record) -> Message:
    return Message(
        "cut-off",
        "cut off at step {begun} of {all}; everything was undone",
        {"begun": record.begun, "all": len(record.deeds)},
    )


def _overdue() -> Message:
    return Message("not-confirmed", "nobody confirmed it in time; everything was undone")
