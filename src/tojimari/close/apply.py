"""A change made, undone, confirmed, or found half-way: always through the journal."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import replace

from tojimari.close import deeds, lasting, latch_unit
from tojimari.close.journal import Journal, boot
from tojimari.core.errors import HostError, TojimariError
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
            with _turn(journal, deed):
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
            with _turn(journal, deed):
                deeds.undo(deed, record.id)
        except TojimariError as error:
            notes.append(error.message)
            stuck = True
    state = State.STUCK if stuck else State.UNDONE
    record = journal.write(replace(record, state=state, deadline=None, notes=tuple(notes)))
    if any(one.kind is Kind.SHUT for one in record.deeds):
        try:
            latch_unit.settle(journal)
        except HostError as error:
            return journal.write(replace(record, notes=(*record.notes, error.message)))
    return record


def confirm(journal: Journal, record: Record) -> Record:
    """Keep a change for good: the kernel forgets the time limits, and the timer goes."""
    for deed in record.deeds:
        if deed.kind is Kind.SHUT and deed.seconds:
            with _turn(journal, deed):
                deeds.do(replace(deed, seconds=0), record.id)
    record = keep(journal, record)
    for deed in record.deeds:
        if is_timer(deed, record.id):
            deeds.undo(deed, record.id)
    return record


def keep(journal: Journal, record: Record) -> Record:
    """Write down that a change is for good, and have somebody see to it where that takes one.

    The unit is on the disk before the journal says so, and runs afterwards: whoever is killed in
    between leaves a latch that finds nothing to hold and removes itself, or one that the next start
    starts.
    """
    kept = replace(record, state=State.CONFIRMED, deadline=None)
    if not lasting.is_lasting(kept):
        return journal.write(kept)
    if not latch_unit.is_possible():
        return journal.write(replace(kept, proof=(*kept.proof, _loose())))
    try:
        anew = latch_unit.install(journal)
        # From here on the timer finds that there is nothing for it to undo.
        kept = journal.write(kept)
        latch_unit.start(anew=anew)
    except HostError as error:
        return journal.write(replace(kept, notes=(*kept.notes, error.message, _loose())))
    return journal.write(replace(kept, proof=(*kept.proof, _latched())))


def _turn(journal: Journal, deed: Deed) -> AbstractContextManager[None]:
    """Our turn at the table of the firewall, where a deed is about that."""
    return journal.rules() if deed.kind is Kind.SHUT else nullcontext()


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
    # Whoever was killed may have left the latch behind, or not have come to it.
    with suppress(HostError):
        latch_unit.settle(journal)
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


def _latched() -> Message:
    return Message(
        "latched",
        "for good: {unit} closes it again after a boot, and when somebody flushes the rules",
        {"unit": latch_unit.NAME},
    )


def _loose() -> Message:
    return Message(
        "loose",
        "nothing closes it again after a boot, or when somebody flushes the rules:"
        " have {command} started at boot",
        {"command": "tojimari latch"},
    )
