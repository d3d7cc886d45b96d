"""Proving for every port that nobody reaches it but those who may.

Ports that no rule tells apart are one class, and one question answers for the class. The question
is asked for all sources at once that may not come; if none of them arrives, that is a proof, and
one that arrives is a packet to show.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from tojimari.core.exposure import Certainty
from tojimari.firewall.answer import Piece, certain_sources, pieces
from tojimari.firewall.classify import PORTS
from tojimari.firewall.intervals import Intervals, difference, intersection, universe
from tojimari.firewall.reasoner import Question, Reasoner


class Outcome(StrEnum):
    """What can be said of a claim."""

    PROVED = "proved"
    REFUTED = "refuted"
    UNDECIDED = "undecided"

    @property
    def rank(self) -> int:
        """0 for what is worst."""
        return [Outcome.REFUTED, Outcome.UNDECIDED, Outcome.PROVED].index(self)


@dataclass(frozen=True, slots=True)
class Allowed:
    """Who may come to some ports.

    Attributes:
        protocol: IANA number.
        first: The first port.
        last: The last port.
        sources: By family, who may come.
    """

    protocol: int
    first: int
    last: int
    sources: Mapping[int, Intervals]


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found for one run of ports.

    Attributes:
        protocol: IANA number.
        first: The first port.
        last: The last port.
        outcome: What can be said.
        packet: For ``REFUTED`` and ``UNDECIDED``: a packet that arrives, or may; its sources are
            one address.
        piece: Why; the rule and the doubts are in it.
    """

    protocol: int
    first: int
    last: int
    outcome: Outcome
    packet: Question | None = None
    piece: Piece | None = None


@dataclass(frozen=True, slots=True)
class Approach:
    """A way to the machine.

    Attributes:
        family: 4 or 6.
        interface: Where packets come in.
        destination: One address of each class that rules tell apart.
    """

    family: int
    interface: str | None
    destination: int


def prove(
    reasoner: Reasoner,
    allowed: Sequence[Allowed],
    approaches: Sequence[Approach],
    protocols: Iterable[int],
) -> Iterator[Finding]:
    """Prove or refute, for every port of every protocol.

    Args:
        reasoner: Whom to ask.
        allowed: Who may come where; a port that none of these names is for nobody.
        approaches: Every way in.
        protocols: IANA numbers, such as TCP and UDP.

    Yields:
        One finding for each run of ports that share their outcome, packet and reason, ascending.
    """
    for protocol in protocols:
        own = [one for one in allowed if one.protocol == protocol]
        pending: Finding | None = None
        worst = _Worst(reasoner, approaches)
        for first, last in _classes(reasoner, own):
            found = worst.of(protocol, first, last, _sources(own, first))
            if pending is not None and _alike(pending, found):
                pending = replace(pending, last=last)
                continue
            if pending is not None:
                yield pending
            pending = found
        if pending is not None:
            yield pending


def _classes(reasoner: Reasoner, allowed: Sequence[Allowed]) -> Iterator[tuple[int, int]]:
    """Runs of ports that neither rules nor claims tell apart."""
    starts = set(reasoner.program.ports)
    for one in allowed:
        starts |= {one.first, one.last + 1}
    ordered = sorted(start for start in starts if start < PORTS)
    ends = [*ordered[1:], PORTS]
    return ((first, end - 1) for first, end in zip(ordered, ends, strict=True))


def _sources(allowed: Sequence[Allowed], port: int) -> Callable[[int], Intervals]:
    those = [one for one in allowed if one.first <= port <= one.last]

    def outside(family: int) -> Intervals:
        left = universe(family)
        for one in those:
            left = difference(left, one.sources.get(family, []))
        return left

    return outside


class _Worst:
    """What is worst for one run of ports after the other.

    A packet that got in at one port often gets in at the next one too; it is tried first, for one
    packet is followed much quicker than all.
    """

    def __init__(self, reasoner: Reasoner, approaches: Sequence[Approach]) -> None:
        self._reasoner = reasoner
        self._approaches = approaches
        self._last: Question | None = None

    def of(
        self, protocol: int, first: int, last: int, outside: Callable[[int], Intervals]
    ) -> Finding:
        undecided: Finding | None = None
        wanted = {family: outside(family) for family in {one.family for one in self._approaches}}
        again = self._again(protocol, first, wanted)
        if again is not None:
            return Finding(protocol, first, last, Outcome.REFUTED, *again)
        for approach in self._approaches:
            sources = wanted[approach.family]
            if not sources:
                continue
            question = Question(
                approach.family,
                protocol,
                first,
                approach.destination,
                approach.interface,
                sources,
            )
            outcome, asked, some = _judge(self._reasoner, question)
            if outcome is Outcome.PROVED:
                continue
            packet = replace(asked, sources=_one_of(some))
            piece = _piece(self._reasoner, packet, outcome)
            finding = Finding(protocol, first, last, outcome, packet, piece)
            if outcome is Outcome.REFUTED:
                self._last = packet
                return finding
            undecided = undecided or finding
        return undecided or Finding(protocol, first, last, Outcome.PROVED)

    def _again(
        self, protocol: int, port: int, wanted: Mapping[int, Intervals]
    ) -> tuple[Question, Piece] | None:
        if self._last is None or self._last.sources is None:
            return None
        if not intersection(self._last.sources, wanted[self._last.family]):
            return None
        packet = replace(self._last, protocol=protocol, port=port)
        piece = _piece(self._reasoner, packet, Outcome.REFUTED)
        return None if piece is None else (packet, piece)


def _judge(reasoner: Reasoner, question: Question) -> tuple[Outcome, Question, Intervals]:
    """One packet from every source that may not come, with every source port that matters."""
    doubtful: tuple[Question, Intervals] | None = None
    for source_port in reasoner.program.source_ports:
        asked = replace(question, source_port=source_port)
        walk = reasoner.ask(asked)
        arriving = [ending for ending in walk.endings if ending.arrives]
        if not arriving:
            continue
        if not any(ending.forks for ending in walk.endings):
            return Outcome.REFUTED, asked, arriving[0].sources
        sure, maybe = certain_sources(reasoner.program, walk)
        if sure:
            return Outcome.REFUTED, asked, sure
        if maybe and doubtful is None:
            doubtful = asked, maybe
    if doubtful is not None:
        return Outcome.UNDECIDED, *doubtful
    return Outcome.PROVED, question, []


def _piece(reasoner: Reasoner, packet: Question, outcome: Outcome) -> Piece | None:
    wanted = Certainty.YES if outcome is Outcome.REFUTED else Certainty.MAYBE
    found = pieces(reasoner.program, reasoner.ask(packet))
    return next((piece for piece in found if piece.certainty is wanted), None)


def _one_of(sources: Intervals) -> Intervals:
    """An address from the middle of the largest run: most people's example, not a corner."""
    runs = [(sources[at + 1] - sources[at], sources[at]) for at in range(0, len(sources), 2)]
    length, first = max(runs)
    return [first + length // 2, first + length // 2 + 1]


def _alike(one: Finding, other: Finding) -> bool:
    if one.outcome is not other.outcome:
        return False
    if one.piece is None or other.piece is None:
        return one.piece is other.piece
    return (
        one.piece.place is other.piece.place
        and one.piece.translation is other.piece.translation
        and one.packet is not None
        and other.packet is not None
        and one.packet.interface == other.packet.interface
        and one.packet.family == other.packet.family
        and one.packet.sources == other.packet.sources
    )
