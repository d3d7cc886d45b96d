"""Is a door shut for IPv4 and left open for IPv6?"""

from collections.abc import Iterator
from dataclasses import replace

from tojimari.audit import check, mending
from tojimari.core.door import Door
from tojimari.core.endpoint import Endpoint
from tojimari.core.exposure import Decider, Zone
from tojimari.core.finding import Finding, Severity
from tojimari.core.message import Message, mark

NAME = "ipv6-open"
_ANY = "0.0.0.0"  # noqa: S104 - compared, never bound

_TEXT = {
    Zone.INTERNET: mark("The firewall keeps the internet out by IPv4, and lets it in by IPv6."),
    Zone.LAN: mark(
        "The firewall keeps the local network (LAN) out by IPv4, and lets it in by IPv6."
    ),
}
_SEVERITY = {Zone.INTERNET: Severity.HIGH, Zone.LAN: Severity.MEDIUM}


def ask(scene: check.Scene) -> Iterator[Finding]:
    """Every IPv6 door that others can reach, whose IPv4 is stopped by a rule."""
    for door in scene.doors:
        zone = door.exposure.widest
        if door.endpoint.is_ipv6 and zone in _TEXT and door.namespace.inode in scene.walls:
            rule = _rule(scene, door, zone)
            if rule is not None:
                yield check.about(
                    door,
                    check=NAME,
                    severity=_SEVERITY[zone],
                    message=Message(f"ipv6-open-{zone}", _TEXT[zone]),
                    intent=door.intent,
                    rules=(rule,),
                )


def _rule(scene: check.Scene, door: Door, zone: Zone) -> Decider | None:
    """The rule that stops IPv4 at the same number; None where none does, or nobody is there."""
    from tojimari.firewall import facts, owners  # noqa: PLC0415 - heavy, and only where rules stand

    wall = scene.walls[door.namespace.inode]
    twin = _twin(scene, door)
    if twin is None:
        return None
    for ipv4 in wall.packets(twin, zone, 4):
        for ipv6 in wall.packets(door.endpoint, zone, 6):
            fact = facts.ipv6_left_open(wall.reasoner, ipv4, ipv6)
            if fact is not None:
                return owners.decider(fact.shut, ipv4.port, ipv4.protocol)
    return None


def _twin(scene: check.Scene, door: Door) -> Endpoint | None:
    """The same door by IPv4: the door itself where it takes both, else one with its number."""
    heard, endpoint = door.listener, door.endpoint
    if endpoint.is_wildcard and heard is not None and heard.v6only is False:
        return replace(endpoint, address=_ANY)
    for other in scene.doors:
        twin = other.endpoint
        if (
            (twin.transport, twin.port, other.namespace.inode)
            == (endpoint.transport, endpoint.port, door.namespace.inode)
            and not twin.is_ipv6
            and not twin.is_loopback
        ):
            return twin
    return None


CHECK = check.Check(
    NAME, mark("Is a door shut for IPv4 and left open for IPv6?"), ask, mending.keep_out
)
