"""Who can reach a port, from every place that has a name and from any that somebody names."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from tojimari.app.firewall import Firewall, interfaces_named
from tojimari.app.passages import (
    PROTOCOLS,
    destinations,
    followed,
    passage_of,
    reach_of,
    standpoints,
    summed,
)
from tojimari.core.endpoint import Transport
from tojimari.core.errors import UsageError
from tojimari.core.exposure import Certainty, Exposure, Passage, Zone
from tojimari.core.observation import Witness
from tojimari.firewall import intervals, owners, path, sources
from tojimari.firewall.reasoner import Question, Reasoner
from tojimari.firewall.sources import Standpoint
from tojimari.report.way import Shown, Step


@dataclass(frozen=True, slots=True)
class Row:
    """One port, from everywhere that was asked.

    Attributes:
        transport: The way of speaking.
        port: The number.
        last: The last of several ports that fare alike; ``port`` for a single one.
        exposure: From which zones it can be reached.
    """

    transport: Transport
    port: int
    last: int
    exposure: Exposure

    @property
    def label(self) -> str:
        """``22/tcp`` or ``8000-8010/udp``."""
        number = str(self.port) if self.port == self.last else f"{self.port}-{self.last}"
        return f"{number}/{self.transport}"


@dataclass(frozen=True, slots=True)
class Asked:
    """From where, where that is no zone.

    Attributes:
        text: As it was asked.
        passages: What becomes of packets from there.
    """

    text: str
    transport: Transport
    port: int
    certainty: Certainty
    whole: bool
    passages: tuple[Passage, ...] = field(default=())


def row(firewall: Firewall, transport: Transport, port: int, address: str | None = None) -> Row:
    """One port from every zone.

    Args:
        firewall: The rules.
        transport: TCP or UDP.
        port: The number.
        address: The only address of the machine that is meant; None for each of them.
    """
    by_zone: dict[Zone, list[Passage]] = {zone: [] for zone in Zone}
    for standpoint in standpoints(firewall):
        zone = standpoint.zone or Zone.INTERNET
        by_zone[zone] += followed(firewall, standpoint, transport, port, address)
    reaches = tuple(reach_of(zone, found) for zone, found in by_zone.items())
    return Row(transport, port, port, Exposure(reaches, frozenset({Witness.FIREWALL})))


def asked(
    firewall: Firewall, text: str, transport: Transport, port: int, address: str | None = None
) -> Asked:
    """One port from addresses that somebody named.

    Args:
        firewall: The rules.
        text: An address or a network.
        transport: TCP or UDP.
        port: The number.
        address: The only address of the machine that is meant; None for each of them.

    Raises:
        UsageError: The text is no address.
    """
    family = intervals.IPV6 if ":" in text else intervals.IPV4
    try:
        wanted = intervals.interval(*intervals.parse_network(text, family))
    except ValueError as error:
        raise UsageError(
            "not a source: {text}",
            hint="tojimari reach 22 --from internet, or --from 203.0.113.0/24",
            text=text,
        ) from error
    if firewall.interfaces:
        places = list(sources.anywhere_else(family, wanted, firewall.interfaces, firewall.machine))
    else:
        places = [
            Standpoint(None, family, name, wanted) for name in interfaces_named(firewall.program)
        ]
    found = [one for place in places for one in followed(firewall, place, transport, port, address)]
    certainty, whole = summed(found)
    return Asked(text, transport, port, certainty, whole, tuple(found))


def every_port(firewall: Firewall) -> Iterator[Row]:
    """All ports of both transports, those that fare alike in one row."""
    for transport in PROTOCOLS:
        pending: Row | None = None
        for first, last in firewall.program.port_classes():
            found = replace(row(firewall, transport, first), last=last)
            if pending is not None and _fare_alike(pending, found):
                pending = replace(pending, last=last)
                continue
            if pending is not None:
                yield pending
            pending = found
        if pending is not None:
            yield pending


def _fare_alike(one: Row, other: Row) -> bool:
    def fate(row: Row) -> list[object]:
        return [
            (
                reach.zone,
                reach.certainty,
                reach.whole,
                passage.certainty,
                passage.sources,
                passage.more,
                passage.interface,
                passage.decider,
                passage.redirection,
                passage.limits,
            )
            for reach in row.exposure.reaches
            for passage in reach.passages
        ]

    return fate(one) == fate(other)


def open_elsewhere(
    firewall: Firewall, zones: Iterable[Zone] = (Zone.INTERNET, Zone.LAN)
) -> Iterator[Row]:
    """Ports that are open without any socket here: what comes to them is sent elsewhere.

    Args:
        firewall: The rules.
        zones: From where somebody must be able to come.
    """
    wanted = frozenset(zones)
    for transport in (Transport.TCP, Transport.UDP):
        for first, last in firewall.program.port_classes():
            found = row(firewall, transport, first)
            away = any(
                passage.redirection is not None
                and not passage.redirection.here
                and passage.certainty is not Certainty.NO
                for reach in found.exposure.reaches
                if reach.zone in wanted
                for passage in reach.passages
            )
            if away:
                yield replace(found, last=last)


def ways(
    firewall: Firewall,
    transport: Transport,
    port: int,
    zone: Zone | None = None,
    address: str | None = None,
) -> Iterator[Shown]:
    """The way of a packet, chain by chain, for each different fate of each place's sources.

    Args:
        firewall: The rules.
        transport: TCP or UDP.
        port: The number.
        zone: Only from there; None for the internet and the local network.
        address: The only address of the machine that is meant; None for one of each kind.
    """
    reasoner = Reasoner(firewall.program, firewall.machine)
    zones = {Zone.INTERNET, Zone.LAN} if zone is None else {zone}
    for place in standpoints(firewall):
        if place.zone not in zones:
            continue
        for destination in destinations(firewall, place, address):
            question = Question(
                place.family,
                PROTOCOLS[transport],
                port,
                destination,
                place.interface,
                place.sources,
            )
            for way in path.ways(reasoner, question):
                yield _shown(firewall, place, way)


def _shown(firewall: Firewall, place: Standpoint, way: path.Way) -> Shown:
    question = way.question
    sources_asked = question.sources or []
    steps = tuple(
        Step(
            visit.hook,
            visit.verdict,
            owners.decider(visit.place, question.port, question.protocol),
        )
        for visit in way.visits
    )
    return Shown(
        next(intervals.networks(sources_asked, question.family), ""),
        steps,
        passage_of(firewall, place, question, way.end, None),
    )
