"""Does something else speak behind a door than was meant?"""

from collections.abc import Iterator

from tojimari.audit import check, mending
from tojimari.core.door import Door
from tojimari.core.finding import Finding, Severity
from tojimari.core.intent import Intent
from tojimari.core.message import Message, mark
from tojimari.core.service import Confidence, Service
from tojimari.policy import matching

NAME = "wrong-service"

_SEVERITY = {Confidence.CERTAIN: Severity.HIGH, Confidence.LIKELY: Severity.MEDIUM}


def ask(scene: check.Scene) -> Iterator[Finding]:
    """Every door whose line in the policy names a service, and which another one answered.

    Where nobody listened, or it said nothing that could tell, nothing is said.
    """
    for door in scene.doors:
        intent, service = door.intent, door.service
        if intent is None or intent.service is None or service is None or service.protocol == "tls":
            continue
        from tojimari.audit import habits  # noqa: PLC0415 - heavy, and only after a conversation

        def same(meant: str, spoken: str, heard: Service = service) -> bool:
            return meant == spoken or habits.agrees(meant, heard)

        if matching.service_disagrees(intent, service, same):
            yield _finding(door, intent, service)


def _finding(door: Door, intent: Intent, service: Service) -> Finding:
    severity = _SEVERITY.get(service.confidence)
    return check.about(
        door,
        check=NAME,
        severity=severity or Severity.INFO,
        message=Message(
            "wrong-service",
            "The policy says {meant}, the conversation says {spoken}.",
            {"meant": intent.service or "", "spoken": service.protocol},
        ),
        intent=intent,
        is_certain=severity is not None,
        next=f"tojimari look {check.asked(door)} --identify",
    )


CHECK = check.Check(
    NAME, mark("Does something else speak behind a door than was meant?"), ask, mending.close
)
