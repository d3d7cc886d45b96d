"""A proof as people and programs read it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from tojimari.core.exposure import Decider
from tojimari.core.message import Message, mark
from tojimari.report.columns import Cell, aligned
from tojimari.report.encodable import text
from tojimari.report.language import Language
from tojimari.report.rule_document import DeciderDocument
from tojimari.report.rule_document import decider as decider_document
from tojimari.report.rules import words
from tojimari.report.style import Paint, Style, unpainted

SCHEMA: Final = "tojimari.policy-prove/1"
_WORDS = {
    "proved": mark("proved"),
    "refuted": mark("refuted"),
    "undecided": mark("undecided"),
}
_STYLES = {"proved": Style.CALM, "refuted": Style.ALARM, "undecided": Style.STRONG}


@dataclass(frozen=True, slots=True)
class Line:
    """One run of ports.

    Attributes:
        transport: ``tcp`` or ``udp``.
        first: The first port.
        last: The last port.
        outcome: ``proved``, ``refuted`` or ``undecided``.
        source: An address whose packet arrives, or may; empty for a proof.
        source_port: Its source port; 0 for a proof.
        destination: The address that it is sent to; empty for a proof.
        interface: Where it comes in; empty for a proof, or where that is not known.
        decider: The rule or the policy of a chain that lets it in; None where none stands there.
        doubts: What could not be decided, in the rules' words.
    """

    transport: str
    first: int
    last: int
    outcome: str
    source: str
    source_port: int
    destination: str
    interface: str
    decider: Decider | None
    doubts: tuple[str, ...]

    @property
    def label(self) -> str:
        """``22/tcp`` or ``8000-8010/udp``."""
        ports = str(self.first) if self.first == self.last else f"{self.first}-{self.last}"
        return f"{ports}/{self.transport}"


@dataclass(slots=True)
class ProofLineDocument:
    """One run of ports.

    Attributes:
        transport: ``tcp`` or ``udp``.
        first: The first port.
        last: The last port.
        outcome: ``proved``, ``refuted`` or ``undecided``.
        source: An address whose packet arrives, or may; empty for a proof.
        source_port: Its source port; 0 for a proof.
        destination: The address that it is sent to; empty for a proof.
        interface: Where it comes in; empty for a proof, or where that is not known.
        decider: The rule that lets it in; null where none stands there.
        doubts: What could not be decided, in the rules' words.
    """

    transport: str
    first: int
    last: int
    outcome: str
    source: str
    source_port: int
    destination: str
    interface: str
    decider: DeciderDocument | None
    doubts: Sequence[str]


@dataclass(slots=True)
class ProofDocument:
    """``tojimari policy prove --json``.

    Attributes:
        schema: The name and version of this form.
        outcome: The worst of all.
        ports: Every port of both transports, in runs that share their outcome.
    """

    schema: Literal["tojimari.policy-prove/1"]
    outcome: str
    ports: Sequence[ProofLineDocument]


def worst(found: Iterable[Line]) -> str:
    """The worst outcome."""
    outcomes = {one.outcome for one in found}
    return next((one for one in ("refuted", "undecided") if one in outcomes), "proved")


def document(found: Sequence[Line]) -> ProofDocument:
    """The whole document."""
    ports = [
        ProofLineDocument(
            one.transport,
            one.first,
            one.last,
            one.outcome,
            one.source,
            one.source_port,
            one.destination,
            text(one.interface),
            decider_document(one.decider) if one.decider else None,
            [text(doubt) for doubt in one.doubts],
        )
        for one in found
    ]
    return ProofDocument(SCHEMA, worst(found), ports)


def lines(found: Sequence[Line], language: Language, paint: Paint = unpainted) -> Iterator[str]:
    """A line a run of ports, then what it all comes to."""
    rows: list[list[Cell | str]] = [
        [
            Cell(one.label, Style.STRONG),
            Cell(language.text(_WORDS[one.outcome]), _STYLES[one.outcome]),
            _why(one, language),
        ]
        for one in found
    ]
    yield from aligned(rows, paint=paint)
    yield ""
    yield language.text(_SUMMARIES[worst(found)])


_SUMMARIES = {
    "proved": mark(
        "Proved: by the firewall, nobody reaches a port but those whom the policy names."
    ),
    "refuted": mark("Refuted: the packets above arrive, though the policy does not allow them."),
    "undecided": mark("Undecided: it depends on rules that tojimari does not model."),
}


def _why(line: Line, language: Language) -> str:
    if line.outcome == "proved":
        return ""
    values: dict[str, str | int] = {
        "source": line.source,
        "port": line.source_port,
        "interface": line.interface or "?",
        "destination": line.destination,
    }
    template = mark("from {source} port {port} by {interface} to {destination}")
    parts = [language.say(Message("packet", template, values))]
    if line.decider is not None:
        parts.append(words(line.decider, language))
    else:
        parts.append(language.text(mark("no rule stands in the way")))
    if line.doubts:
        doubts: dict[str, str | int] = {"doubts": ", ".join(map(language.text, line.doubts))}
        parts.append(language.say(Message("doubts", mark("not decided: {doubts}"), doubts)))
    return "  ".join(parts)


def plain(found: Iterable[Line]) -> Iterator[str]:
    """For grep: ports, outcome, source, interface, destination, rule; separated by tabs."""
    for one in found:
        rule = Language.ENGLISH.say(one.decider.words) if one.decider else "-"
        where = (one.source or "-", one.interface or "-", one.destination or "-")
        yield "\t".join((one.label, one.outcome, *where, rule))
