"""The policy against the firewall: proved, refuted or undecided, for every port."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tojimari.app.firewall import Firewall, interfaces_named, speaks
from tojimari.app.passages import PROTOCOLS, decided
from tojimari.core.endpoint import Transport
from tojimari.core.exposure import Decider, Zone
from tojimari.core.intent import Intent
from tojimari.firewall import intervals, sources
from tojimari.firewall.intervals import Intervals
from tojimari.firewall.machine import LOOPBACK
from tojimari.firewall.proof import Allowed, Approach, Finding, Outcome, prove
from tojimari.firewall.reasoner import Reasoner

_EXAMPLES = {intervals.IPV4: "192.0.2.1", intervals.IPV6: "2001:db8::1"}
_ZONES = {str(zone): zone for zone in Zone}


@dataclass(frozen=True, slots=True)
class Proof:
    """What was found for one run of ports.

    Attributes:
        transport: The way of speaking.
        first: The first port.
        last: The last port.
        outcome: What can be said.
        source: For a refutation, or where nothing is decided: an address whose packet arrives, or
            may; empty otherwise.
        source_port: Its source port; 0 otherwise.
        destination: The address that it is sent to; empty otherwise.
        interface: Where it comes in; empty otherwise, or where that is not known.
        decider: The rule or the policy of a chain that lets it in; None where none stands there.
        doubts: What could not be decided, in the rules' words.
    """

    transport: Transport
    first: int
    last: int
    outcome: Outcome
    source: str = ""
    source_port: int = 0
    destination: str = ""
    interface: str = ""
    decider: Decider | None = None
    doubts: tuple[str, ...] = ()


def proofs(firewall: Firewall, intents: Iterable[Intent]) -> list[Proof]:
    """Prove for every port that nobody reaches it but those whom a policy names.

    Args:
        firewall: The rules.
        intents: The lines; a port that none names is for this machine alone.
    """
    places = _Places(firewall)
    allowed = [
        Allowed(
            PROTOCOLS[intent.transport],
            intent.ports.first,
            intent.ports.last,
            {family: places.meant(intent.sources, family) for family in intervals.WIDTHS},
        )
        for intent in intents
        if intent.transport in PROTOCOLS
    ]
    # Whoever is on the machine can always knock.
    allowed += [
        Allowed(protocol, 0, 0xFFFF, {family: places.here(family) for family in intervals.WIDTHS})
        for protocol in PROTOCOLS.values()
    ]
    reasoner = Reasoner(firewall.program, firewall.machine)
    found = prove(reasoner, allowed, approaches(firewall), PROTOCOLS.values())
    return [_shown(one) for one in found]


class _Places:
    """The zones of a machine, as sets of sources."""

    def __init__(self, firewall: Firewall) -> None:
        self._firewall = firewall
        self._standpoints = list(sources.standpoints(firewall.interfaces, firewall.machine))

    def here(self, family: int) -> Intervals:
        return self.zone(Zone.THIS_MACHINE, family)

    def zone(self, zone: Zone, family: int) -> Intervals:
        """A zone and all that are nearer, as the policy means them."""
        if zone is Zone.INTERNET:
            return intervals.universe(family)
        if zone is Zone.LAN and not self._firewall.interfaces:
            return sources.private(family)
        return intervals.union_all(
            one.sources
            for one in self._standpoints
            if one.family == family and one.zone is not None and one.zone.distance <= zone.distance
        )

    def meant(self, names: Sequence[str], family: int) -> Intervals:
        """The zones and networks of one line."""
        result: Intervals = []
        for name in names:
            zone = _ZONES.get(name)
            if zone is not None:
                result = intervals.union(result, self.zone(zone, family))
            elif (":" in name) == (family == intervals.IPV6):
                network = intervals.interval(*intervals.parse_network(name, family))
                result = intervals.union(result, network)
        return result


def approaches(firewall: Firewall) -> list[Approach]:
    """Every way in: each interface, and one address of each class that rules tell apart."""
    machine, program = firewall.machine, firewall.program
    if machine.assumed:
        return [
            Approach(family, name, intervals.parse_address(text, family))
            for family, text in _EXAMPLES.items()
            if speaks(firewall.ruleset, family)
            for name in interfaces_named(program)
        ]
    picked: dict[tuple[object, ...], Approach] = {}
    for interface in firewall.interfaces:
        if not interface.up or interface.kind == "loopback":
            continue
        for own in machine.addresses:
            if own.interface == LOOPBACK:
                continue
            here = machine.kind_here(own.family, own.number, interface.name)
            key = (
                interface.name,
                own.family,
                here,
                program.address_class(own.family, own.number),
            )
            picked.setdefault(key, Approach(own.family, interface.name, own.number))
    return list(picked.values())


def _shown(found: Finding) -> Proof:
    transport = next(one for one, number in PROTOCOLS.items() if number == found.protocol)
    packet, piece = found.packet, found.piece
    if packet is None:
        return Proof(transport, found.first, found.last, found.outcome)
    family = packet.family
    doubts = piece.doubts if piece else ()
    return Proof(
        transport,
        found.first,
        found.last,
        found.outcome,
        next(intervals.networks(packet.sources or [], family), ""),
        packet.source_port or 0,
        next(intervals.networks([packet.destination, packet.destination + 1], family)),
        packet.interface or "",
        decided(piece, packet) if piece else None,
        tuple(dict.fromkeys(fork.doubt.text for fork in doubts)),
    )
