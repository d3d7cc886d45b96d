"""One change of a machine, as the journal holds it."""

from dataclasses import dataclass
from enum import StrEnum

from tojimari.core.message import Message
from tojimari.core.plan import Deed, Target


class State(StrEnum):
    """How far a change is."""

    APPLYING = "applying"  # begun; where nobody is at it any more, it was cut off
    PENDING = "pending"  # done, and undone by itself unless somebody confirms it
    CONFIRMED = "confirmed"  # done for good
    UNDOING = "undoing"  # being undone; where nobody is at it any more, that was cut off
    UNDONE = "undone"  # all is as it was before
    STUCK = "stuck"  # something could not be undone; the notes say what

    @property
    def is_half(self) -> bool:
        """Whether it was cut off, if nobody is at it."""
        return self in {State.APPLYING, State.UNDOING}

    @property
    def is_done(self) -> bool:
        """Whether the change is in force."""
        return self in {State.PENDING, State.CONFIRMED}


@dataclass(frozen=True, slots=True)
class Record:
    """A change, written down before it is made.

    Attributes:
        id: Six hexadecimal digits.
        at: Seconds since the epoch.
        boot: The kernel's identifier of the time since it started.
        command: What was typed.
        operator: Who typed it: the login, and where from.
        targets: What is closed or moved.
        move: In which way.
        deeds: All that is done, in order, the means to undo it included.
        begun: How many of the deeds were begun. All but the last of these are done.
        state: How far it is.
        deadline: When it undoes itself, in seconds since the epoch; None for never.
        notes: What went wrong.
        proof: What was seen afterwards.
    """

    id: str
    at: float
    boot: str
    command: str
    operator: str
    targets: tuple[Target, ...]
    move: str
    deeds: tuple[Deed, ...]
    begun: int = 0
    state: State = State.APPLYING
    deadline: float | None = None
    notes: tuple[Message, ...] = ()
    proof: tuple[Message, ...] = ()
