"""Rules, one after the other, for one packet from all sources at once.

Each rule takes its part out of the set of sources, and what is left goes on to the next. Where a
condition cannot be decided, the packet goes both ways, and each way remembers the doubt.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator

from tojimari.firewall import conditions, rewriting
from tojimari.firewall.conditions import BySource, Concrete
from tojimari.firewall.intervals import Intervals, difference, intersection, union_disjoint
from tojimari.firewall.program import (
    Compiled,
    Doubtful,
    Judged,
    Line,
    Mapped,
    Place,
    Program,
    Rewrite,
)
from tojimari.firewall.ruleset import (
    Doubt,
    Field,
    Hook,
    NoTrack,
    SetMark,
    Translation,
    Verdict,
    VerdictKind,
)
from tojimari.firewall.worlds import Ending, Event, Visit, Walk, World, merged

# Chains within chains. nftables allows 16; what goes deeper, or calls more often, only somebody who
# means ill writes, and gets "maybe" for an answer.
MAX_DEPTH = 64
MAX_CALLS = 20_000


class Chains:
    """Follows a packet through chains; where they stand is its heir's matter.

    Attributes:
        program: The rules.
        path: Whether every rule that matched is kept.
        translate: Whether destinations are rewritten.
        walk: What was found so far.
        hook: Where the packet is now.
        accepted: What the present base chain has let on so far.
        calls: How many chains were called.
    """

    def __init__(self, program: Program, *, path: bool, translate: bool) -> None:
        self.program = program
        self.path = path
        self.translate = translate
        self.walk = Walk()
        self.hook = Hook.PREROUTING
        self.accepted: list[World] = []
        self.calls = 0

    def stop(self, event: Event) -> None:
        """A packet that ends here."""
        ending = Ending(
            event.sources, arrives=False, state=event.state, forks=event.forks, event=event
        )
        self.walk.endings.append(ending)

    def visit(self, place: Place, sources: Intervals, verdict: str) -> None:
        """Keep a rule that matched."""
        self.walk.visits.append(Visit(self.hook, place, sources, verdict))

    def chain(self, compiled: Compiled, worlds: list[World], depth: int) -> list[World]:
        """All lines of a chain; returns what went through to its end, or was sent back."""
        lines: Iterable[Line]
        state = worlds[0].state
        if compiled.classifier and state.port is not None and state.input is not None:
            lines = compiled.classifier.candidates(
                compiled.lean, state.family, state.protocol, state.port, state.input
            )
        else:
            lines = compiled.lines
        returned: list[World] = []
        waiting = iter(lines)
        while worlds:
            if len(worlds) == 1 and not self.path:
                world, line = self.sweep(waiting, worlds[0], returned)
                worlds = [world] if world.sources else []
            else:
                line = next(waiting, None)
            if line is None:
                break
            worlds = self.full(line, worlds, returned, depth)
        return merged(worlds + returned)

    def sweep(  # noqa: C901, PLR0912, PLR0915 - written out, for speed
        self, waiting: Iterator[Line], world: World, returned: list[World]
    ) -> tuple[World, Line | None]:
        """Rules of the usual form, as long as there are such.

        Nearly all the time of a question is spent here, so it is written out: the source's set is
        cut in place, and one with a single run is cut without a call.

        Returns:
            What is left, and the first rule that needs more care; None at the end of the chain.
        """
        state, family, forks = world.state, world.state.family, world.forks
        hook, accepted, endings = self.hook, self.walk.accepted, self.walk.endings
        right, left = bisect_right, bisect_left
        sources = list(world.sources)
        taken: list[Intervals] = []
        found: Line | None = None
        for line in waiting:
            verdict = line.verdict
            if verdict is None or (state.moved and line.sources is not None):
                found = line
                break
            holds: bool | None = True
            for test in line.tests:
                holds = test(state)
                if not holds:
                    break
            if holds is None:
                found = line
                break
            if not holds:
                continue
            if line.sources is None:
                hit, sources = sources, []
            else:
                wanted = line.sources[family]
                if len(wanted) == 2:  # noqa: PLR2004 - two ends, or two parts
                    first, end = wanted
                    low, high = right(sources, first), left(sources, end)
                    if low == high:
                        if not low & 1:
                            continue
                        # All of it lies within one run.
                        hit = wanted
                        if sources[low - 1] != first and sources[high] != end:
                            sources[low:low] = wanted
                        elif sources[low - 1] != first:
                            sources[high] = first
                        elif sources[high] != end:
                            sources[low - 1] = end
                        else:
                            del sources[low - 1 : low + 1]
                    else:
                        hit = sources[low:high]
                        rest: Intervals = []
                        if low & 1:
                            hit.insert(0, first)
                            if sources[low - 1] == first:
                                low -= 1
                            else:
                                rest.append(first)
                        if high & 1:
                            hit.append(end)
                            if high < len(sources) and sources[high] == end:
                                high += 1
                            else:
                                rest.append(end)
                        sources[low:high] = rest
                else:
                    hit = intersection(sources, wanted)
                    if not hit:
                        continue
                    sources = difference(sources, wanted)
            if verdict is VerdictKind.RETURN:
                returned.append(World(state, hit, forks))
            else:
                event = Event(hook, line.place, "", state, hit, forks)
                if verdict is VerdictKind.ACCEPT:
                    taken.append(hit)
                    accepted.append(event)
                else:
                    endings.append(Ending(hit, False, state, forks, event))  # noqa: FBT003 - speed
            if not sources:
                break
        if taken:
            self.accepted.append(World(state, union_disjoint(taken), forks))
        return World(state, sources, forks), found

    def full(
        self, line: Line, worlds: list[World], returned: list[World], depth: int
    ) -> list[World]:
        """A rule of any form, for several packets."""
        on: list[World] = []
        for world in worlds:
            self.steps(line, 0, world, on, returned, depth)
        return merged(on)

    def fall(self, kind: VerdictKind, place: Place, world: World, returned: list[World]) -> None:
        """A verdict without a target."""
        if kind is VerdictKind.RETURN:
            returned.append(world)
            return
        event = Event(self.hook, place, "", world.state, world.sources, world.forks)
        if kind is VerdictKind.ACCEPT:
            self.walk.accepted.append(event)
            self.accepted.append(world)
        else:
            self.stop(event)

    # ---- one rule --------------------------------------------------------------------------

    def steps(
        self,
        line: Line,
        at: int,
        world: World,
        on: list[World],
        returned: list[World],
        depth: int,
    ) -> None:
        """The steps of a rule from one on; ``on`` gets what goes to the next rule."""
        while at < len(line.steps):
            step = line.steps[at]
            at += 1
            if isinstance(step, Judged):
                if not self.judge(line, at, step, world, on, returned, depth):
                    return
            elif isinstance(step, Doubtful):
                on.append(World(world.state, world.sources, world.forks | {2 * step.number}))
                world = World(world.state, world.sources, world.forks | {2 * step.number + 1})
            elif isinstance(step, Verdict):
                self.verdict(line, step, world, on, returned, depth)
                return
            elif isinstance(step, Mapped):
                self.mapped(line, step, world, on, returned, depth)
                return
            elif isinstance(step, Rewrite):
                self.rewrite(line, step, world, on)
                return
            else:
                changed = self.change(line, step, world)
                if changed is None:
                    break
                world = changed
        on.append(world)

    def change(self, line: Line, step: SetMark | NoTrack, world: World) -> World | None:
        """A mark, or tracking, for one packet; None where that ends the rule.

        A field that the packet does not have ends it (nft_ct_get_eval); what is to be written to
        one is lost (nft_ct_set_eval).
        """
        if rewriting.lacks_mark(step, world.state):
            return None if step.source is Field.CT_MARK else world
        if self.path:
            verdict = "mark" if isinstance(step, SetMark) else "notrack"
            self.visit(line.place, world.sources, verdict)
        return World(rewriting.changed(step, world.state), world.sources, world.forks)

    def judge(
        self,
        line: Line,
        at: int,
        step: Judged,
        world: World,
        on: list[World],
        returned: list[World],
        depth: int,
    ) -> bool:
        """One condition: narrows ``world`` in place; false where nothing of it is left to go on."""
        condition, state = step.condition, world.state
        if isinstance(condition, Concrete):
            found = condition.test(state)
            if found:
                return True
            if found is False:
                on.append(world)
                return False
            sure: Intervals = []
            maybe: Intervals = world.sources
            doubt: Doubt | None = condition.doubt
        elif isinstance(condition, BySource) and not state.moved:
            sure, maybe, doubt = condition.sources[state.family], [], None
        else:
            sure, maybe, doubt = conditions.judged(condition, state)
        hit = intersection(world.sources, sure)
        rest = difference(world.sources, sure) if hit else world.sources
        doubtful = intersection(rest, maybe) if doubt is not None else []
        if doubtful and doubt is not None:
            number = self.program.fork(step.number, doubt)
            on.append(World(state, doubtful, world.forks | {2 * number}))
            taken = World(state, doubtful, world.forks | {2 * number + 1})
            self.steps(line, at, taken, on, returned, depth)
            rest = difference(rest, doubtful)
        if rest:
            on.append(World(state, rest, world.forks))
        world.sources = hit
        return bool(hit)

    def verdict(
        self,
        line: Line,
        step: Verdict,
        world: World,
        on: list[World],
        returned: list[World],
        depth: int,
    ) -> None:
        """A verdict, for one packet."""
        kind = step.kind
        if self.path:
            self.visit(line.place, world.sources, f"{kind} {step.target}".strip())
        if kind is VerdictKind.CONTINUE:
            on.append(world)
        elif kind in {VerdictKind.JUMP, VerdictKind.GOTO}:
            target = self.target(line, step.target)
            if target is None:
                on.append(world)
                return
            self.calls += 1
            if depth >= MAX_DEPTH or self.calls > MAX_CALLS:
                self.either(line, step, world, returned)
                return
            back = self.chain(target, [world], depth + 1)
            (on if kind is VerdictKind.JUMP else returned).extend(back)
        elif kind in {VerdictKind.QUEUE, VerdictKind.STOLEN}:
            self.either(line, step, world, returned)
        else:
            self.fall(kind, line.place, world, returned)

    def either(self, line: Line, step: Verdict, world: World, returned: list[World]) -> None:
        """Somebody else decides: it may get through, or not."""
        number = self.program.elsewhere(line.place, step.kind)
        for taken in (VerdictKind.ACCEPT, VerdictKind.DROP):
            forks = world.forks | {2 * number + (taken is VerdictKind.ACCEPT)}
            self.fall(taken, line.place, World(world.state, world.sources, forks), returned)

    def target(self, line: Line, name: str) -> Compiled | None:
        """The chain that a rule calls."""
        return self.program.chain_of(line.place.table, name)

    def mapped(
        self,
        line: Line,
        step: Mapped,
        world: World,
        on: list[World],
        returned: list[World],
        depth: int,
    ) -> None:
        """A verdict map: the elements in order, each takes its part."""
        state = world.state
        if step.has is not None and not step.has(state):
            on.append(world)
            return
        if step.doubt is not None or step.chance:
            self.all_verdicts(line, step, world, on, returned, depth)
            return
        left = world.sources
        maybe = False
        for at in step.lookup.candidates(state):
            element = step.elements[at]
            found = conditions.element_holds(step.operands, element, state)
            part = conditions.symbolic_part(step.operands, element, state)
            if found is False:
                continue
            forks = world.forks | {2 * step.number + 1} if maybe else world.forks
            if found is None or part is None:
                forks, hit, maybe = forks | {2 * (step.number + 1 + at) + 1}, left, True
            else:
                hit = intersection(left, part)
                left = difference(left, part)
            if hit:
                self.verdict(line, step.verdicts[at], World(state, hit, forks), on, returned, depth)
            if not left:
                return
        forks = world.forks | {2 * step.number + 1} if maybe else world.forks
        on.append(World(state, left, forks))

    def all_verdicts(
        self,
        line: Line,
        step: Mapped,
        world: World,
        on: list[World],
        returned: list[World],
        depth: int,
    ) -> None:
        """A map whose key is not known: every verdict is possible, and mostly none too."""
        drawn = {
            number
            for element in step.elements
            if element and isinstance(element[0], tuple)
            for number in range(element[0][0], min(element[0][1] + 1, step.chance))
        }
        surely = bool(step.chance) and len(drawn) == step.chance
        for at, verdict in enumerate(step.verdicts):
            alone = surely and len(step.verdicts) == 1
            forks = world.forks if alone else world.forks | {2 * (step.number + 1 + at) + 1}
            self.verdict(
                line, verdict, World(world.state, world.sources, forks), on, returned, depth
            )
        if not surely:
            on.append(World(world.state, world.sources, world.forks | {2 * step.number + 1}))

    def rewrite(self, line: Line, step: Rewrite, world: World, on: list[World]) -> None:
        """A translation, for one packet."""
        state, what = world.state, step.what
        if not self.translate and what.kind is not Translation.SOURCE:
            on.append(world)
            return
        if what.family is not None and what.family != state.family:
            on.append(world)
            return
        if step.has is not None and not step.has(state):
            on.append(world)
            return
        if self.path:
            self.visit(line.place, world.sources, what.kind)
        fork = 2 * step.number
        for found, certain, missing in rewriting.targets(step, state):
            forks = world.forks if certain else world.forks | {fork + 1}
            if missing:
                on.append(
                    World(state, world.sources, world.forks if certain else world.forks | {fork})
                )
                continue
            self.fall(VerdictKind.ACCEPT, line.place, World(found, world.sources, forks), [])
