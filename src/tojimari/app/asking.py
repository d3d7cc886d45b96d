"""Which doors of UDP are asked from outside, so that it stays quick and says what it can.

A shut door of UDP answers with an error, and Linux sends six of them at once and then one a second
(icmp(7): icmp_ratelimit), so nobody can learn of every number. It need not be learnt either: the
kernel says which are held. Those are asked first, while errors come; the others only so that an
answer where nobody should be is heard.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tojimari.app.firewalls import Firewalls
from tojimari.app.scan_plan import USUAL_UDP
from tojimari.core.door import Door
from tojimari.core.endpoint import Transport
from tojimari.core.intent import Intent
from tojimari.scan import ports

NAMED = 128  # numbers that rules or the policy name, at most
ALONE = 8  # numbers up to which each of a run is asked; of a longer one, the first
ASKED_FOR = 128  # numbers that somebody names are all asked up to so many


@dataclass(frozen=True, slots=True)
class Asking:
    """What is asked.

    Attributes:
        held: Numbers at which somebody waits, or from which a rule sends on.
        others: Those that rules or the policy name, and the usual ones.
        programs: Who waits at a number: names.
    """

    held: frozenset[int]
    others: frozenset[int]
    programs: Mapping[int, tuple[str, ...]] = field(default_factory=dict[int, tuple[str, ...]])

    @property
    def numbers(self) -> tuple[int, ...]:
        """All of them, ascending."""
        return tuple(sorted(self.held | self.others))


def asking(
    doors: Iterable[Door],
    ours: int,
    walls: Firewalls,
    intents: Iterable[Intent] = (),
    wanted: frozenset[int] | None = None,
) -> Asking:
    """What is asked of this machine.

    Args:
        doors: Those that are known.
        ours: Inode of our own network namespace.
        walls: What the firewalls said.
        intents: The lines of the policy.
        wanted: Only these numbers; None for all.
    """
    held: set[int] = set()
    programs: dict[int, tuple[str, ...]] = {}
    for door in doors:
        endpoint = door.endpoint
        if endpoint.transport is not Transport.UDP or door.namespace.inode != ours:
            continue
        if endpoint.is_loopback or not (door.is_server or endpoint.port in (wanted or ())):
            continue
        held.add(endpoint.port)
        if door.programs:
            programs[endpoint.port] = (*programs.get(endpoint.port, ()), *door.programs)
    firewall = walls.read.get(ours)
    runs = firewall.program.port_classes() if firewall is not None else []
    meant = [one.ports for one in intents if one.transport is Transport.UDP]
    named = _numbers([(one.first, one.last) for one in meant])
    named += _numbers([one for one in runs if one[1] - one[0] < ALONE])
    others = {*named[:NAMED], *ports.top(USUAL_UDP, Transport.UDP)} - {0}
    if wanted is not None:
        few = wanted if len(wanted) <= ASKED_FOR else frozenset[int]()
        held, others = held & wanted, (others & wanted) | few
    return Asking(frozenset(held - {0}), frozenset(others - held), programs)


def _numbers(runs: Sequence[tuple[int, int]]) -> list[int]:
    """Each number of short runs, the first of long ones."""
    return [
        one
        for first, last in runs
        for one in (range(first, last + 1) if last - first < ALONE else (first,))
    ]
