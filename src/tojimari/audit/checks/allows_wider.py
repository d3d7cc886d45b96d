"""Does a rule of the firewall let in more than the policy says?"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from tojimari.audit import check, mending
from tojimari.core.door import Door
from tojimari.core.exposure import Certainty, Reach, Zone
from tojimari.core.finding import Finding, Severity
from tojimari.core.intent import Intent
from tojimari.core.message import Message, mark

if TYPE_CHECKING:
    from tojimari.firewall.wall import Wall

NAME = "allows-wider"
SHOWN = 3  # networks that a person reads in one sentence

_SEVERITY = {Zone.INTERNET: Severity.HIGH, Zone.LAN: Severity.MEDIUM}


def ask(scene: check.Scene) -> Iterator[Finding]:
    """Every door that a rule opens for a part of a zone, where the policy means less of it.

    Where all of a zone comes in, ``wider`` says so.
    """
    for door in scene.doors:
        if door.intent is None or door.namespace.inode not in scene.walls:
            continue
        for reach in reversed(door.exposure.reaches):
            if reach.certainty is not Certainty.YES or reach.whole:
                continue
            found = _beyond(scene, door, door.intent, reach)
            if found is not None:
                yield found
                break


def _beyond(scene: check.Scene, door: Door, intent: Intent, reach: Reach) -> Finding | None:
    names = set(Zone)
    allowed = max((Zone(one).distance for one in intent.sources if one in names), default=0)
    if reach.zone.distance <= allowed:
        return None
    networks = _networks(scene.walls[door.namespace.inode], door, intent, reach.zone)
    if not networks:
        return None
    opened = [one for one in reach.passages if one.certainty is Certainty.YES]
    deciders = tuple(one.decider for one in opened if one.decider is not None)
    shown = ", ".join(networks[:SHOWN])
    return check.about(
        door,
        check=NAME,
        severity=_SEVERITY.get(reach.zone, Severity.LOW),
        message=Message(
            "allows-wider",
            "It is meant for {meant} only, and the firewall lets in {more}, too.",
            {
                "meant": ", ".join(intent.sources) or Zone.THIS_MACHINE,
                "more": f"{shown}, ..." if len(networks) > SHOWN else shown,
            },
        ),
        intent=intent,
        rules=deciders[:1],
    )


def _networks(wall: "Wall", door: Door, intent: Intent, zone: Zone) -> list[str]:
    """Those of a zone who certainly come in and are not meant."""
    from tojimari.firewall import facts, intervals  # noqa: PLC0415 - heavy, and only with rules

    heard = door.listener
    is_dual = heard is not None and heard.v6only is False and door.endpoint.is_wildcard
    families = {intervals.IPV6 if door.endpoint.is_ipv6 else intervals.IPV4}
    found: list[str] = []
    for family in sorted(families | ({intervals.IPV4} if is_dual else set())):
        meant = intervals.from_ranges(
            intervals.parse_network(one, family)
            for one in intent.sources
            if one not in set(Zone) and (":" in one) == (family == intervals.IPV6)
        )
        beyond: intervals.Intervals = []
        for packet in wall.packets(door.endpoint, zone, family):
            asked = replace(packet, sources=intervals.difference(packet.sources or [], meant))
            beyond = intervals.union(beyond, facts.wider_sources(wall.reasoner, asked))
        found += islice(intervals.networks(beyond, family), SHOWN + 1)
    return found


CHECK = check.Check(
    NAME, mark("Does a rule of the firewall let in more than the policy says?"), ask, mending.narrow
)
