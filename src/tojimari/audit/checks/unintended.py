"""Is a door open that nobody meant to be open?"""

from collections.abc import Iterator

from tojimari.audit import check, mending
from tojimari.core.door import Door
from tojimari.core.exposure import Zone
from tojimari.core.finding import Finding, Severity
from tojimari.core.meaning import Advice
from tojimari.core.message import Message, mark

NAME = "unintended"

# A door that only this machine can reach is worth a line, not an alarm: nobody comes in by it.
_SEVERITY = {
    Zone.INTERNET: Severity.HIGH,
    Zone.LAN: Severity.MEDIUM,
    Zone.CONTAINERS: Severity.LOW,
    Zone.THIS_MACHINE: Severity.INFO,
}


def ask(scene: check.Scene) -> Iterator[Finding]:
    """Every open door that no line of the policy covers."""
    if not scene.has_policy:
        return
    for door in scene.doors:
        if door.intent is None:
            yield check.about(
                door,
                check=NAME,
                severity=_severity(door),
                message=Message(
                    "unintended-open",
                    "No line of the policy means this door to be open; {program} opened it.",
                    {"program": check.program(door)},
                ),
            )


def _severity(door: Door) -> Severity:
    # Where the firewall could not be read, the door is judged by its address: it is open.
    severity = _SEVERITY[door.exposure.farthest]
    if severity is Severity.HIGH and door.meaning.internet is Advice.NEVER:
        return Severity.CRITICAL
    return severity


CHECK = check.Check(NAME, mark("Is a door open that nobody meant to be open?"), ask, mending.close)
