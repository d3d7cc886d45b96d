"""Does something else speak behind a door than its number says?"""

from collections.abc import Iterator

from tojimari.audit import check
from tojimari.core.door import Door
from tojimari.core.finding import Finding, Severity
from tojimari.core.message import Message, mark

NAME = "moved-service"
WELL_KNOWN = 1023  # the last number that IANA keeps for the services everybody knows (RFC 6335)


def ask(scene: check.Scene) -> Iterator[Finding]:
    """Every door at a protocol's home in which another protocol answered.

    A line of the policy that names a service answers for it; ``wrong_service`` holds it to that.
    """
    for door in scene.doors:
        if door.service is None or (door.intent is not None and door.intent.service is not None):
            continue
        from tojimari.audit import habits  # noqa: PLC0415 - heavy, and only after a conversation

        usual = habits.strangers(door.endpoint, door.service)
        if usual:
            yield _finding(door, usual, door.service.protocol)


def _finding(door: Door, usual: tuple[str, ...], spoken: str) -> Finding:
    is_well_known = door.endpoint.port <= WELL_KNOWN
    return check.about(
        door,
        check=NAME,
        severity=Severity.LOW if is_well_known else Severity.INFO,
        message=Message(
            "moved-service",
            "The number says {usual}, the conversation says {spoken}.",
            {"usual": ", ".join(usual), "spoken": spoken},
        ),
        intent=door.intent,
        next=f"tojimari look {check.asked(door)} --identify",
    )


CHECK = check.Check(
    NAME, mark("Does something else speak behind a door than its number says?"), ask
)
