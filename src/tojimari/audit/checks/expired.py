"""Is a door still open that was meant to be open only until a day that has passed?"""

from collections.abc import Iterator

from tojimari.audit import check, mending
from tojimari.core.finding import Finding, Severity
from tojimari.core.message import Message, mark

NAME = "expired"


def ask(scene: check.Scene) -> Iterator[Finding]:
    """Every open door whose line in the policy has run out."""
    for door in scene.doors:
        intent = door.intent
        if intent is None or intent.until is None or intent.until >= scene.today:
            continue
        yield check.about(
            door,
            check=NAME,
            severity=Severity.MEDIUM,
            message=Message(
                "expired-exception",
                "It was meant to be open until {until} ({why}), and is still open.",
                {"until": intent.until.isoformat(), "why": intent.why},
            ),
            intent=intent,
        )


CHECK = check.Check(
    NAME, mark("Is a door still open after the day it was meant for?"), ask, mending.close
)
