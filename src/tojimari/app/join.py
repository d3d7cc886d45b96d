"""The witnesses' words, joined into doors."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from tojimari.app import exposures
from tojimari.core import networks
from tojimari.core.door import Door
from tojimari.core.endpoint import Endpoint, Transport
from tojimari.core.exposure import Exposure, Zone
from tojimari.core.intent import Intent
from tojimari.core.meaning import Meaning
from tojimari.core.observation import Observation, State, Witness
from tojimari.core.socket import InsideView, Listener, Namespace
from tojimari.policy import matching
from tojimari.sockets.exposure import exposure

if TYPE_CHECKING:
    from tojimari.app.exposures import Gate
    from tojimari.app.firewalls import Firewalls
    from tojimari.firewall.wall import Wall

UNKNOWN_NAMESPACE = "netns:{inode}"

MeaningOf = Callable[[Endpoint, tuple[str, ...]], Meaning]


def doors(
    view: InsideView, meaning: MeaningOf, walls: "Firewalls | None" = None
) -> tuple[Door, ...]:
    """Each door with who can reach it and what it usually means, by port.

    Args:
        view: What the kernel said.
        meaning: The registry's word for an endpoint and the programs that hold it.
        walls: What the firewalls said; None where nobody asked them. Doors that they open without
            any socket are listed, too.
    """
    namespaces = {one.inode: one for one in view.namespaces}
    gates = _gates(walls, namespaces) if walls is not None else {}
    bound: dict[object, Exposure] = {}
    made: list[Door] = []
    for listener in view.listeners:
        # Many doors stand at the same addresses, and what follows from those is the same for all.
        key = (listener.netns, listener.endpoint.address, listener.v6only, listener.interface)
        if key not in bound:
            bound[key] = exposure(listener, namespaces)
        door = _door(listener, namespaces, bound[key], view.at, meaning)
        made.append(door if walls is None else _guarded(door, listener, walls, gates))
    if gates:
        made = _with_forwarded(made, view, namespaces, gates, meaning)
    return tuple(sorted(made, key=_order))


def _gates(walls: "Firewalls", namespaces: Mapping[int, Namespace]) -> dict[int, "Gate"]:
    """The firewalls that were read, ready to be asked; made once."""
    if walls.read and not walls.gates:
        near = zone_networks(namespaces.values())
        for inode, firewall in walls.read.items():
            walls.gates[inode] = exposures.Gate(firewall, namespaces[inode], near)
    return walls.gates


def _guarded(
    door: Door, listener: Listener, walls: "Firewalls", gates: Mapping[int, "Gate"]
) -> Door:
    """The same door with the firewall's word."""
    bound, inode = door.exposure, listener.netns
    if inode in walls.free:
        reached = exposures.let_in(bound)
    elif inode in gates:
        reached = gates[inode].join(listener, bound)
    else:
        reached = exposures.unsure(bound)
    for gate in gates.values():
        if gate.namespace.is_host and not door.namespace.is_host:
            reached = gate.through(listener, reached, door.namespace)
    seen = door.observations
    if reached.witnesses is not bound.witnesses:
        seen = (*seen, exposures.observation(seen[0], reached))
    return replace(door, exposure=reached, observations=seen)


def _with_forwarded(
    made: list[Door],
    view: InsideView,
    namespaces: Mapping[int, Namespace],
    gates: Mapping[int, "Gate"],
    meaning: MeaningOf,
) -> list[Door]:
    """The doors, with where rules send what comes to them, and those that only rules open."""
    from tojimari.app import forwarded  # noqa: PLC0415 - heavy, and most machines have no rules

    found: list[Door] = []
    for door in made:
        gate = gates.get(door.namespace.inode)
        sent = None
        if gate is not None and door.listener is not None:
            sent = forwarded.of_held(gate, door.listener, door.exposure, view.listeners, namespaces)
        found.append(door if sent is None else replace(door, forwarding=sent))
    for gate in gates.values():
        for one in forwarded.doors(gate, view.listeners, namespaces):
            by = one.forwarding.to.decider
            seen = Observation(
                endpoint=one.endpoint,
                netns=gate.namespace.inode,
                witness=Witness.FIREWALL,
                state=State.OPEN if one.exposure.from_outside else State.UNKNOWN,
                evidence=by.words.text.format_map(by.words.values) if by else "sent on",
                vantage="inside",
                at=view.at,
            )
            door = Door(
                one.endpoint,
                gate.namespace,
                None,
                one.exposure,
                observations=(seen,),
                forwarding=one.forwarding,
                last=one.last,
            )
            found.append(replace(door, meaning=meaning(door.endpoint, door.programs)))
    return found


def meant(door: Door, intent: Intent | None) -> Door:
    """The same door with the line of the policy that covers it."""
    return replace(door, intent=intent)


def line(intents: Iterable[Intent], door: Door) -> Intent | None:
    """The line of the policy that covers a door; for several numbers, one that covers them all."""
    found = matching.covering(intents, door)
    if found is None or door.last is None or door.last in found.ports:
        return found
    return None


def walls(read: "Firewalls", namespaces: Iterable[Namespace]) -> dict[int, "Wall"]:
    """The firewalls that were read, for those who judge them."""
    gates = _gates(read, {one.inode: one for one in namespaces})
    return {inode: gate.wall() for inode, gate in gates.items()}


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
