"""Who can reach a port, from every place that has a name and from any that somebody names."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

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

Run = TypeVar("Run", "Row", "Asked")


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
        return _label(self.transport, self.port, self.last)


@dataclass(frozen=True, slots=True)
class Asked:
    """From where, where that is no zone.

    Attributes:
        text: As it was asked.
        transport: The way of speaking.
        port: The number.
        last: The last of several ports that fare alike; ``port`` for a single one.
        certainty: The surest that anybody there gets through.
        whole: Whether all there fare alike.
        passages: What becomes of packets from there.
    """

    text: str
    transport: Transport
    port: int
    last: int
    certainty: Certainty
    whole: bool
    passages: tuple[Passage, ...] = field(default=())

    @property
    def label(self) -> str:
        """``22/tcp`` or ``8000-8010/udp``."""
        return _label(self.transport, self.port, self.last)


def _label(transport: Transport, first: int, last: int) -> str:
    return f"{first if first == last else f'{first}-{last}'}/{transport}"


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
    firewall: Firewall,
    text: str,
    transport: Transport,
    port: int,
    address: str | None = None,
    members: Sequence[str] = (),
) -> Asked:
    """One port from addresses that somebody named.

    Args:
        firewall: The rules.
        text: An address or a network, or the name of a group.
        transport: TCP or UDP.
        port: The number.
        address: The only address of the machine that is meant; None for each of them.
        members: The zones and networks that a group stands for.

    Raises:
        UsageError: The text is no address.
    """
    those = places(firewall, members or (text,))
    found = [one for place in those for one in followed(firewall, place, transport, port, address)]
    certainty, whole = summed(found)
    return Asked(text, transport, port, port, certainty, whole, tuple(found))


def places(firewall: Firewall, names: Iterable[str]) -> list[Standpoint]:
    """Where packets from zones and networks come in.

    Args:
        firewall: The rules.
        names: Zones, addresses and networks.

    Raises:
        UsageError: One of them is none of these.
    """
    found: list[Standpoint] = []
    wanted: dict[int, intervals.Intervals] = {}
    for name in names:
        if name in list(Zone):
            found += [one for one in standpoints(firewall) if one.zone is Zone(name)]
            continue
        family = intervals.IPV6 if ":" in name else intervals.IPV4
        try:
            network = intervals.interval(*intervals.parse_network(name, family))
        except ValueError as error:
            raise UsageError(
                "not a source: {text}",
                hint="tojimari reach 22 --from internet, or --from 203.0.113.0/24",
                text=name,
            ) from error
        wanted[family] = intervals.union(wanted.get(family, []), network)
    for family, those in wanted.items():
        if firewall.interfaces:
            found += sources.anywhere_else(family, those, firewall.interfaces, firewall.machine)
        else:
            found += [
                Standpoint(None, family, name, those) for name in interfaces_named(firewall.program)
            ]
    return found


def every_port(firewall: Firewall) -> Iterator[Row]:
    """All ports of both transports, those that fare alike in one row."""

    def one(transport: Transport, first: int, last: int) -> tuple[list[object], Row]:
        found = replace(row(firewall, transport, first), last=last)
        reaches = found.exposure.reaches
        fates = [(reach.zone, reach.certainty, reach.whole) for reach in reaches]
        return [*fates, *[_fate(each) for reach in reaches for each in reach.passages]], found

    return _in_runs(firewall, one)


def every_port_from(
    firewall: Firewall, text: str, address: str | None = None, members: Sequence[str] = ()
) -> Iterator[Asked]:
    """The same, from addresses that somebody named; as for ``asked``."""

    def one(transport: Transport, first: int, last: int) -> tuple[list[object], Asked]:
        found = replace(asked(firewall, text, transport, first, address, members), last=last)
        return [_fate(each) for each in found.passages], found

    return _in_runs(firewall, one)


def _in_runs(
    firewall: Firewall, ask: Callable[[Transport, int, int], tuple[list[object], Run]]
) -> Iterator[Run]:
    """Ask for each run of ports that no rule tells apart, and join those that fare alike."""
    for transport in PROTOCOLS:
        pending: tuple[list[object], Run] | None = None
        for first, last in firewall.program.port_classes():
            fate, found = ask(transport, first, last)
            if pending is not None and pending[0] == fate:
                pending = fate, replace(pending[1], last=last)
                continue
            if pending is not None:
                yield pending[1]
            pending = fate, found
        if pending is not None:
            yield pending[1]


def _fate(passage: Passage) -> object:
    return (
        passage.certainty,
        passage.sources,
        passage.more,
        passage.interface,
        passage.decider,
        passage.redirection,
        passage.limits,
    )


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
    names: Iterable[str] = (Zone.INTERNET, Zone.LAN),
    address: str | None = None,
) -> Iterator[Shown]:
    """The way of a packet, chain by chain, for each different fate of each place's sources.

    Args:
        firewall: The rules.
        transport: TCP or UDP.
        port: The number.
        names: Only from these zones and networks.
        address: The only address of the machine that is meant; None for one of each kind.

    Raises:
        UsageError: One of the names is neither a zone nor a network.
    """
    reasoner = Reasoner(firewall.program, firewall.machine)
    for place in places(firewall, names):
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
