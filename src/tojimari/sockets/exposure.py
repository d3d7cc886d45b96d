"""From where a socket takes what arrives, judged by its bound address and the interfaces alone.

The firewall has not been asked here: "certainly" means that the socket takes what reaches it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tojimari.core import networks
from tojimari.core.endpoint import Endpoint
from tojimari.core.exposure import Certainty, Exposure, Reach, Zone
from tojimari.core.interface import Interface
from tojimari.core.message import Message
from tojimari.core.observation import Witness
from tojimari.core.socket import Listener, Namespace

_KERNEL_ONLY = frozenset({Witness.KERNEL})


@dataclass(frozen=True, slots=True)
class _Place:
    """One address at which the door stands."""

    address: str
    interface: Interface


def exposure(listener: Listener, namespaces: Mapping[int, Namespace]) -> Exposure:
    """Who can come to a door, as far as its own address says.

    Args:
        listener: The door.
        namespaces: By inode; the listener's own may be missing, then nothing farther than this
            machine is sure.
    """
    namespace = namespaces.get(listener.netns)
    endpoint = listener.endpoint
    if endpoint.is_loopback:
        return _only_here(
            Message(
                "bound-to-loopback",
                "It is bound to {address}, where only this machine can knock.",
                {"address": endpoint.address},
            )
        )
    if namespace is None or not namespace.interfaces:
        return _unknown_network(endpoint)
    places = tuple(_places(listener, namespace))
    if not places:
        return _only_here(
            Message(
                "no-address-up",
                "No interface that is up carries {address}.",
                {"address": endpoint.address},
            )
        )
    return Exposure(tuple(_reach(zone, places, namespace) for zone in Zone), _KERNEL_ONLY)


def _places(listener: Listener, namespace: Namespace) -> Iterator[_Place]:
    endpoint = listener.endpoint
    everywhere = endpoint.is_wildcard or listener.multicast
    for interface in namespace.interfaces:
        if not interface.up or listener.interface not in {None, interface.name}:
            continue
        for network in interface.addresses:
            address = network.partition("/")[0]
            if everywhere:
                if _takes_family(listener, is_ipv6=":" in address):
                    yield _Place(address, interface)
            elif address == endpoint.address.partition("%")[0]:
                yield _Place(address, interface)


def _takes_family(listener: Listener, *, is_ipv6: bool) -> bool:
    if is_ipv6:
        return listener.endpoint.is_ipv6
    return not listener.endpoint.is_ipv6 or listener.v6only is False


def _reach(zone: Zone, places: tuple[_Place, ...], namespace: Namespace) -> Reach:
    if zone is Zone.THIS_MACHINE:
        return Reach(
            zone, Certainty.YES, Message("local", "Programs on this machine can always knock.")
        )
    for place in places:
        if _serves(zone, place, namespace):
            return Reach(zone, Certainty.YES, _because(place))
    return _not_sure(zone, places, namespace)


def _serves(zone: Zone, place: _Place, namespace: Namespace) -> bool:
    interface = place.interface
    if interface.kind == "loopback":
        # A public address may stand on lo (anycast, load balancers); the world is routed to it.
        return zone is Zone.INTERNET and networks.is_public(place.address)
    to_containers = not namespace.is_host or networks.is_container_interface(interface.name)
    if zone is Zone.CONTAINERS:
        return to_containers
    if networks.is_public(place.address):
        return True
    return zone is Zone.LAN and not (to_containers and interface.kind not in {"macvlan", "ipvlan"})


def _not_sure(zone: Zone, places: tuple[_Place, ...], namespace: Namespace) -> Reach:
    outward = any(place.interface.kind != "loopback" for place in places)
    if not outward:
        return Reach(
            zone,
            Certainty.NO,
            Message("loopback-only", "It stands on the loopback interface only."),
        )
    if zone is Zone.CONTAINERS:
        return Reach(
            zone,
            Certainty.NO,
            Message("no-container-network", "No container network leads to it."),
        )
    if not namespace.is_host:
        return Reach(
            zone,
            Certainty.MAYBE,
            Message(
                "inside-namespace",
                "It stands inside {namespace}; whether this machine forwards to it, the firewall"
                " knows.",
                {"namespace": namespace.name},
            ),
        )
    return Reach(
        zone,
        Certainty.MAYBE,
        Message(
            "private-address",
            "Its addresses are private; a router in front may forward to them.",
        ),
    )


def _because(place: _Place) -> Message:
    values: dict[str, str | int] = {"address": place.address, "interface": place.interface.name}
    if networks.is_public(place.address):
        return Message("public-address", "{address} on {interface} is a public address.", values)
    return Message("private-network", "{address} on {interface} is in a private network.", values)


def _only_here(because: Message) -> Exposure:
    return Exposure(
        tuple(
            Reach(zone, Certainty.YES if zone is Zone.THIS_MACHINE else Certainty.NO, because)
            for zone in Zone
        ),
        _KERNEL_ONLY,
    )


def _unknown_network(endpoint: Endpoint) -> Exposure:
    because = Message(
        "interfaces-unseen",
        "The interfaces that carry {address} could not be read.",
        {"address": endpoint.address},
    )
    return Exposure(
        tuple(
            Reach(zone, Certainty.YES if zone is Zone.THIS_MACHINE else Certainty.MAYBE, because)
            for zone in Zone
        ),
        _KERNEL_ONLY,
    )
