"""What somebody should look at in a policy that can be used."""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tojimari.core.exposure import Zone
from tojimari.core.intent import Intent
from tojimari.core.message import Message
from tojimari.policy.document import Policy, Reading
from tojimari.policy.problem import Level, Problem


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What is known of services. The policy knows nothing of them; who calls it may.

    Attributes:
        is_service: Whether a name is a service's.
        never_public: Whether the door of a line should never be open to the internet.
    """

    is_service: Callable[[str], bool]
    never_public: Callable[[Intent], bool]


NOTHING_KNOWN = Knowledge(is_service=lambda _: True, never_public=lambda _: False)


def lint(
    reading: Reading, today: dt.date, knowledge: Knowledge = NOTHING_KNOWN
) -> tuple[Problem, ...]:
    """All that is wrong with a file, and all that is doubtful.

    Args:
        reading: The file, read.
        today: Where the person stands.
        knowledge: What is known of services.

    Returns:
        From the beginning of the file to its end. A file with mistakes has no warnings: what it
        means is not known.
    """
    if reading.policy is None:
        return reading.problems
    found = list(_groups(reading, reading.policy))
    for intent in reading.policy.intents:
        found.extend(_door(reading, intent, today, knowledge))
    # A table of several ports is several intents, but one thing to look at.
    once = {(problem.span, problem.code): problem for problem in reversed(found)}
    return tuple(once[key] for key in sorted(once))


def _groups(reading: Reading, policy: Policy) -> Iterator[Problem]:
    for name in policy.unused:
        if reading.positions is not None:
            yield Problem(
                reading.positions.key(("groups", name)),
                Message("unused-group", 'nothing uses the group "{word}"', {"word": name}),
                Message("try", "take it out, or name it in a door"),
                Level.WARNING,
            )


def _door(
    reading: Reading, intent: Intent, today: dt.date, knowledge: Knowledge
) -> Iterator[Problem]:
    if intent.until is not None and intent.until < today:
        yield Problem(
            reading.place(intent, "until"),
            Message(
                "expired",
                "this line ended on {day}: its door is no longer meant to be open",
                {"day": intent.until.isoformat()},
            ),
            Message("try", "take the line out and close the door, or give it a new last day"),
            Level.WARNING,
        )
    if intent.service and not knowledge.is_service(intent.service):
        yield Problem(
            reading.place(intent, "service"),
            Message("unknown-service", 'no service "{word}" is known', {"word": intent.service}),
            Message("try", "tojimari port --search {word}", {"word": intent.service}),
            Level.WARNING,
        )
    if Zone.INTERNET in intent.sources and knowledge.never_public(intent):
        yield Problem(
            reading.place(intent, "from"),
            Message("never-public", "this door should never be open to the internet"),
            Message("try", "tojimari port {port}", {"port": intent.ports.first}),
            Level.WARNING,
        )
    yield from _redundant(reading, intent)


def _redundant(reading: Reading, intent: Intent) -> Iterator[Problem]:
    """Sources that a farther zone of the same line includes."""
    zones = [zone for zone in Zone if zone in intent.sources]
    widest = max(zones, key=lambda zone: zone.distance, default=Zone.THIS_MACHINE)
    nearer = [zone for zone in zones if zone is not widest]
    networks = len(intent.sources) - len(zones) if widest is Zone.INTERNET else 0
    if nearer or networks:
        yield Problem(
            reading.place(intent, "from"),
            Message("redundant-source", '"{zone}" includes the others', {"zone": widest}),
            Message("try", 'leave the others out, or "{zone}" if it is too wide', {"zone": widest}),
            Level.WARNING,
        )
