"""Doors that the firewall opens by itself: what comes to them is sent on (DNAT)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tojimari.app.exposures import BOTH, Gate, joined
from tojimari.app.passages import PROTOCOLS, destinations, followed
from tojimari.core.door import Forwarding
from tojimari.core.endpoint import Endpoint, Transport
from tojimari.core.exposure import Certainty, Decider, Exposure, Passage, Reach, Redirection, Zone
from tojimari.core.message import Message
from tojimari.core.socket import Listener, Namespace
from tojimari.firewall import facts, intervals, owners
from tojimari.firewall.reasoner import Question, Reasoner
from tojimari.firewall.sources import Standpoint
from tojimari.firewall.worlds import Walk
from tojimari.sockets.exposure import exposure

MAX_CLASSES = 4096  # of ports that rules tell apart; beyond, the rest is left to `reach --ports`
_ANY = {intervals.IPV4: "0.0.0.0", intervals.IPV6: "::"}  # noqa: S104 - a name for every address; nothing is bound


@dataclass(frozen=True, slots=True)
class Sent:
    """A door that nobody holds, and where what comes to it is sent on to.

    Attributes:
        endpoint: The door, at the first of its numbers.
        last: The last of several numbers; None for a single one.
        exposure: Who can reach it.
        forwarding: Where it goes.
    """

    endpoint: Endpoint
    last: int | None
    exposure: Exposure
    forwarding: Forwarding


def doors(
    gate: Gate, listeners: Sequence[Listener], namespaces: Mapping[int, Namespace]
) -> Iterator[Sent]:
    """Every door of one namespace that is open without a socket there.

    Args:
        gate: The firewall of the namespace.
        listeners: Every listener of the machine.
        namespaces: By inode.
    """
    if not gate.sent_on:
        return
    held = {
        (one.endpoint.transport, one.endpoint.port, family)
        for one in listeners
        if one.netns == gate.namespace.inode and not one.endpoint.is_loopback
        for family in _families(one)
    }
    classes = gate.firewall.program.port_classes()
    for transport, protocol in PROTOCOLS.items():
        runs = gate.sent_on.get(protocol, ())
        may = [one for one in classes if any(low <= one[1] and one[0] <= end for low, end in runs)]
        for first, last in may[:MAX_CLASSES]:
            for family, address in _entrances(gate, transport, first):
                if first == last and (transport, first, family) in held:
                    continue
                endpoint = Endpoint(transport, address, first)
                yield from _sent(gate, endpoint, last, listeners, namespaces)


def of_held(
    gate: Gate,
    listener: Listener,
    reached: Exposure,
    listeners: Iterable[Listener],
    namespaces: Mapping[int, Namespace],
) -> Forwarding | None:
    """Where the firewall sends what comes to a door that somebody does hold here; None: nowhere.

    Docker's userland proxy holds such a door, and gets nothing of what comes from outside.
    """
    if not gate.sent_on:
        return None
    to = _first_redirection(reached)
    if to is None or listener.endpoint.is_loopback:
        return None
    return _forwarding(gate, listener.endpoint, to, listeners, namespaces)


def _families(listener: Listener) -> tuple[int, ...]:
    if not listener.endpoint.is_ipv6:
        return (intervals.IPV4,)
    return (intervals.IPV6,) if listener.v6only else (intervals.IPV4, intervals.IPV6)


def _entrances(gate: Gate, transport: Transport, port: int) -> Iterator[tuple[int, str]]:
    """The addresses at which packets to a port are sent on, each with its family."""
    reasoner = Reasoner(gate.firewall.program, gate.firewall.machine)
    for family in (intervals.IPV4, intervals.IPV6):
        asked: dict[int, bool] = {}
        for place in _ways_in(gate, family):
            for destination in destinations(gate.firewall, place, None):
                question = _question(place, transport, port, destination)
                asked[destination] = asked.get(destination, False) or _moves(
                    reasoner.ask(question), question
                )
        there = [number for number, moved in asked.items() if moved]
        if there and len(there) == len(asked):
            yield family, _ANY[family]
        else:
            for number in there:
                yield family, next(intervals.networks([number, number + 1], family)).split("/")[0]


def _outside(gate: Gate, family: int) -> Iterator[Standpoint]:
    for place in gate.places:
        if place.family == family and place.zone in {Zone.LAN, Zone.INTERNET}:
            yield place


def _ways_in(gate: Gate, family: int) -> Iterator[Standpoint]:
    """One place an interface, with everybody who comes by it."""
    by_interface: dict[str | None, Standpoint] = {}
    for place in _outside(gate, family):
        known = by_interface.get(place.interface)
        everybody = intervals.union(known.sources, place.sources) if known else place.sources
        by_interface[place.interface] = replace(place, sources=everybody)
    yield from by_interface.values()


def _question(place: Standpoint, transport: Transport, port: int, destination: int) -> Question:
    protocol = PROTOCOLS[transport]
    return Question(place.family, protocol, port, destination, place.interface, place.sources)


def _moves(walk: Walk, question: Question) -> bool:
    """Whether some packets arrive, and not where they were sent."""
    return any(
        one.arrives
        and (
            one.state.vague
            or (one.state.destination, one.state.port) != (question.destination, question.port)
        )
        for one in walk.endings
    )


def _sent(
    gate: Gate,
    endpoint: Endpoint,
    last: int,
    listeners: Iterable[Listener],
    namespaces: Mapping[int, Namespace],
) -> Iterator[Sent]:
    family = intervals.IPV6 if endpoint.is_ipv6 else intervals.IPV4
    address = None if endpoint.is_wildcard else endpoint.address
    held = Listener(endpoint, gate.namespace.inode, (), v6only=endpoint.is_ipv6 or None)
    bound = exposure(held, namespaces)
    reaches: list[Reach] = []
    for reach in bound.reaches:
        found = [
            passage
            for place in (*gate.here, *gate.places)
            if place.zone is reach.zone and place.family == family
            for passage in followed(
                gate.firewall, place, endpoint.transport, endpoint.port, address
            )
        ]
        moved = [one for one in found if one.redirection is not None or _is_shut(one)]
        if any(one.redirection is not None for one in moved):
            reaches.append(joined(reach, moved))
        else:
            reaches.append(_nobody(reach.zone))
    reached = Exposure(tuple(reaches), BOTH)
    to = _first_redirection(reached)
    if to is not None:
        forwarding = _forwarding(gate, endpoint, to, listeners, namespaces)
        yield Sent(endpoint, last if last != endpoint.port else None, reached, forwarding)


def _is_shut(passage: Passage) -> bool:
    return passage.certainty is Certainty.NO


def _nobody(zone: Zone) -> Reach:
    return Reach(
        zone,
        Certainty.NO,
        Message("nobody-holds", "Nobody holds it here, and what comes from there is not sent on."),
    )


def _first_redirection(reached: Exposure) -> Redirection | None:
    """Where the packets from the farthest zone go that are sent on."""
    for reach in reversed(reached.reaches):
        for passage in reach.passages:
            if passage.certainty is not Certainty.NO and passage.redirection is not None:
                return passage.redirection
    return None


def _forwarding(
    gate: Gate,
    endpoint: Endpoint,
    to: Redirection,
    listeners: Iterable[Listener],
    namespaces: Mapping[int, Namespace],
) -> Forwarding:
    past = _past(gate, endpoint)
    for listener in listeners:
        space = namespaces.get(listener.netns)
        if space is not None and _is_there(listener, space, endpoint.transport, to, gate):
            return Forwarding(to, listener, space, past)
    return Forwarding(to, past=past)


def _is_there(
    listener: Listener, space: Namespace, transport: Transport, to: Redirection, gate: Gate
) -> bool:
    heard = listener.endpoint
    if heard.transport is not transport or heard.port != to.port:
        return False
    if to.here != (space.inode == gate.namespace.inode):
        return False
    carried = {
        text.partition("/")[0] for interface in space.interfaces for text in interface.addresses
    }
    if to.address not in carried and not (to.here and to.address.startswith("127.")):
        return False
    family = intervals.IPV6 if ":" in to.address else intervals.IPV4
    return heard.address == to.address or (heard.is_wildcard and family in _families(listener))


def _past(gate: Gate, endpoint: Endpoint) -> Decider | None:
    """What would have kept others out, had the packets not been sent on before."""
    reasoner = Reasoner(gate.firewall.program, gate.firewall.machine)
    address = None if endpoint.is_wildcard else endpoint.address
    for family in (intervals.IPV4, intervals.IPV6):
        for place in _outside(gate, family):
            for destination in destinations(gate.firewall, place, address):
                question = _question(place, endpoint.transport, endpoint.port, destination)
                fact = facts.published_past(reasoner, question)
                if fact is not None:
                    return owners.decider(fact.past, endpoint.port, question.protocol)
    return None
