"""Does somebody else hold a door than was meant?"""

from collections.abc import Iterator

from tojimari.audit import check, mending
from tojimari.core.door import Door
from tojimari.core.finding import Finding, Severity
from tojimari.core.intent import Intent
from tojimari.core.message import Message, mark
from tojimari.policy import matching

NAME = "wrong-owner"


def ask(scene: check.Scene) -> Iterator[Finding]:
    """Every door whose unit, executable, user or container is not the one of its line.

    A holder that could not be seen is not called a stranger; it is said that nobody could tell.
    """
    for door in scene.doors:
        if door.intent is not None:
            for difference in matching.owners_disagree(door.intent, door.owners):
                yield _finding(door, door.intent, difference)


def _finding(door: Door, intent: Intent, difference: matching.Disagreement) -> Finding:
    values: dict[str, str | int] = {
        "field": difference.field,
        "meant": difference.meant,
        "port": door.endpoint.port,
        "transport": door.endpoint.transport,
    }
    if difference.found is None:
        return check.about(
            door,
            check=NAME,
            severity=Severity.INFO,
            message=Message(
                "owner-not-verified",
                "{port}/{transport} is meant for {field} {meant}; who holds it could not be seen.",
                values,
            ),
            intent=intent,
            is_certain=False,
        )
    return check.about(
        door,
        check=NAME,
        severity=Severity.HIGH,
        message=Message(
            "wrong-owner",
            "The door is meant for {field} {meant}, and {found} holds it.",
            values | {"found": difference.found or check.program(door)},
        ),
        intent=intent,
    )


CHECK = check.Check(
    NAME, mark("Does somebody else hold a door than was meant?"), ask, mending.close
)
