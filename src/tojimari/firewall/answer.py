"""From a walk to an answer: for which sources certainly, for which maybe, and by which rule."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tojimari.core.exposure import Certainty
from tojimari.firewall.intervals import Intervals, difference, intersection, union
from tojimari.firewall.program import Fork, Place, Program
from tojimari.firewall.ruleset import DoubtKind, Hook
from tojimari.firewall.state import State
from tojimari.firewall.worlds import Ending, Event, Forks, Walk


@dataclass(frozen=True, slots=True)
class Piece:
    """Some sources that share one answer.

    Attributes:
        sources: Which.
        certainty: Whether their packet arrives.
        place: The rule, or the chain's policy, that decided; None for the kernel itself.
        reason: The kernel's reason, where ``place`` is None; empty where no chain stands there.
        translation: The rule that rewrote the destination, where one did.
        state: The packet at its end.
        limits: Conditions that hold only sometimes, in the rule's words: ``limit rate 3/minute``.
        doubts: What could not be decided, and where.
    """

    sources: Intervals
    certainty: Certainty
    place: Place | None
    reason: str
    translation: Place | None
    state: State
    limits: tuple[str, ...] = ()
    doubts: tuple[Fork, ...] = ()


def certain_sources(program: Program, walk: Walk) -> tuple[Intervals, Intervals]:
    """The sources whose packet certainly arrives, and those of which it may.

    A source arrives certainly where no way of it is stopped; or where one way that arrives went
    through no doubt but a rate limit, or past a list that packets fill: then it needs only to be
    slow, or new.
    """
    arriving, stopped = walk.arriving(), walk.stopped()
    sure = difference(arriving, stopped)
    maybe = intersection(arriving, stopped)
    if maybe:
        for ending in walk.endings:
            if ending.arrives and ending.forks and _by_waiting(program, ending.forks):
                sure = union(sure, intersection(ending.sources, maybe))
        maybe = difference(maybe, sure)
    return sure, maybe


def pieces(program: Program, walk: Walk) -> list[Piece]:
    """Every source, once, by what becomes of it."""
    sure, maybe = certain_sources(program, walk)
    found: list[Piece] = []
    found += _arriving(program, walk, sure, Certainty.YES)
    found += _arriving(program, walk, maybe, Certainty.MAYBE)
    left = _stopped_only(walk)
    for ending in walk.endings:
        hit = intersection(ending.sources, left) if not ending.arrives else []
        if hit and ending.event is not None:
            left = difference(left, hit)
            event = ending.event
            found.append(Piece(hit, Certainty.NO, event.place, event.reason, None, ending.state))
    return _joined(found)


def _stopped_only(walk: Walk) -> Intervals:
    return difference(walk.stopped(), walk.arriving())


# Doubts, and the side of them, that a sender passes who is slow, or whom no list knows.
_PASSABLE = {
    (DoubtKind.RATE, 0),
    (DoubtKind.RATE, 1),
    (DoubtKind.GUARD, 0),
    (DoubtKind.ABSENCE, 1),
}


def _by_waiting(program: Program, forks: Forks) -> bool:
    """Whether all doubts are such that patience, or a fresh address, is enough."""
    return all((program.forks[fork >> 1].doubt.kind, fork & 1) in _PASSABLE for fork in forks)


def _arriving(
    program: Program, walk: Walk, wanted: Intervals, certainty: Certainty
) -> Iterator[Piece]:
    left = wanted
    stopped = walk.stopped()
    endings = [ending for ending in walk.endings if ending.arrives]
    if certainty is Certainty.YES:
        # The surest way first: it is the one to name.
        endings.sort(key=lambda ending: len(ending.forks))
    for ending in endings:
        hit = intersection(ending.sources, left)
        if not hit:
            continue
        if certainty is Certainty.YES and ending.forks and not _by_waiting(program, ending.forks):
            free = difference(hit, stopped)
            hit = free
            if not hit:
                continue
        left = difference(left, hit)
        for sources, event in _deciders(walk, ending, hit):
            limits, doubts = _explained(program, walk, ending, sources, stopped)
            yield Piece(
                sources,
                certainty,
                event.place if event else None,
                "",
                _translator(walk, ending, sources),
                ending.state,
                limits,
                doubts if certainty is Certainty.MAYBE else (),
            )


def _deciders(
    walk: Walk, ending: Ending, sources: Intervals
) -> Iterator[tuple[Intervals, Event | None]]:
    """The rule of the last hook that let the packet in; its policy where no rule did."""
    last = Hook.INPUT if not ending.state.leaving else Hook.FORWARD
    hooks = (last,) if ending.state.input else (Hook.OUTPUT,)
    events = [
        event
        for event in reversed(walk.accepted)
        if event.hook in hooks and _same_way(event.state, ending.state)
    ]
    by_rule = [event for event in events if event.place and event.place.rule]
    by_policy = [event for event in events if not (event.place and event.place.rule)]
    left = sources
    for event in by_rule + by_policy:
        hit = intersection(left, event.sources)
        if hit:
            left = difference(left, hit)
            yield hit, event
    if left:
        yield left, None


def _same_way(one: State, other: State) -> bool:
    return (one.destination, one.port, one.vague) == (other.destination, other.port, other.vague)


def _translator(walk: Walk, ending: Ending, sources: Intervals) -> Place | None:
    """The rule that rewrote the destination."""
    state = ending.state
    if (state.destination, state.port) == (state.original_destination, state.original_port) and (
        not state.vague
    ):
        return None
    for event in walk.accepted:
        if (
            event.state.translated
            and _same_way(event.state, state)
            and event.place is not None
            and event.place.rule is not None
            and intersection(event.sources, sources)
        ):
            return event.place
    return None


def _explained(
    program: Program, walk: Walk, ending: Ending, sources: Intervals, stopped: Intervals
) -> tuple[tuple[str, ...], tuple[Fork, ...]]:
    """The limits and the doubts between arriving and being stopped."""
    if not intersection(sources, stopped):
        return (), ()
    numbers = set(ending.forks)
    for other in walk.endings:
        if not other.arrives and intersection(other.sources, sources):
            numbers |= other.forks
    limits: dict[str, None] = {}
    doubts: dict[tuple[str, int], Fork] = {}
    for fork in sorted({number >> 1 for number in numbers}):
        found = program.forks[fork]
        if found.doubt.kind is DoubtKind.UNKNOWN:
            doubts[found.doubt.text, id(found.place)] = found
        else:
            limits[found.doubt.text] = None
            if found.doubt.kind in {DoubtKind.GUARD, DoubtKind.ABSENCE}:
                doubts[found.doubt.text, id(found.place)] = found
    return tuple(limits), tuple(doubts.values())


def _joined(found: Iterable[Piece]) -> list[Piece]:
    """One piece for each answer, in the order in which they were found."""
    by_answer: dict[tuple[object, ...], Piece] = {}
    for piece in found:
        key = (
            piece.certainty,
            id(piece.place),
            piece.reason,
            id(piece.translation),
            piece.state.destination,
            piece.state.port,
            piece.limits,
            tuple(id(doubt) for doubt in piece.doubts),
        )
        known = by_answer.get(key)
        if known is None:
            by_answer[key] = piece
        else:
            by_answer[key] = Piece(
                union(known.sources, piece.sources),
                known.certainty,
                known.place,
                known.reason,
                known.translation,
                known.state,
                known.limits,
                known.doubts,
            )
    return list(by_answer.values())
