"""Who can reach a port: the rules, the routes and the named places, brought together."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from tojimari.core.endpoint import Transport
from tojimari.core.errors import PrivilegeError, UsageError
from tojimari.core.exposure import (
    Certainty,
    Decider,
    Exposure,
    Passage,
    Reach,
    Redirection,
    Zone,
)
from tojimari.core.message import Message
from tojimari.core.observation import Witness
from tojimari.core.socket import Interface, Unseen
from tojimari.firewall import intervals, owners, path, reading, sources
from tojimari.firewall.answer import Piece, pieces
from tojimari.firewall.compile import compile_ruleset
from tojimari.firewall.machine import LOOPBACK, Machine
from tojimari.firewall.program import Program
from tojimari.firewall.reasoner import Question, Reasoner
from tojimari.firewall.ruleset import TCP, UDP, Ruleset
from tojimari.firewall.sources import Standpoint
from tojimari.report.way import Shown, Step

PROTOCOLS = {Transport.TCP: TCP, Transport.UDP: UDP}
MAX_NETWORKS = 8  # networks of one passage that a person reads; the rest is counted
MAX_SOURCE_PORTS = 32  # classes of source ports that are tried; dumps of real machines have a few
_ANY_INTERFACE = "(any other)"


@dataclass(slots=True)
class Firewall:
    """A ruleset on a machine, ready to be asked.

    Attributes:
        ruleset: What was read.
        program: The same, compiled.
        machine: What is around it.
        interfaces: The machine's interfaces; empty for a dump from elsewhere.
        owners: Who made the rules.
        unseen: What could not be read.
    """

    ruleset: Ruleset
    program: Program
    machine: Machine
    interfaces: tuple[Interface, ...]
    owners: tuple[str, ...]
    unseen: tuple[Unseen, ...] = ()


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


def live(namespace: int | None = None) -> Firewall:
    """The firewall of this machine.

    Args:
        namespace: Open file of a network namespace; None for our own.

    Raises:
        HostError: Nothing that lists rules is installed.
    """
    from tojimari.firewall import live as system  # noqa: PLC0415 - only where the system is asked

    try:
        listed = system.listing(namespace)
    except PrivilegeError as error:
        # Not permitted is never "nothing there": every answer becomes "maybe".
        unseen = Unseen(error.message, 0, error.hint.text)
        listed = system.Listing(Ruleset([reading.unreadable_table()]), (unseen,))
    if namespace is None:
        around = system.around()
    else:
        from tojimari.linux.namespaces import Visitor  # noqa: PLC0415 - only where the system is asked

        visitor = Visitor()
        try:
            around = visitor.visit(namespace, system.around)
        finally:
            visitor.close()
    return prepared(listed.ruleset, around.machine, around.interfaces, listed.unseen)


def text_of(file: Path) -> str:
    """A dump's text; bytes that are no UTF-8 are kept (PEP 383).

    Raises:
        UsageError: The file cannot be read.
    """
    try:
        return file.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError as error:
        raise UsageError("{file}: {why}", file=str(file), why=error.strerror or "") from error


def from_files(texts: Iterable[str], own: Sequence[str] = ()) -> Firewall:
    """The firewall that files describe, on a machine that we know little or nothing of.

    Args:
        texts: Whole files.
        own: Addresses with prefix length and interface, ``192.0.2.1/24@eth0``, as far as known.

    Raises:
        UsageError: A file is in no language that is known, or an address is none.
    """
    ruleset = reading.from_texts(texts)
    interfaces = _given(own)
    machine = Machine(sources.addresses(interfaces), assumed=not interfaces)
    return prepared(ruleset, machine, interfaces)


def _given(own: Sequence[str]) -> tuple[Interface, ...]:
    found: dict[str, list[str]] = {}
    for text in own:
        address, _, name = text.partition("@")
        plain, slash, length = address.partition("/")
        try:
            family = intervals.IPV6 if ":" in plain else intervals.IPV4
            intervals.parse_network(address, family)
        except ValueError as error:
            raise UsageError("not an address: {text}", text=text) from error
        width = intervals.WIDTHS[family]
        found.setdefault(name or "eth0", []).append(f"{plain}/{length if slash else width}")
    return tuple(
        Interface(
            name, at, tuple(addresses), up=True, kind="loopback" if name == LOOPBACK else "ethernet"
        )
        for at, (name, addresses) in enumerate(found.items(), start=1)
    )


def prepared(
    ruleset: Ruleset,
    machine: Machine,
    interfaces: tuple[Interface, ...],
    unseen: tuple[Unseen, ...] = (),
) -> Firewall:
    """A ruleset compiled for a machine."""
    return Firewall(
        ruleset,
        compile_ruleset(ruleset),
        machine,
        interfaces,
        tuple(owners.owners(ruleset.tables)),
        unseen,
    )


def row(firewall: Firewall, transport: Transport, port: int, address: str | None = None) -> Row:
    """One port from every zone.

    Args:
        firewall: The rules.
        transport: TCP or UDP.
        port: The number.
        address: The only address of the machine that is meant; None for each of them.
    """
    by_zone: dict[Zone, list[_Found]] = {zone: [] for zone in Zone}
    for standpoint in _standpoints(firewall):
        zone = standpoint.zone or Zone.INTERNET
        by_zone[zone] += _asked(firewall, standpoint, transport, port, address)
    reaches = tuple(_reach(zone, found) for zone, found in by_zone.items())
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
    found = [one for place in places for one in _asked(firewall, place, transport, port, address)]
    certainty, whole = _summed(found)
    return Asked(text, transport, port, certainty, whole, tuple(one.passage for one in found))


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


@dataclass(frozen=True, slots=True)
class _Found:
    """A passage and how much of its standpoint it is."""

    passage: Passage
    certainty: Certainty


def _standpoints(firewall: Firewall) -> list[Standpoint]:
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


def speaks(ruleset: Ruleset, family: int) -> bool:
    """Whether a dump says anything of a family."""
    own = {intervals.IPV4: "ip", intervals.IPV6: "ip6"}[family]
    return any(table.family in {own, "inet", "netdev"} for table in ruleset.tables)


def interfaces_named(program: Program) -> list[str]:
    """The outside interfaces that a dump names, and one that it does not name."""
    found = [name.replace("*", "0") for name in program.interfaces]
    outside = [name for name in found if name != LOOPBACK and not name.startswith(_INNER)]
    return [*dict.fromkeys(outside), _ANY_INTERFACE]


_INNER = ("docker", "br-", "virbr", "veth", "cni", "podman", "lxc", "tun", "tap", "wg")


def _asked(
    firewall: Firewall, place: Standpoint, transport: Transport, port: int, address: str | None
) -> list[_Found]:
    found: list[_Found] = []
    reasoner = Reasoner(firewall.program, firewall.machine)
    for destination in _destinations(firewall, place, address):
        seen: set[tuple[object, ...]] = set()
        for at, source_port in enumerate(firewall.program.source_ports[:MAX_SOURCE_PORTS]):
            question = Question(
                place.family,
                PROTOCOLS[transport],
                port,
                destination,
                place.interface,
                place.sources,
                source_port,
            )
            walk = reasoner.ask(question)
            for piece in pieces(firewall.program, walk):
                key = piece.certainty, tuple(piece.sources)
                if at and (key in seen or piece.certainty is Certainty.NO):
                    continue
                seen.add(key)
                passage = _passage(firewall, place, question, piece, source_port if at else None)
                found.append(_Found(passage, piece.certainty))
    return found


def _destinations(firewall: Firewall, place: Standpoint, address: str | None) -> list[int]:
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


def _passage(
    firewall: Firewall, place: Standpoint, question: Question, piece: Piece, source_port: int | None
) -> Passage:
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


def _summed(found: Sequence[_Found]) -> tuple[Certainty, bool]:
    """The surest that anybody gets through, and whether all fare alike."""
    kinds = {one.certainty for one in found if not _is_kernels(one)} or {
        one.certainty for one in found
    }
    certainty = min(kinds, key=_RANK.__getitem__, default=Certainty.NO)
    return certainty, len(kinds) <= 1


def _is_kernels(found: _Found) -> bool:
    """Whether the kernel refused it for its source alone: that is no gap in a zone."""
    return found.passage.decider is None and found.certainty is Certainty.NO


def _reach(zone: Zone, found: Sequence[_Found]) -> Reach:
    certainty, whole = _summed(found)
    ordered = sorted(found, key=lambda one: _RANK[one.certainty])
    because = (
        ordered[0].passage.because
        if ordered
        else Message("no-such-place", "there is no such network on this machine")
    )
    return Reach(zone, certainty, because, whole, tuple(one.passage for one in ordered))


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
    for place in _standpoints(firewall):
        if place.zone not in zones:
            continue
        for destination in _destinations(firewall, place, address):
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
        _passage(firewall, place, question, way.end, None),
    )
