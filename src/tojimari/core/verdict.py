"""The end of the round: what was found, and how much was seen."""

from dataclasses import dataclass
from enum import StrEnum

from tojimari.core.door import Door
from tojimari.core.finding import Finding
from tojimari.core.socket import Namespace, Unseen


class Outcome(StrEnum):
    """The round in one word."""

    AS_INTENDED = "as-intended"
    FINDINGS = "findings"
    PARTIAL = "partial"  # nothing was found, but not everything was seen


@dataclass(frozen=True, slots=True)
class Verdict:
    """One round of one house.

    Attributes:
        host: The machine's name.
        at: Seconds since the epoch.
        policy: Path of the policy file that it was judged by; None where there is none.
        namespaces: Every network namespace that was found.
        doors: Every door that serves somebody.
        findings: The gravest first.
        unseen: What was not seen.
        method: How the owners were found.
    """

    host: str
    at: float
    policy: str | None
    namespaces: tuple[Namespace, ...]
    doors: tuple[Door, ...]
    findings: tuple[Finding, ...]
    unseen: tuple[Unseen, ...]
    method: str

    @property
    def grave(self) -> tuple[Finding, ...]:
        """The findings that somebody must act on: those that were seen and do not only inform."""
        return tuple(one for one in self.findings if one.is_grave)

    @property
    def unsure(self) -> tuple[Finding, ...]:
        """What could not be ruled out."""
        return tuple(one for one in self.findings if not one.is_certain)

    @property
    def is_whole(self) -> bool:
        """Whether nothing was left unseen that may hide a finding."""
        return not self.unsure and not any(one.hides_doors for one in self.unseen)

    @property
    def outcome(self) -> Outcome:
        """The round in one word."""
        if self.grave:
            return Outcome.FINDINGS
        return Outcome.AS_INTENDED if self.is_whole else Outcome.PARTIAL
