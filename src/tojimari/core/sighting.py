"""How a door looked to somebody outside, beside what the rules let expect."""

from dataclasses import dataclass

from tojimari.core.exposure import Certainty, Decider
from tojimari.core.observation import State


@dataclass(frozen=True, slots=True)
class Sighting:
    """One address of a door, knocked at from outside.

    Attributes:
        address: The machine's address that was knocked at.
        interface: The real interface by which the knock came in.
        source: The address that it came from.
        state: What became of it.
        reason: Why, in the field's words: ``syn-ack``, ``rst``, ``no-response``.
        expected: Whether the rules let exactly this knock in.
        decider: The rule that says so; None where none does.
        sent_on: Whether they send it elsewhere (DNAT).
    """

    address: str
    interface: str
    source: str
    state: State
    reason: str
    expected: Certainty
    decider: Decider | None = None
    sent_on: bool = False
