"""Can a door be reached from farther away than was meant?"""

from collections.abc import Iterator

from tojimari.audit import check, mending
from tojimari.core.door import Door
from tojimari.core.exposure import Certainty, Zone
from tojimari.core.finding import Finding, Severity
from tojimari.core.intent import Intent
from tojimari.core.message import Message, mark
from tojimari.policy import matching

NAME = "wider"

_TEXT = {
    Zone.INTERNET: mark("It is meant for {meant} only, and the internet can reach it."),
    Zone.LAN: mark("It is meant for {meant} only, and the local network (LAN) can reach it."),
    Zone.CONTAINERS: mark("It is meant for {meant} only, and containers can reach it."),
}
_SEVERITY = {Zone.INTERNET: Severity.HIGH, Zone.LAN: Severity.MEDIUM}


def ask(scene: check.Scene) -> Iterator[Finding]:
    """Every door that all of a zone can certainly reach which its line does not allow.

    Where a rule lets in only a part of the zone, ``allows_wider`` looks closer.
    """
    for door in scene.doors:
        if door.intent is None:
            continue
        reaches = [
            reach
            for reach in matching.beyond(door.exposure, door.intent, scene.networks)
            if reach.certainty is Certainty.YES and reach.whole
        ]
        if reaches:
            yield _wider(door, door.intent, reaches[-1].zone)
        elif matching.address_disagrees(door.intent, door.endpoint):
            yield _elsewhere(door, door.intent)


def _wider(door: Door, intent: Intent, zone: Zone) -> Finding:
    reach = next(one for one in door.exposure.reaches if one.zone is zone)
    deciders = tuple(one.decider for one in reach.passages if one.decider is not None)
    return check.about(
        door,
        check=NAME,
        severity=_SEVERITY.get(zone, Severity.LOW),
        message=Message(
            f"wider-{zone}", _TEXT[zone], {"meant": ", ".join(intent.sources) or Zone.THIS_MACHINE}
        ),
        intent=intent,
        extra=(reach.because.text.format_map(reach.because.values),),
        rules=deciders[:1],
    )


def _elsewhere(door: Door, intent: Intent) -> Finding:
    return check.about(
        door,
        check=NAME,
        severity=Severity.LOW,
        message=Message(
            "wider-address",
            "It is meant to be at {meant}, and stands at {address}.",
            {"meant": intent.address or "", "address": door.endpoint.address},
        ),
        intent=intent,
    )


CHECK = check.Check(
    NAME, mark("Can a door be reached from farther away than was meant?"), ask, mending.narrow
)
