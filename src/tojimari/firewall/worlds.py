"""Packets that go several ways at once, and what is remembered of where they went."""

from dataclasses import dataclass, field
from typing import TypeAlias

from tojimari.firewall.intervals import Intervals, union, union_all
from tojimari.firewall.program import Place
from tojimari.firewall.ruleset import Hook
from tojimari.firewall.state import State

Forks: TypeAlias = frozenset[int]

MAX_WORLDS = 64  # packets that differ in mark or destination; beyond, marks are taken as unknown


@dataclass(slots=True)
class World:
    """One packet on its way, from every source of a set."""

    state: State
    sources: Intervals
    forks: Forks = frozenset()


@dataclass(slots=True)
class Event:
    """A verdict of one base chain, or of the kernel itself."""

    hook: Hook | None
    place: Place | None  # None: the kernel
    reason: str  # the kernel's reason
    state: State
    sources: Intervals
    forks: Forks


@dataclass(frozen=True, slots=True)
class Visit:
    """A rule that took part of the sources; kept only where a path is asked for."""

    hook: Hook
    place: Place
    sources: Intervals
    verdict: str


@dataclass(slots=True)
class Ending:
    """Where the packet of some sources ended.

    Attributes:
        sources: Which.
        arrives: Whether it got where it wanted.
        state: The packet at its end.
        forks: The doubts it went through, and the side that it took.
        event: For a packet that does not arrive: what stopped it.
    """

    sources: Intervals
    arrives: bool
    state: State
    forks: Forks
    event: Event | None


@dataclass(slots=True)
class Walk:
    """The answer to one question.

    Attributes:
        endings: All sources, by what became of them; a source in two endings is in doubt.
        accepted: Verdicts of base chains that let something on, in the order in which they fell.
        visits: Rules that matched, where a path was asked for.
    """

    endings: list[Ending] = field(default_factory=list[Ending])
    accepted: list[Event] = field(default_factory=list[Event])
    visits: list[Visit] = field(default_factory=list[Visit])

    def arriving(self) -> Intervals:
        """Sources of which some packet may arrive."""
        return union_all(ending.sources for ending in self.endings if ending.arrives)

    def stopped(self) -> Intervals:
        """Sources of which some packet may be stopped."""
        return union_all(ending.sources for ending in self.endings if not ending.arrives)


def merged(worlds: list[World]) -> list[World]:
    """One world for each state; see the comment for what becomes of their doubts."""
    if len(worlds) <= 1:
        return [world for world in worlds if world.sources]
    alike: dict[tuple[object, ...], list[World]] = {}
    for world in worlds:
        if world.sources:
            alike.setdefault((world.forks, *world.state.key), []).append(world)
    found: dict[tuple[object, ...], World] = {}
    for key, group in alike.items():
        first = group[0]
        sources = first.sources
        if len(group) > 1:
            sources = union_all(one.sources for one in group)
        known = found.get(key[1:])
        if known is None:
            found[key[1:]] = World(first.state, sources, first.forks)
        # Both sides of one doubt that lead to one state: it made no difference. Otherwise keep
        # every doubt of either; too many doubts make an answer less sure, never wrong.
        elif known.sources == sources and _two_sides(known.forks ^ first.forks):
            known.forks &= first.forks
        else:
            known.forks |= first.forks
            known.sources = union(known.sources, sources)
    if len(found) > MAX_WORLDS:
        return _without_marks(list(found.values()))
    return list(found.values())


def _two_sides(apart: Forks) -> bool:
    if not apart:
        return True
    if len(apart) != 2:  # noqa: PLR2004 - two ends, or two parts
        return False
    one, other = apart
    return one ^ other == 1


def _without_marks(worlds: list[World]) -> list[World]:
    for world in worlds:
        world.state = world.state.copy()
        world.state.mark = None
        world.state.ct_mark = None
    found: dict[tuple[object, ...], World] = {}
    for world in worlds:
        known = found.setdefault(world.state.key, World(world.state, [], world.forks))
        known.forks |= world.forks
        known.sources = union(known.sources, world.sources)
    return list(found.values())
