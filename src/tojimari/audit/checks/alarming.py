"""Is something reachable from afar that should never be, whatever anybody meant?"""

from collections.abc import Iterator

from tojimari.audit import check, mending
from tojimari.core.door import Door
from tojimari.core.exposure import Zone
from tojimari.core.finding import Finding, Severity
from tojimari.core.meaning import Advice
from tojimari.core.message import Message, mark

NAME = "alarming"

_SEVERITY = {Zone.INTERNET: Severity.CRITICAL, Zone.LAN: Severity.MEDIUM}


def ask(scene: check.Scene) -> Iterator[Finding]:
    """Databases, Telnet, remote desktops, debuggers and the like where others can knock.

    A line of the policy that covers the door answers for it. Where a policy leaves the door out,
    ``unintended`` says so already.
    """
    if scene.has_policy:
        return
    for door in scene.doors:
        zone = door.exposure.farthest
        severity = _SEVERITY.get(zone)
        if severity is not None and door.meaning.internet is Advice.NEVER:
            is_certain = door.exposure.widest is zone
            yield check.about(
                door,
                check=NAME,
                severity=severity,
                message=_message(door) if is_certain else _perhaps(door),
                is_certain=is_certain,
            )


def _message(door: Door) -> Message:
    values: dict[str, str | int] = {
        "service": door.meaning.service or "?",
        "program": check.program(door),
    }
    if door.exposure.widest is Zone.INTERNET:
        return Message(
            "alarming-internet",
            "{service} should never face the internet; {program} opened it there.",
            values,
        )
    return Message(
        "alarming-lan",
        "{service} should not be open to others without need; {program} opened it to the LAN.",
        values,
    )


def _perhaps(door: Door) -> Message:
    """What is said where a firewall that could not be read may keep others out."""
    return Message(
        "alarming-perhaps",
        "{service} should not be open to others; {program} opened {number}, and whether the"
        " firewall keeps others out could not be seen.",
        {
            "service": door.meaning.service or "?",
            "program": check.program(door),
            "number": door.number,
        },
    )


CHECK = check.Check(
    NAME,
    mark("Is something reachable from afar that should never be, whatever was meant?"),
    ask,
    mending.close,
)
