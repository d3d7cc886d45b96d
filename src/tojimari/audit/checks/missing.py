"""Is a door shut that was meant to be open?"""

from collections.abc import Iterator

from tojimari.audit import check
from tojimari.core.finding import Finding, Severity
from tojimari.core.message import Message, mark

NAME = "missing"


def ask(scene: check.Scene) -> Iterator[Finding]:
    """Every line of the policy that means a door which nobody holds open."""
    used = {door.intent for door in scene.doors}
    for intent in scene.intents:
        expired = intent.until is not None and intent.until < scene.today
        if intent in used or intent.optional or expired:
            continue
        yield Finding(
            check=NAME,
            severity=Severity.MEDIUM,
            message=Message(
                "missing-door",
                "{port}/{transport} is meant to be open ({why}), and nothing listens there.",
                {"port": str(intent.ports), "transport": intent.transport, "why": intent.why},
            ),
            door=None,
            intent=intent,
            evidence=("kernel: no socket",),
            next=f"tojimari port {intent.ports.first}",
        )


CHECK = check.Check(NAME, mark("Is a door shut that was meant to be open?"), ask)
