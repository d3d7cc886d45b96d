"""Which lines get in each other's way.

A smaller line may stand inside a wider one and decides there. Two lines that say something of the
same door while neither is the smaller are a mistake: the later must not win in silence.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from tojimari.core.intent import Intent
from tojimari.core.message import Message
from tojimari.policy.problem import Problem, Span


def overlaps(places: Mapping[Intent, Span]) -> Iterator[Problem]:
    """A problem for each line that cannot stand beside an earlier one.

    Args:
        places: The lines, each with the place where its ports are written.
    """
    alike: dict[tuple[str, str | None, str | None], list[Intent]] = defaultdict(list)
    for intent in places:
        alike[intent.transport, intent.address, intent.container].append(intent)
    for group in alike.values():
        for earlier, later in _clashes(group):
            yield _problem(earlier, later, places[later])


def _clashes(group: list[Intent]) -> Iterator[tuple[Intent, Intent]]:
    """Pairs that clash, the earlier line first.

    Sorted, each range follows those that it stands in, and those form a stack.
    """
    around: list[Intent] = []
    for intent in sorted(group, key=lambda one: (one.ports.first, -one.ports.last, one.line)):
        while around and around[-1].ports.last < intent.ports.first:
            around.pop()
        outer = around[-1] if around else None
        if outer is None or (outer.ports != intent.ports and intent.ports.last <= outer.ports.last):
            around.append(intent)
        else:
            earlier, later = sorted((outer, intent), key=lambda one: one.line)
            yield earlier, later


def _problem(earlier: Intent, later: Intent, span: Span) -> Problem:
    ports = f"{later.ports}/{later.transport}"
    if earlier.ports == later.ports:
        return Problem(
            span,
            Message(
                "ambiguous",
                "{ports} is in line {line} already",
                {"ports": ports, "line": earlier.line},
            ),
            Message("try", "make one of the two, or give each an address of its own"),
        )
    return Problem(
        span,
        Message(
            "crossing",
            "{ports} and {other} in line {line} overlap in part",
            {"ports": ports, "other": str(earlier.ports), "line": earlier.line},
        ),
        Message("try", "let one end before the other begins, or stand wholly inside it"),
    )
