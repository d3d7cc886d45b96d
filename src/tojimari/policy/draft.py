"""From the doors that are open now to lines that a policy could have.

A proposal approves nothing: it has no reason yet, and only a person can give one.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tojimari.core.door import Door
from tojimari.core.endpoint import Transport
from tojimari.core.exposure import Zone
from tojimari.core.intent import PortRange
from tojimari.core.meaning import Advice
from tojimari.core.socket import Evidence, Owner, Role
from tojimari.policy.fields import TRANSPORTS
from tojimari.policy.writing import Line, is_writable

# What is worth naming in a policy: units of servers. Scopes and transient units have another name
# the next time (systemd.scope(5), systemd-run(1)); a user's manager holds whatever the user starts.
_LASTING_UNIT = re.compile(r"(?!user@|run-)[^.\s]\S*(?:\.service|\.socket)|[^.\s]+")
_NAME = re.compile(r"\S+")
_SERVICE = re.compile(r"[a-z0-9][a-z0-9._+-]*")
INIT = 1  # the process that opens doors for others (systemd.socket(5))


@dataclass(frozen=True, slots=True)
class Proposal:
    """One line that a policy could have.

    Attributes:
        line: The line, its reason empty. Its source is the farthest zone that can come now, as far
            as the firewall could be read.
        suggested: The source that such a door should have; never wider than it has now.
        doors: What is open now; at least one.
    """

    line: Line
    suggested: Zone
    doors: tuple[Door, ...]


@dataclass(frozen=True, slots=True)
class _Holder:
    """Who holds a door, as far as a policy can say it: one of the three, or nobody."""

    container: str | None = None
    unit: str | None = None
    exe: str | None = None


@dataclass(slots=True)
class _Group:
    """Doors of one number and one transport that one holder has."""

    transport: Transport
    holder: _Holder
    doors: list[Door] = field(default_factory=list[Door])

    @property
    def addresses(self) -> frozenset[str]:
        """Where they are; empty where they are at every address."""
        if any(door.endpoint.is_wildcard for door in self.doors):
            return frozenset()
        return frozenset(door.endpoint.address for door in self.doors)

    @property
    def widest(self) -> Zone:
        """Who can come to any of them."""
        return max((one.exposure.farthest for one in self.doors), key=lambda zone: zone.distance)


def proposals(doors: Iterable[Door]) -> tuple[Proposal, ...]:
    """A line for each open door of the machine itself, by port.

    Doors of one number and one holder become one line: IPv4 and IPv6, TCP and UDP. Sockets that
    only wait for an answer, and doors inside containers' own networks, are left out.

    Args:
        doors: What is open now.
    """
    by_port: dict[int, list[Door]] = defaultdict(list)
    for door in doors:
        if door.namespace.is_host and door.is_server and door.endpoint.transport in TRANSPORTS:
            by_port[door.endpoint.port].append(door)
    return tuple(one for port in sorted(by_port) if port for one in _of_one_port(by_port[port]))


def _of_one_port(doors: Sequence[Door]) -> list[Proposal]:
    found: dict[tuple[_Holder, frozenset[str], Zone], list[_Group]] = defaultdict(list)
    for transport in TRANSPORTS:
        groups = _groups([door for door in doors if door.endpoint.transport is transport])
        for group in groups:
            # An address is only said where it tells two holders of one number apart.
            addresses = group.addresses if len(groups) > 1 else frozenset[str]()
            found[group.holder, addresses, group.widest].append(group)
    return [_proposal(groups, sorted(key[1])) for key, groups in found.items()]


def _groups(doors: Sequence[Door]) -> list[_Group]:
    """By holder; by nobody where the holders' addresses do not tell them apart."""
    found: dict[_Holder, _Group] = {}
    for door in doors:
        holder = _holder(door)
        group = found.setdefault(holder, _Group(door.endpoint.transport, holder))
        group.doors.append(door)
    groups = list(found.values())
    taken = [address for group in groups for address in group.addresses or {""}]
    if len(taken) > len(set(taken)):
        return [_Group(doors[0].endpoint.transport, _Holder(), list(doors))]
    return groups


def _proposal(groups: Sequence[_Group], addresses: Sequence[str]) -> Proposal:
    doors = tuple(door for group in groups for door in group.doors)
    port, holder = doors[0].endpoint.port, groups[0].holder
    widest = groups[0].widest
    line = Line(
        ports=(PortRange(port, port),),
        sources=(widest,),
        why="",
        transports=tuple(group.transport for group in groups),
        addresses=tuple(addresses),
        service=_only(_service(door) for door in doors),
        unit=holder.unit,
        exe=holder.exe,
        container=holder.container,
        optional=any(door.listener and door.listener.role is Role.UNSURE for door in doors),
    )
    return Proposal(line, _suggested(widest, doors), doors)


def _suggested(widest: Zone, doors: Iterable[Door]) -> Zone:
    advice = {door.meaning.internet for door in doors}
    if Advice.NEVER in advice:
        limit = Zone.THIS_MACHINE
    elif advice == {None}:
        limit = Zone.LAN
    else:
        limit = Zone.INTERNET
    return min(widest, limit, key=lambda zone: zone.distance)


def _holder(door: Door) -> _Holder:
    """Whoever all owners agree upon; the process that opened the door for another is left out."""
    owners = [one for one in door.owners if one.pid != INIT] or list(door.owners)
    container = _only(_container(owner) for owner in owners)
    if container is not None:
        return _Holder(container=container)
    unit = _only(owner.unit for owner in owners)
    if unit is not None and _LASTING_UNIT.fullmatch(unit):
        return _Holder(unit=unit)
    exe = _only(None if one.evidence is Evidence.CGROUP else one.exe for one in owners)
    if exe is not None and exe.startswith("/") and is_writable(exe):
        return _Holder(exe=exe)
    return _Holder()


def _container(owner: Owner) -> str | None:
    if owner.container is None:
        return None
    name = owner.container.name or owner.container.id
    return name if _NAME.fullmatch(name) and is_writable(name) else None


def _service(door: Door) -> str | None:
    """What speaks there by its own word, or by the program; a number alone says nothing sure."""
    if door.service is not None:
        name = f"{door.service.protocol}s" if door.service.tls else door.service.protocol
    else:
        name = (door.meaning.service if door.meaning.by_program else None) or ""
    return name if _SERVICE.fullmatch(name) else None


def _only(values: Iterable[str | None]) -> str | None:
    """The value that all have; None where they differ."""
    found = set(values)
    return found.pop() if len(found) == 1 else None
