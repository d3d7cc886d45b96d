"""A disagreement between the witnesses, or a weakness."""

from dataclasses import dataclass
from enum import StrEnum

from tojimari.core.door import Door
from tojimari.core.exposure import Decider
from tojimari.core.intent import Intent
from tojimari.core.mend import Mend
from tojimari.core.message import Message


class Severity(StrEnum):
    """How soon somebody should look, in CVSS v4's words."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 for the gravest."""
        return list(Severity).index(self)


@dataclass(frozen=True, slots=True)
class Finding:
    """What is not as it should be, with its evidence and what to type next.

    Attributes:
        check: The question that found it: the name of a file in ``audit/checks``.
        severity: How soon somebody should look.
        message: What is wrong.
        door: The door it is about; None where the point is that there is none.
        intent: The line of the policy it is about; None where the point is that there is none.
        evidence: What was seen, a sentence a witness.
        next: The command to type; empty where there is none.
        is_certain: Whether it was seen. Where it could only not be ruled out, nobody is alarmed,
            but the round is not complete either.
        rules: The rules of the firewall that make it so, the one that wins first.
        mend: What mends it; None where no door is to be closed, or that is not ours to tell.
    """

    check: str
    severity: Severity
    message: Message
    door: Door | None
    intent: Intent | None
    evidence: tuple[str, ...]
    next: str = ""
    is_certain: bool = True
    rules: tuple[Decider, ...] = ()
    mend: Mend | None = None

    @property
    def is_grave(self) -> bool:
        """Whether somebody must act on it."""
        return self.is_certain and self.severity is not Severity.INFO
