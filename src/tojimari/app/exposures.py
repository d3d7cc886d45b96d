"""From where a door can be reached: the word of the firewall joined with the bound address.

A zone can reach a door where both let it: the socket takes what arrives at its address, and the
rules let it arrive. Whatever could not be judged makes it *maybe*, never *no*.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from tojimari.core.endpoint import Endpoint
from tojimari.core.exposure import Certainty, Exposure, Passage, Reach, Zone
from tojimari.core.message import Message
from tojimari.core.observation import Observation, State, Witness
from tojimari.core.socket import Listener, Namespace

if TYPE_CHECKING:
    from tojimari.app.firewall import Firewall
    from tojimari.firewall.sources import Standpoint
    from tojimari.firewall.wall import Wall

BOTH = frozenset({Witness.KERNEL, Witness.FIREWALL})


def let_in(bound: Exposure) -> Exposure:
    """Where no rule stands, the address alone decides."""
    return Exposure(bound.reaches, BOTH)


def unsure(bound: Exposure, because: Message | None = None) -> Exposure:
    """Where the firewall could not be read, or does not say: it may keep everybody out."""
    why = because or Message(
        "firewall-may-stop", "The firewall, which could not be read, may keep them out."
    )
    return Exposure(tuple(_unsure(reach, why) for reach in bound.reaches), bound.witnesses)


def _unsure(reach: Reach, why: Message) -> Reach:
    if reach.zone is Zone.THIS_MACHINE or reach.certainty is not Certainty.YES:
        return reach
    return Reach(reach.zone, Certainty.MAYBE, why, by=Witness.FIREWALL)


class Gate:
    """The firewall of one namespace, asked once for all doors that fare alike."""

    def __init__(
        self, firewall: "Firewall", namespace: Namespace, near: Mapping[Zone, tuple[str, ...]]
    ) -> None:
        """Find the places to knock from.

        Args:
            firewall: The rules.
            namespace: Where they stand.
            near: The networks of the machine's own zones, which are elsewhere for a container.
        """
        from tojimari.app import places  # noqa: PLC0415 - heavy, and most machines have no rules
        from tojimari.firewall import translations  # noqa: PLC0415 - the same

        self.firewall = firewall
        self.namespace = namespace
        self.places = tuple(places.before(firewall, namespace, near))
        self.here = tuple(places.within(firewall))
        self.sent_on = translations.ports(firewall.ruleset)
        self._known: dict[object, dict[Zone, list[Passage]]] = {}
        self._through: dict[object, list[Passage]] = {}

    def wall(self) -> "Wall":
        """The same for those who judge it."""
        from tojimari.app.prove import approaches  # noqa: PLC0415 - only a round asks for it
        from tojimari.firewall.reasoner import Reasoner  # noqa: PLC0415 - heavy
        from tojimari.firewall.wall import Wall  # noqa: PLC0415 - the same

        firewall = self.firewall
        return Wall(
            self.namespace.inode,
            Reasoner(firewall.program, firewall.machine),
            self.places,
            tuple(approaches(firewall)),
        )

    def join(self, listener: Listener, bound: Exposure) -> Exposure:
        """Who can come to a door.

        Args:
            listener: The door.
            bound: Who can, as far as its address says.
        """
        from tojimari.app.passages import PROTOCOLS  # noqa: PLC0415 - the same

        endpoint = listener.endpoint
        if endpoint.transport not in PROTOCOLS or listener.multicast:
            return unsure(
                bound,
                Message(
                    "firewall-not-followed",
                    "The firewall's rules for such doors (groups, SCTP) are not followed.",
                ),
            )
        if endpoint.is_loopback:
            return self._loopback(listener, bound)
        passages = self.passages(listener)
        return Exposure(
            tuple(joined(reach, passages.get(reach.zone, [])) for reach in bound.reaches), BOTH
        )

    def through(self, listener: Listener, bound: Exposure, inside: Namespace) -> Exposure:
        """Who can come through this machine to a door in one of its containers.

        Args:
            listener: The door.
            bound: Who can, as far as the container itself says.
            inside: The container's namespace.
        """
        from tojimari.app.passages import PROTOCOLS  # noqa: PLC0415 - heavy

        endpoint = listener.endpoint
        if endpoint.transport not in PROTOCOLS or endpoint.is_loopback:
            return bound
        addresses = [
            address
            for interface in inside.interfaces
            for address in (text.partition("/")[0] for text in interface.addresses)
            if interface.up and interface.kind != "loopback" and not address.startswith("fe80")
            if endpoint.is_wildcard or address == endpoint.address
        ]
        reaches: list[Reach] = []
        for reach in bound.reaches:
            found = [
                passage
                for address in addresses
                for passage in self._forwarded(endpoint, address, reach.zone)
            ]
            is_shut = found and all(one.certainty is Certainty.NO for one in found)
            reaches.append(joined(reach, found) if is_shut else reach)
        return replace(bound, reaches=tuple(reaches))

    def _forwarded(self, endpoint: Endpoint, address: str, zone: Zone) -> list[Passage]:
        """What becomes of packets from outside to an address of a container.

        Containers whose addresses no rule and no route tells apart fare alike.
        """
        from bisect import bisect_right  # noqa: PLC0415 - where there are rules

        from tojimari.app.passages import followed  # noqa: PLC0415 - heavy
        from tojimari.firewall import intervals  # noqa: PLC0415 - the same

        if zone.distance < Zone.LAN.distance:
            return []
        program, machine = self.firewall.program, self.firewall.machine
        family = intervals.IPV6 if ":" in address else intervals.IPV4
        number = intervals.parse_address(address, family)
        key = (
            endpoint.transport,
            bisect_right(program.ports, endpoint.port),
            family,
            program.address_class(family, number),
            machine.leaves_by(family, number),
            zone,
        )
        if key not in self._through:
            self._through[key] = [
                passage
                for place in self.places
                if place.zone is zone and place.family == family
                for passage in followed(
                    self.firewall, place, endpoint.transport, endpoint.port, address
                )
            ]
        return self._through[key]

    def passages(self, listener: Listener) -> dict[Zone, list[Passage]]:
        """What becomes of packets to a door, by the zone that they come from."""
        from bisect import bisect_right  # noqa: PLC0415 - where there are rules

        from tojimari.app.passages import followed  # noqa: PLC0415 - heavy

        endpoint = listener.endpoint
        address = None if endpoint.is_wildcard else endpoint.address.partition("%")[0]
        families = _families(listener)
        key = (
            endpoint.transport,
            bisect_right(self.firewall.program.ports, endpoint.port),
            address,
            families,
            listener.interface,
        )
        if key not in self._known:
            found: dict[Zone, list[Passage]] = {}
            for place in self.places:
                if place.family not in families or not _comes_by(place, listener.interface):
                    continue
                found.setdefault(place.zone or Zone.INTERNET, []).extend(
                    followed(self.firewall, place, endpoint.transport, endpoint.port, address)
                )
            self._known[key] = found
        return self._known[key]

    def _loopback(self, listener: Listener, bound: Exposure) -> Exposure:
        """A door for this machine alone, which a setting may open to the neighbours."""
        open_interfaces = self.firewall.machine.route_localnet
        if not open_interfaces or listener.endpoint.is_ipv6:
            return let_in(bound)
        found = self.passages(listener)
        reaches: list[Reach] = []
        for reach in bound.reaches:
            coming = [one for one in found.get(reach.zone, []) if one.interface in open_interfaces]
            # No router passes on what is sent to 127.0.0.0/8 (RFC 1122, section 3.2.1.3).
            if reach.zone not in {Zone.LAN, Zone.CONTAINERS} or not coming:
                reaches.append(reach)
            else:
                reaches.append(joined(replace(reach, certainty=Certainty.YES), coming))
        return Exposure(tuple(reaches), BOTH)


def _families(listener: Listener) -> frozenset[int]:
    if not listener.endpoint.is_ipv6:
        return frozenset({4})
    dual = listener.endpoint.is_wildcard and listener.v6only is False
    return frozenset({4, 6}) if dual else frozenset({6})


def _comes_by(place: "Standpoint", interface: str | None) -> bool:
    return interface is None or place.interface in {None, interface}


def joined(bound: Reach, found: list[Passage]) -> Reach:
    """One zone: the address, and what becomes of packets to it."""
    if bound.certainty is Certainty.NO or not found:
        return bound
    from tojimari.app.passages import reach_of  # noqa: PLC0415 - heavy

    said = reach_of(bound.zone, found)
    alike = [one for one in said.passages if one.certainty is said.certainty]
    first = next((one for one in alike if one.decider is not None), alike[0])
    made = replace(said, because=first.because, by=Witness.FIREWALL)
    if said.certainty is Certainty.NO:
        return made
    if bound.certainty is Certainty.MAYBE:
        return replace(made, certainty=Certainty.MAYBE, because=bound.because, by=Witness.KERNEL)
    if said.certainty is Certainty.YES and first.decider is None and first.redirection is None:
        return replace(made, because=bound.because, by=Witness.KERNEL)
    return made


def observation(kernels: Observation, reached: Exposure) -> Observation:
    """What the firewall says of a door, as one sentence.

    Args:
        kernels: The kernel's sentence about the same door.
        reached: What was joined.
    """
    outside = [one for one in reached.reaches if one.zone is not Zone.THIS_MACHINE]
    kinds = {one.certainty for one in outside}
    if Certainty.YES in kinds:
        state = State.OPEN
    else:
        state = State.UNKNOWN if Certainty.MAYBE in kinds else State.FILTERED
    said = (
        f"{one.zone}: {one.certainty}, {one.because.text.format_map(one.because.values)}"
        for one in outside
        if one.by is Witness.FIREWALL
    )
    return replace(
        kernels,
        witness=Witness.FIREWALL,
        state=state,
        evidence="; ".join(said) or "no rule in the way",
    )
