"""What becomes of packets from one place: the rules, the routes and the sources together."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

from tojimari.app.firewall import Firewall, interfaces_named, speaks
from tojimari.core.endpoint import Transport
from tojimari.core.exposure import (
    Certainty,
    Decider,
    Passage,
    Reach,
    Redirection,
    Zone,
)
from tojimari.core.message import Message
from tojimari.firewall import intervals, owners, sources
from tojimari.firewall.answer import Piece, pieces
from tojimari.firewall.machine import LOOPBACK
from tojimari.firewall.reasoner import Question, Reasoner
from tojimari.firewall.ruleset import TCP, UDP
from tojimari.firewall.sources import Standpoint
from tojimari.firewall.worlds import Walk

PROTOCOLS = {Transport.TCP: TCP, Transport.UDP: UDP}
MAX_NETWORKS = 8  # networks of one passage that a person reads; the rest is counted
MAX_SOURCE_PORTS = 32  # classes of source ports that are tried; dumps of real machines have a few


def standpoints(firewall: Firewall) -> list[Standpoint]:
    """Every place to knock from; for a dump of elsewhere, by each interface that it names."""
    if firewall.interfaces:
        return list(sources.standpoints(firewall.interfaces, firewall.machine))
    found: list[Standpoint] = []
    for family in (intervals.IPV4, intervals.IPV6):
        if not speaks(firewall.ruleset, family):
            continue
        whole = intervals.universe(family)
        internet = sources.internet(family)
        for name in interfaces_named(firewall.program):
            found.append(Standpoint(Zone.INTERNET, family, name, internet))
            private = intervals.intersection(
                intervals.difference(whole, internet), sources.private(family)
            )
            found.append(Standpoint(Zone.LAN, family, name, private))
    return found


def followed(
    firewall: Firewall, place: Standpoint, transport: Transport, port: int, address: str | None
) -> list[Passage]:
    """What becomes of packets from one place, by destination, sources and source port.

    Args:
        firewall: The rules.
        place: Where they come from.
        transport: TCP or UDP.
        port: The number.
        address: The only address of the machine that is meant; None for each of them.
    """
    found: list[Passage] = []
    reasoner = Reasoner(firewall.program, firewall.machine)
    for destination in destinations(firewall, place, address):
        seen: set[tuple[object, ...]] = set()
        question = Question(
            place.family,
            PROTOCOLS[transport],
            port,
            destination,
            place.interface,
            place.sources,
            firewall.program.source_ports[0],
        )
        walk = reasoner.ask(question)
        for piece in pieces(firewall.program, walk):
            seen.add((piece.certainty, tuple(piece.sources)))
            found.append(passage_of(firewall, place, question, piece, None))
        for source_port in _chosen(firewall, reasoner, question, walk):
            chosen = replace(question, source_port=source_port)
            for piece in pieces(firewall.program, reasoner.ask(chosen)):
                key = piece.certainty, tuple(piece.sources)
                if key not in seen and piece.certainty is not Certainty.NO:
                    seen.add(key)
                    found.append(passage_of(firewall, place, chosen, piece, source_port))
    return found


def _chosen(
    firewall: Firewall, reasoner: Reasoner, question: Question, walk: Walk
) -> Sequence[int]:
    """The other source ports that a sender may choose, where the choice matters.

    It matters where a packet whose source port nobody knows meets a doubt that this one did not.
    """
    others = firewall.program.source_ports[1:MAX_SOURCE_PORTS]
    if len(others) < _FEW:
        return others
    unknown = reasoner.ask(replace(question, source_port=None))
    return [] if _outcome(unknown) == _outcome(walk) else others


_FEW = 2  # source ports, from which on asking whether they matter is quicker than trying them


def _outcome(walk: Walk) -> list[tuple[object, ...]]:
    return [(one.arrives, one.sources, one.forks) for one in walk.endings]


def destinations(firewall: Firewall, place: Standpoint, address: str | None) -> list[int]:
    """The addresses to try: one of each that rules or the kernel tell apart."""
    family, machine = place.family, firewall.machine
    if address is not None:
        if (":" in address) != (family == intervals.IPV6):
            return []
        return [intervals.parse_address(address, family)]
    if machine.assumed:
        return [
            intervals.parse_address(
                "192.0.2.1" if family == intervals.IPV4 else "2001:db8::1", family
            )
        ]
    picked: dict[object, int] = {}
    for own in machine.addresses:
        if own.family != family or (
            own.interface == LOOPBACK and place.zone is not Zone.THIS_MACHINE
        ):
            continue
        here = machine.kind_here(family, own.number, place.interface)
        key = (
            firewall.program.address_class(family, own.number),
            here,
            own.interface == place.interface,
        )
        picked.setdefault(key, own.number)
    return list(picked.values())


def passage_of(
    firewall: Firewall, place: Standpoint, question: Question, piece: Piece, source_port: int | None
) -> Passage:
    """Some sources that share one fate, as an answer shows them."""
    family = place.family
    listed, more = ([], 0) if _is_all(place, piece) else _listed(piece.sources, family)
    by = decided(piece, question)
    return Passage(
        tuple(listed),
        more,
        place.interface or "",
        next(intervals.networks([question.destination, question.destination + 1], family)),
        piece.certainty,
        _because(piece, by),
        by,
        _redirection(firewall, question, piece),
        piece.limits,
        tuple(dict.fromkeys(fork.doubt.text for fork in piece.doubts)),
        source_port,
    )


def _is_all(place: Standpoint, piece: Piece) -> bool:
    """Whether a piece is all of a place, or all but what the kernel refuses there by itself."""
    return place.zone is not None and intervals.covers(piece.sources, place.sources)


def _listed(found: intervals.Intervals, family: int) -> tuple[list[str], int]:
    """The first networks of a set, and how many were left out."""
    networks = intervals.networks(found, family)
    listed = list(islice(networks, MAX_NETWORKS))
    return listed, sum(1 for _ in networks)


def decided(piece: Piece, question: Question) -> Decider | None:
    """The rule that decided for some sources; None for the kernel itself."""
    if piece.place is None:
        return None
    return owners.decider(piece.place, question.port, question.protocol)


def _because(piece: Piece, by: Decider | None) -> Message:
    if by is not None:
        return by.words
    if piece.certainty is Certainty.NO:
        return Message("kernel", "the kernel itself: {reason}", {"reason": piece.reason})
    return Message("no-rule", "no rule stands in the way")


def _redirection(firewall: Firewall, question: Question, piece: Piece) -> Redirection | None:
    state = piece.state
    moved = (state.destination, state.port) != (question.destination, question.port) or state.vague
    if piece.certainty is Certainty.NO or not moved:
        return None
    by = piece.translation
    address = (
        ""
        if state.vague
        else next(intervals.networks([state.destination, state.destination + 1], state.family))
    )
    return Redirection(
        address,
        state.port or 0,
        not state.vague
        and not firewall.machine.assumed
        and firewall.machine.is_local(state.family, state.destination),
        owners.decider(by, question.port, question.protocol) if by else None,
    )


_RANK = {Certainty.YES: 0, Certainty.MAYBE: 1, Certainty.NO: 2}


def summed(found: Sequence[Passage]) -> tuple[Certainty, bool]:
    """The surest that anybody gets through, and whether all fare alike."""
    kinds = {one.certainty for one in found if not _is_kernels(one)} or {
        one.certainty for one in found
    }
    certainty = min(kinds, key=_RANK.__getitem__, default=Certainty.NO)
    return certainty, len(kinds) <= 1


def _is_kernels(found: Passage) -> bool:
    """Whether the kernel refused it for its source alone: that is no gap in a zone."""
    return found.decider is None and found.certainty is Certainty.NO


def reach_of(zone: Zone, found: Sequence[Passage]) -> Reach:
    """A zone's answer: all passages, those that get in first."""
    certainty, whole = summed(found)
    ordered = sorted(found, key=lambda one: _RANK[one.certainty])
    because = (
        ordered[0].because
        if ordered
        else Message("no-such-place", "there is no such network on this machine")
    )
    return Reach(zone, certainty, because, whole, tuple(ordered))
