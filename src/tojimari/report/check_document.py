"""``tojimari check --json``: the doors as ``look`` gives them, and what is not as it should be."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from tojimari.core.finding import Finding
from tojimari.core.message import Value
from tojimari.core.socket import Namespace
from tojimari.core.verdict import Verdict
from tojimari.report import documents
from tojimari.report.documents import DoorDocument, UnseenDocument
from tojimari.report.encodable import optional, text
from tojimari.report.language import Language
from tojimari.report.rule_document import DeciderDocument, decider

SCHEMA: Final = "tojimari.check/1"


@dataclass(slots=True)
class IntentDocument:
    """The line of the policy.

    Attributes:
        line: Line of the file, from 1.
        ports: ``443`` or ``8000-8100``.
        transport: ``tcp`` or ``udp``.
        sources: From where the door may be reached.
        why: The reason that the line gives.
        until: The last day, ISO 8601; null for always.
    """

    line: int
    ports: str
    transport: str
    sources: Sequence[str]
    why: str
    until: str | None


@dataclass(slots=True)
class FindingDocument:
    """A disagreement or a weakness.

    Attributes:
        check: The question that found it.
        code: What is wrong, for programs.
        severity: ``critical``, ``high``, ``medium``, ``low``, ``info``.
        certain: Whether it was seen, and not only could not be ruled out.
        text: What is wrong, in English.
        values: What the text is made with.
        door: Position in ``doors`` of the door it is about; null where the point is that there is
            none.
        intent: The line of the policy it is about.
        evidence: What was seen, a sentence a witness.
        next: What to type next.
        mend: What to type to have it mended; empty where no door is to be closed.
        rules: The rules of the firewall that make it so, the one that wins first.
    """

    check: str
    code: str
    severity: str
    certain: bool
    text: str
    values: dict[str, Value]
    door: int | None
    intent: IntentDocument | None
    evidence: Sequence[str]
    next: str
    mend: str
    rules: list[DeciderDocument]


@dataclass(slots=True)
class CheckDocument:
    """The whole round.

    Attributes:
        schema: The name and version of this form.
        host: The machine's name.
        at: Seconds since the epoch.
        outcome: ``as-intended``, ``findings`` or ``partial``.
        policy: Path of the policy file; null where there is none.
        method: How the owners were found.
        namespaces: Every network namespace that was found.
        doors: Every door that serves somebody.
        findings: The gravest first.
        unseen: What was not seen.
    """

    schema: Literal["tojimari.check/1"]
    host: str
    at: float
    outcome: str
    policy: str | None
    method: str
    namespaces: Sequence[Namespace]
    doors: list[DoorDocument]
    findings: list[FindingDocument]
    unseen: list[UnseenDocument]


def document(verdict: Verdict) -> CheckDocument:
    """The document of a round."""
    position = {id(door): number for number, door in enumerate(verdict.doors)}
    return CheckDocument(
        schema=SCHEMA,
        host=text(verdict.host),
        at=verdict.at,
        outcome=verdict.outcome,
        policy=optional(verdict.policy),
        method=verdict.method,
        namespaces=[documents.namespace(one) for one in verdict.namespaces],
        doors=[documents.door(one) for one in verdict.doors],
        findings=[_finding(one, position) for one in verdict.findings],
        unseen=[documents.unseen(one) for one in verdict.unseen],
    )


def _finding(found: Finding, position: dict[int, int]) -> FindingDocument:
    message = found.message
    return FindingDocument(
        check=found.check,
        code=message.code,
        severity=found.severity,
        certain=found.is_certain,
        text=Language.ENGLISH.say(message),
        values={
            name: text(value) if isinstance(value, str) else value
            for name, value in message.values.items()
        },
        door=position.get(id(found.door)),
        intent=_intent(found),
        evidence=[text(one) for one in found.evidence],
        next=found.next,
        mend="" if found.mend is None else text(found.mend.typed),
        rules=[decider(one) for one in found.rules],
    )


def _intent(found: Finding) -> IntentDocument | None:
    meant = found.intent
    if meant is None:
        return None
    return IntentDocument(
        line=meant.line,
        ports=str(meant.ports),
        transport=meant.transport,
        sources=meant.sources,
        why=meant.why,
        until=meant.until.isoformat() if meant.until else None,
    )
