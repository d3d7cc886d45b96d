"""Can neighbours reach a door that was meant for this machine alone?"""

from collections.abc import Iterator

from tojimari.audit import check, mending
from tojimari.core.door import Door
from tojimari.core.exposure import Decider, Zone
from tojimari.core.finding import Finding, Severity
from tojimari.core.message import Message, mark

NAME = "loopback-reachable"


def ask(scene: check.Scene) -> Iterator[Finding]:
    """Every door at 127.0.0.0/8 that packets from outside come to (``route_localnet``)."""
    for door in scene.doors:
        if not door.endpoint.address.startswith("127.") or door.namespace.inode not in scene.walls:
            continue
        found = _by(scene, door)
        if found is None:
            continue
        interface, rules = found
        yield check.about(
            door,
            check=NAME,
            severity=Severity.MEDIUM,
            message=Message(
                "loopback-reachable",
                "It is at {address}, for this machine alone, yet neighbours on {interface} reach"
                " it: the kernel takes such packets from there (route_localnet).",
                {"address": door.endpoint.address, "interface": interface},
            ),
            intent=door.intent,
            rules=rules,
        )


def _by(scene: check.Scene, door: Door) -> tuple[str, tuple[Decider, ...]] | None:
    """The interface, and the rule that sends it on, if one does; None where nobody gets there."""
    wall = scene.walls[door.namespace.inode]
    taking = wall.reasoner.machine.route_localnet
    if not taking:
        return None
    from tojimari.firewall import facts, owners  # noqa: PLC0415 - heavy, and only where rules stand

    for packet in wall.packets(door.endpoint, Zone.LAN, 4):
        if packet.interface not in taking:
            continue
        fact = facts.loopback_reachable(wall.reasoner, packet)
        if fact is not None:
            by = fact.by
            rules = (owners.decider(by, packet.port, packet.protocol),) if by else ()
            return packet.interface or "?", rules
    return None


CHECK = check.Check(
    NAME,
    mark("Can neighbours reach a door that was meant for this machine alone?"),
    ask,
    mending.drop,
)
