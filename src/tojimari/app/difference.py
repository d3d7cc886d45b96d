"""What a change did to the firewall: every port and every source, before and after."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from tojimari.app.firewall import Firewall
from tojimari.app.passages import PROTOCOLS, destinations, standpoints
from tojimari.close import table
from tojimari.core.endpoint import Transport
from tojimari.core.exposure import Zone
from tojimari.core.plan import Target
from tojimari.firewall import intervals
from tojimari.firewall.answer import certain_sources
from tojimari.firewall.intervals import Intervals
from tojimari.firewall.reasoner import Question, Reasoner
from tojimari.firewall.sources import Standpoint


@dataclass(frozen=True, slots=True)
class Change:
    """Sources that fare otherwise than before at a run of ports.

    Attributes:
        transport: The way of speaking.
        first: The first port.
        last: The last port.
        family: 4 or 6.
        interface: Where their packets come in.
        closed: Networks that came through before, certainly or perhaps, and no more; at most a few.
        opened: The reverse.
    """

    transport: Transport
    first: int
    last: int
    family: int
    interface: str
    closed: tuple[str, ...]
    opened: tuple[str, ...]


MOST = 4  # networks that one change names
MOST_RUNS = 400  # of ports; each takes about a millisecond a place in a large ruleset


def _others(firewall: Firewall) -> dict[tuple[str, str], object]:
    """Every table but our own, as far as it decides: without its rules' spelling."""
    return {
        (its.family, its.name): (
            its.sets,
            [
                (
                    replace(chain, rules=[]),
                    [(rule.expressions, rule.handle) for rule in chain.rules],
                )
                for chain in its.chains.values()
            ],
        )
        for its in firewall.ruleset.tables
        if (its.family, its.name) != (table.FAMILY, table.NAME)
    }


def differences(before: Firewall, after: Firewall, meant: Collection[int] = ()) -> Iterator[Change]:
    """Everything that is otherwise, port by port.

    A source counts as let through where it certainly is or may be; so what only became certain is
    no change, and nothing that opened is missed.

    Args:
        before: The rules as they were.
        after: The rules as they are.
        meant: The ports that were to change. Where a ruleset is so large that all of it cannot be
            gone through while somebody waits, and no table but our own is another than before, only
            these are reasoned over: our own chain touches nothing but the elements of its sets.
    """
    old, new = (Reasoner(one.program, one.machine) for one in (before, after))
    runs = list(_runs(before, after))
    if len(runs) > MOST_RUNS and _others(before) == _others(after):
        runs = [(first, last) for first, last in runs if any(first <= p <= last for p in meant)]
    for place in standpoints(after):
        for number in destinations(after, place, None):
            for transport in PROTOCOLS:
                for first, last in runs:
                    was = _through(old, before, place, transport, first, number)
                    now = _through(new, after, place, transport, first, number)
                    if was != now:
                        yield Change(
                            transport,
                            first,
                            last,
                            place.family,
                            place.interface or "",
                            _named(intervals.difference(was, now), place.family),
                            _named(intervals.difference(now, was), place.family),
                        )


def let_in(
    firewall: Firewall, target: Target, networks: Sequence[str], *, but: bool
) -> tuple[str, ...]:
    """Who comes through to a door from elsewhere, certainly or perhaps; a few networks of them.

    Args:
        firewall: The rules.
        target: The door.
        networks: Who is asked about; empty for everybody.
        but: Whether all others are meant instead.
    """
    reasoner = Reasoner(firewall.program, firewall.machine)
    found: dict[str, None] = {}
    for place in standpoints(firewall):
        if place.zone is Zone.THIS_MACHINE:
            continue
        meant = replace(place, sources=_meant(networks, place, but=but))
        for number in destinations(firewall, place, None):
            through = _through(reasoner, firewall, meant, target.transport, target.port, number)
            found.update(dict.fromkeys(_named(through, place.family)))
    return tuple(found)[:MOST]


def _meant(networks: Sequence[str], place: Standpoint, *, but: bool) -> Intervals:
    if not networks:
        return place.sources
    # Networks that are named are meant by every interface: nobody says which they come by.
    named = intervals.union_all(
        intervals.interval(*intervals.parse_network(one, place.family))
        for one in networks
        if (":" in one) == (place.family == intervals.IPV6)
    )
    return intervals.difference(place.sources, named) if but else named


def _runs(before: Firewall, after: Firewall) -> Iterator[tuple[int, int]]:
    """Runs of ports that neither of two rulesets tells apart."""
    starts = sorted(
        {first for one in (before, after) for first, _ in one.program.port_classes()} | {0}
    )
    yield from zip(starts, [*(start - 1 for start in starts[1:]), 0xFFFF], strict=True)


def _through(
    reasoner: Reasoner,
    firewall: Firewall,
    place: Standpoint,
    transport: Transport,
    port: int,
    destination: int,
) -> Intervals:
    question = Question(
        place.family, PROTOCOLS[transport], port, destination, place.interface, place.sources
    )
    sure, maybe = certain_sources(firewall.program, reasoner.ask(question))
    return intervals.union(sure, maybe)


def _named(found: Intervals, family: int) -> tuple[str, ...]:
    names: list[str] = []
    for one in intervals.networks(found, family):
        if len(names) == MOST:
            names.append("...")
            break
        names.append(one)
    return tuple(names)
