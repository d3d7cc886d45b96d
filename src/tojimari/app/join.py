"""The witnesses' words, joined into doors."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from tojimari.core import networks
from tojimari.core.door import Door
from tojimari.core.endpoint import Endpoint, Transport
from tojimari.core.exposure import Exposure, Zone
from tojimari.core.intent import Intent
from tojimari.core.meaning import Meaning
from tojimari.core.observation import Observation, State, Witness
from tojimari.core.socket import InsideView, Listener, Namespace
from tojimari.sockets.exposure import exposure

UNKNOWN_NAMESPACE = "netns:{inode}"

MeaningOf = Callable[[Endpoint, tuple[str, ...]], Meaning]


def doors(view: InsideView, meaning: MeaningOf) -> tuple[Door, ...]:
    """Each listener with who can reach it and what it usually means, by port.

    Args:
        view: What the kernel said.
        meaning: The registry's word for an endpoint and the programs that hold it.
    """
    namespaces = {one.inode: one for one in view.namespaces}
    exposures: dict[object, Exposure] = {}
    joined: list[Door] = []
    for listener in view.listeners:
        # Many doors stand at the same addresses, and what follows from those is the same for all.
        key = (listener.netns, listener.endpoint.address, listener.v6only, listener.interface)
        if key not in exposures:
            exposures[key] = exposure(listener, namespaces)
        joined.append(_door(listener, namespaces, exposures[key], view.at, meaning))
    return tuple(sorted(joined, key=_order))


def meant(door: Door, intent: Intent | None) -> Door:
    """The same door with the line of the policy that covers it."""
    return replace(door, intent=intent)


def zone_networks(namespaces: Iterable[Namespace]) -> Mapping[Zone, tuple[str, ...]]:
    """The networks that are the whole of a zone, by the addresses of the host's interfaces."""
    found: dict[Zone, list[str]] = {Zone.CONTAINERS: [], Zone.LAN: []}
    for namespace in namespaces:
        if not namespace.is_host:
            continue
        for interface in namespace.interfaces:
            if interface.kind == "loopback" or not interface.up:
                continue
            inner = networks.is_container_interface(interface.name)
            zone = Zone.CONTAINERS if inner else Zone.LAN
            found[zone] += [networks.network(address) for address in interface.addresses]
    return {zone: tuple(dict.fromkeys(those)) for zone, those in found.items() if those}


def _door(
    listener: Listener,
    namespaces: Mapping[int, Namespace],
    reached: Exposure,
    at: float,
    meaning: MeaningOf,
) -> Door:
    inode = listener.netns
    namespace = namespaces.get(inode) or Namespace(
        inode, UNKNOWN_NAMESPACE.format(inode=inode), is_host=False
    )
    seen = Observation(
        endpoint=listener.endpoint,
        netns=inode,
        witness=Witness.KERNEL,
        state=State.OPEN,
        evidence="listening" if listener.endpoint.transport is Transport.TCP else "bound",
        vantage="inside",
        at=at,
    )
    door = Door(listener.endpoint, namespace, listener, reached, observations=(seen,))
    return replace(door, meaning=meaning(door.endpoint, door.programs))


def _order(door: Door) -> tuple[int, str, str, bool, int]:
    endpoint = door.endpoint
    inside = not door.namespace.is_host
    return endpoint.port, endpoint.transport, endpoint.address, inside, door.namespace.inode
