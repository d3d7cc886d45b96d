"""Does the firewall let somebody in where nobody listens?"""

from collections.abc import Iterator

from tojimari.audit import check
from tojimari.core.finding import Finding, Severity
from tojimari.core.message import Message, mark

NAME = "idle-rule"
_TRANSPORTS = {6: "tcp", 17: "udp"}  # IANA's protocol numbers


def ask(scene: check.Scene) -> Iterator[Finding]:
    """Every rule on the way in that names ports at which no door is.

    Rules that a firewall's manager brings along by itself are nobody's mistake.
    """
    if not scene.walls:
        return
    from tojimari.firewall import facts, owners  # noqa: PLC0415 - heavy, and only where rules stand
    from tojimari.firewall.wall import NUMBERS  # noqa: PLC0415 - the same

    for wall in scene.walls.values():
        listening = [
            (NUMBERS[door.endpoint.transport], port)
            for door in scene.doors
            if door.namespace.inode == wall.netns and door.endpoint.transport in NUMBERS
            for port in range(door.endpoint.port, (door.last or door.endpoint.port) + 1)
        ]
        for fact in facts.rules_without_listener(wall.reasoner.program, listening):
            if owners.is_built_in(fact.place):
                continue
            first, last = fact.ports[0]
            rule = owners.decider(fact.place, first, fact.protocol)
            yield Finding(
                check=NAME,
                severity=Severity.INFO,
                message=Message(
                    "idle-rule",
                    "The firewall lets others in to {port}/{transport}, where nobody listens.",
                    {
                        "port": str(first) if first == last else f"{first}-{last}",
                        "transport": _TRANSPORTS.get(fact.protocol, str(fact.protocol)),
                    },
                ),
                door=None,
                intent=None,
                evidence=(check.spoken(rule),),
                next=f"tojimari reach {first}",
                rules=(rule,),
            )


CHECK = check.Check(NAME, mark("Does the firewall let somebody in where nobody listens?"), ask)
