"""``tojimari journal --json``: what was changed, how it is undone, and what was seen afterwards."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from tojimari.core.plan import Deed, Target
from tojimari.core.record import Record
from tojimari.report import journal
from tojimari.report.encodable import text
from tojimari.report.language import Language

SCHEMA: Final = "tojimari.journal/1"


@dataclass(slots=True)
class TargetDocument:
    """A number that is meant, at every address.

    Attributes:
        transport: ``tcp`` or ``udp``.
        port: The number.
    """

    transport: str
    port: int


@dataclass(slots=True)
class DeedDocument:
    """One thing that is done to the machine.

    Attributes:
        kind: ``run``, ``write``, ``shut`` (the firewall) or ``signal``.
        shown: The command, or what changes in the file, a line an item.
        reverse: The words that undo it, where it is undone by a command.
    """

    kind: str
    shown: Sequence[str]
    reverse: Sequence[str]


@dataclass(slots=True)
class ChangeDocument:
    """One change.

    Attributes:
        id: Six hexadecimal digits.
        at: Seconds since the epoch.
        state: ``applying``, ``pending``, ``confirmed``, ``undoing``, ``undone`` or ``stuck``.
        command: What was typed.
        operator: Who typed it, and from where.
        targets: What it is about.
        move: In which way: ``unit``, ``config``, ``firewall``, ``process``.
        deeds: All that is done, in order.
        begun: How many of them were begun.
        deadline: When it undoes itself, in seconds since the epoch; null for never.
        proof: What was seen afterwards, in English.
        notes: What went wrong, in English.
    """

    id: str
    at: float
    state: str
    command: str
    operator: str
    targets: Sequence[TargetDocument]
    move: str
    deeds: Sequence[DeedDocument]
    begun: int
    deadline: float | None
    proof: Sequence[str]
    notes: Sequence[str]


@dataclass(slots=True)
class JournalDocument:
    """The journal, or some changes of it.

    Attributes:
        schema: Name and version of this form.
        changes: The oldest first.
    """

    schema: Literal["tojimari.journal/1"]
    changes: Sequence[ChangeDocument]


def document(records: Iterable[Record]) -> JournalDocument:
    """The document."""
    return JournalDocument(SCHEMA, [change(one) for one in records])


def change(record: Record) -> ChangeDocument:
    """One change."""
    say = Language.ENGLISH.say
    return ChangeDocument(
        id=record.id,
        at=record.at,
        state=record.state,
        command=text(record.command),
        operator=text(record.operator),
        targets=targets(record.targets),
        move=record.move,
        deeds=[deed(one) for one in record.deeds],
        begun=record.begun,
        deadline=record.deadline,
        proof=[say(one) for one in record.proof],
        notes=[say(one) for one in record.notes],
    )


def targets(those: Iterable[Target]) -> list[TargetDocument]:
    """Numbers that are meant."""
    return [TargetDocument(one.transport, one.port) for one in those]


def deed(one: Deed) -> DeedDocument:
    """One deed."""
    shown = [line.strip() for line in journal.deed_lines(one, Language.ENGLISH)]
    reverse = [text(word) for word in one.reverse]
    return DeedDocument(one.kind, shown[:1] if reverse else shown, reverse)
