"""What becomes of the first packet of a conversation, for every source at once.

The walk is concrete in everything but the source address, which is a set: each rule takes its part
out of the set, and what is left goes on. So the walk is linear in the rules and exact. Where a
condition cannot be decided, the packet goes both ways, and each way remembers the doubt.

Source of the order of things: net/ipv4/ip_input.c, ip_forward.c, ip_output.c, and netfilter's hooks
in linux/netfilter_ipv4.h.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from tojimari.firewall import conditions
from tojimari.firewall.compile import (
    Compiled,
    Doubtful,
    Judged,
    Line,
    Mapped,
    Place,
    Program,
    Rewrite,
    Step,
)
from tojimari.firewall.conditions import BySource, Concrete
from tojimari.firewall.intervals import (
    Intervals,
    difference,
    intersection,
    union,
    union_all,
    union_disjoint,
    universe,
)
from tojimari.firewall.machine import LOOPBACK, Machine, Refusal
from tojimari.firewall.ruleset import (
    STATUSES,
    Doubt,
    Field,
    Hook,
    NoTrack,
    SetMark,
    Translation,
    Verdict,
    VerdictKind,
)
from tojimari.firewall.state import LEFT_ALONE, TRACKED, UNSEEN, State

Forks: TypeAlias = frozenset[int]

CONNTRACK_PLACE = -200  # linux/netfilter_ipv4.h: NF_IP_PRI_CONNTRACK
MAX_WORLDS = 64  # packets that differ in mark or destination; beyond, marks are taken as unknown
MAX_DEPTH = 512  # of jumps; nftables allows 16, iptables as many as there are rules

_FAMILIES = {4: {"ip", "inet"}, 6: {"ip6", "inet"}}


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


@dataclass(frozen=True, slots=True)
class Question:
    """One packet, from every source at once.

    Attributes:
        family: 4 or 6.
        protocol: IANA number.
        port: Destination port.
        destination: Destination address.
        interface: Where it comes in; ``lo`` for a packet of the machine itself.
        sources: From where; None for everywhere.
        source_port: The sender's port.
    """

    family: int
    protocol: int
    port: int
    destination: int
    interface: str | None
    sources: Intervals | None = None
    source_port: int = 40000


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


class Reasoner:
    """A compiled ruleset on a machine, to be asked."""

    def __init__(self, program: Program, machine: Machine) -> None:
        """Nothing is computed before the first question."""
        self.program = program
        self.machine = machine

    def ask(self, question: Question, *, path: bool = False, translate: bool = True) -> Walk:
        """Follow one packet.

        Args:
            question: Which.
            path: Whether to keep every rule that matched.
            translate: Whether destinations are rewritten; without that, the answer is what the
                filter's rules alone would say.
        """
        walker = _Walker(self.program, self.machine, path=path, translate=translate)
        return walker.run(question)


class _Walker:  # one question's walk
    def __init__(
        self, program: Program, machine: Machine, *, path: bool, translate: bool
    ) -> None:
        self.translate = translate
        self.program = program
        self.machine = machine
        self.path = path
        self.walk = Walk()
        self.hook = Hook.PREROUTING
        self.accepted: list[World] = []

    def run(self, question: Question) -> Walk:
        state = State(
            self.machine,
            question.family,
            question.protocol,
            question.interface,
            question.destination,
            question.port,
            question.source_port,
            original_destination=question.destination,
            original_port=question.port,
        )
        sources = universe(question.family) if question.sources is None else question.sources
        if question.interface == LOOPBACK:
            self.from_here(World(state, sources))
        else:
            self.from_outside(World(state, sources))
        return self.walk

    # ---- the way ---------------------------------------------------------------------------

    def from_outside(self, world: World) -> None:
        family, interface = world.state.family, world.state.input
        worlds = [world]
        if interface is not None:
            worlds = self.refuse(worlds, self.machine.refused_on_arrival(family, interface))
        worlds = self.pass_hook(Hook.INGRESS, worlds)
        worlds = self.pass_hook(Hook.PREROUTING, worlds)
        for one in worlds:
            self.route(one)

    def from_here(self, world: World) -> None:
        state = world.state
        state.input, state.leaving = "", True
        state.output = self.departs_by(state)
        for one in self.pass_hook(Hook.OUTPUT, [world]):
            # Translation in OUTPUT may have chosen another way (ip_route_me_harder).
            one.state.output = self.departs_by(one.state)
            for left in self.pass_hook(Hook.POSTROUTING, [one]):
                if left.state.output != LOOPBACK:
                    self.arrive(left)
                    continue
                back = left.state.copy()
                back.input, back.output, back.leaving = LOOPBACK, None, False
                # OUTPUT has settled the translation, if only by leaving all as it is.
                back.translated = True
                for come in self.pass_hook(Hook.PREROUTING, [World(back, left.sources, left.forks)]):
                    self.deliver(come)

    def departs_by(self, state: State) -> str | None:
        if self.machine.is_local(state.family, state.destination):
            return LOOPBACK
        return self.machine.leaves_by(state.family, state.destination)

    def route(self, world: World) -> None:
        """The routing decision: what is refused, what is for us, what goes on."""
        state = world.state
        family, machine = state.family, self.machine
        worlds = [world]
        if state.input is not None:
            refused = machine.refuses_destination(family, state.destination, state.input)
            if refused and not state.vague:
                self.refuse(worlds, [Refusal(world.sources, refused)])
                return
            worlds = self.refuse(worlds, machine.refused_by_routing(family, state.input))
        foreign = not machine.is_local(family, state.destination) or (
            machine.assumed and bool(state.status & STATUSES["dnat"])
        )
        for one in worlds:
            if state.vague or foreign:
                self.forward(one)
            else:
                self.deliver(one)

    def deliver(self, world: World) -> None:
        for one in self.pass_hook(Hook.INPUT, [world]):
            self.arrive(one)

    def forward(self, world: World) -> None:
        family, machine = world.state.family, self.machine
        state = world.state.copy()
        state.leaving = True
        state.output = None if state.vague else machine.leaves_by(family, state.destination)
        worlds = [World(state, world.sources, world.forks)]
        if machine.forwards.get(family) is False:
            self.refuse(worlds, [Refusal(world.sources, "this machine does not forward")])
            return
        if not state.vague and machine.has_no_route(family, state.destination):
            self.refuse(worlds, [Refusal(world.sources, "no route to the destination")])
            return
        worlds = self.refuse(worlds, machine.refused_forwarding(family))
        for hook in (Hook.FORWARD, Hook.POSTROUTING):
            worlds = self.pass_hook(hook, worlds)
        for one in worlds:
            self.arrive(one)

    def arrive(self, world: World) -> None:
        self.walk.endings.append(Ending(world.sources, True, world.state, world.forks, None))  # noqa: FBT003

    def stop(self, event: Event) -> None:
        self.walk.endings.append(Ending(event.sources, False, event.state, event.forks, event))  # noqa: FBT003

    def refuse(self, worlds: list[World], refusals: Iterable[Refusal]) -> list[World]:
        """Take out what the kernel refuses by itself."""
        left = worlds
        for refusal in refusals:
            going = left
            left = []
            for world in going:
                hit = intersection(world.sources, refusal.sources)
                if hit:
                    self.stop(Event(None, None, refusal.reason, world.state, hit, world.forks))
                rest = difference(world.sources, refusal.sources) if hit else world.sources
                if rest:
                    left.append(World(world.state, rest, world.forks))
        return left

    # ---- hooks and chains ------------------------------------------------------------------

    def pass_hook(self, hook: Hook, worlds: list[World]) -> list[World]:
        """All base chains of a hook, with connection tracking between them."""
        tracks = hook in {Hook.PREROUTING, Hook.OUTPUT}
        for compiled in self.program.bases.get(hook, []):
            base = compiled.chain.base
            assert base is not None  # noqa: S101 - the compiler chose those with one
            if tracks and (base.kind == "nat" or base.priority > CONNTRACK_PLACE):
                self.track(worlds)
                tracks = False
            self.hook = hook
            worlds = self.base_chain(compiled, worlds)
            if not worlds:
                return worlds
        if tracks:
            self.track(worlds)
        return worlds

    def track(self, worlds: list[World]) -> None:
        for world in worlds:
            if world.state.tracking == UNSEEN:
                world.state = world.state.copy()
                world.state.tracking = TRACKED

    def base_chain(self, compiled: Compiled, worlds: list[World]) -> list[World]:
        base = compiled.chain.base
        assert base is not None  # noqa: S101 - the caller has it from the base chains
        concerned: list[World] = []
        beside: list[World] = []
        for world in worlds:
            (concerned if self.concerns(compiled, world) else beside).append(world)
        if not concerned:
            return worlds
        outer, self.accepted = self.accepted, []
        # Packets that went to different ports may concern different rules of a long chain.
        groups: dict[tuple[int | None, str | None], list[World]] = {}
        for world in concerned:
            groups.setdefault((world.state.port, world.state.input), []).append(world)
        for group in groups.values():
            for world in self.chain(compiled, group, 0):
                event = Event(
                    self.hook, compiled.policy, "", world.state, world.sources, world.forks
                )
                if base.drops:
                    self.stop(event)
                else:
                    self.walk.accepted.append(event)
                    self.accepted.append(world)
                if self.path:
                    verdict = "policy drop" if base.drops else "policy accept"
                    self.visit(compiled.policy, world.sources, verdict)
        found, self.accepted = self.accepted, outer
        return merged(found + beside)

    def concerns(self, compiled: Compiled, world: World) -> bool:
        """Whether a base chain sees the packet at all."""
        table, base, state = compiled.table, compiled.chain.base, world.state
        assert base is not None  # noqa: S101 - the caller has it from the base chains
        if base.hook is Hook.INGRESS:
            devices = base.devices
            return table.family in {"netdev", "inet"} and (
                not devices or state.input is None or state.input in devices
            )
        if table.family not in _FAMILIES[state.family]:
            return False
        if base.kind == "nat":
            # Only for the first packet of a tracked conversation that is not yet settled.
            settled = state.translated and base.hook in {Hook.PREROUTING, Hook.OUTPUT}
            return state.tracking == TRACKED and not settled
        return True

    def chain(self, compiled: Compiled, worlds: list[World], depth: int) -> list[World]:
        """All lines of a chain; returns what went through to its end, or was sent back."""
        if depth > MAX_DEPTH:
            return worlds
        lines: Iterable[Line] = compiled.lines
        state = worlds[0].state
        if compiled.classifier and state.port is not None and state.input is not None:
            lean = compiled.lean
            lines = (
                lean[at]
                for at in compiled.classifier.candidates(
                    state.family, state.protocol, state.port, state.input
                )
            )
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

    def sweep(
        self, waiting: Iterator[Line], world: World, returned: list[World]
    ) -> tuple[World, Line | None]:
        """Rules of the usual form, as long as there are such.

        Nearly all the time of a question is spent here, so it is written out: the source's set is
        cut in place, and one with a single run is cut without a call.

        Returns:
            What is left, and the first rule that needs more care; None at the end of the chain.
        """
        state, family, forks = world.state, world.state.family, world.forks
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
                if len(wanted) == 2:  # noqa: PLR2004 - one run has two ends
                    first, end = wanted
                    low, high = bisect_right(sources, first), bisect_left(sources, end)
                    if low == high and not low & 1:
                        continue
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
            if verdict is VerdictKind.ACCEPT:
                taken.append(hit)
                event = Event(self.hook, line.place, "", state, hit, forks)
                self.walk.accepted.append(event)
            else:
                self.fall(verdict, line.place, World(state, hit, forks), returned)
            if not sources:
                break
        if taken:
            self.accepted.append(World(state, union_disjoint(taken), forks))
        return World(state, sources, forks), found

    def full(
        self, line: Line, worlds: list[World], returned: list[World], depth: int
    ) -> list[World]:
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
                world = World(changed(step, world.state), world.sources, world.forks)
                if self.path:
                    self.visit(line.place, world.sources, "mark" if isinstance(step, SetMark) else "notrack")
        on.append(world)

    def judge(  # noqa: PLR0917 - a continuation needs all of where it was
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
            doubt: Doubt | None = condition.doubt
        elif isinstance(condition, BySource) and not state.moved:
            sure, doubt = condition.sources[state.family], None
        else:
            sure, doubt = conditions.judged(condition, state)
        hit = intersection(world.sources, sure)
        rest = difference(world.sources, sure) if hit else world.sources
        if rest and doubt is not None:
            number = self.program.fork(step.number, doubt)
            on.append(World(state, rest, world.forks | {2 * number}))
            maybe = World(state, rest, world.forks | {2 * number + 1})
            self.steps(line, at, maybe, on, returned, depth)
        elif rest:
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
            back = self.chain(target, [world], depth + 1)
            (on if kind is VerdictKind.JUMP else returned).extend(back)
        elif kind in {VerdictKind.QUEUE, VerdictKind.STOLEN}:
            # Somebody else decides: it may get through, or not.
            for taken in (VerdictKind.ACCEPT, VerdictKind.DROP):
                number = self.someone(line, step)
                forks = world.forks | {2 * number + (taken is VerdictKind.ACCEPT)}
                self.fall(taken, line.place, World(world.state, world.sources, forks), returned)
        else:
            self.fall(kind, line.place, world, returned)

    def someone(self, line: Line, step: Verdict) -> int:
        return self.program.elsewhere(line.place, step.kind)

    def target(self, line: Line, name: str) -> Compiled | None:
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
            self.verdict(line, verdict, World(world.state, world.sources, forks), on, returned, depth)
        if not surely:
            on.append(World(world.state, world.sources, world.forks | {2 * step.number + 1}))

    def rewrite(self, line: Line, step: Rewrite, world: World, on: list[World]) -> None:
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
        for found, certain, missing in _targets(step, state):
            forks = world.forks if certain else world.forks | {fork + 1}
            if missing:
                on.append(World(state, world.sources, world.forks if certain else world.forks | {fork}))
                continue
            self.fall(VerdictKind.ACCEPT, line.place, World(found, world.sources, forks), [])

    def visit(self, place: Place, sources: Intervals, verdict: str) -> None:
        self.walk.visits.append(Visit(self.hook, place, sources, verdict))


def _targets(step: Rewrite, state: State) -> list[tuple[State, bool, bool]]:
    """The states that a translation can lead to: each with whether surely, and whether none."""
    what = step.what
    if what.kind is Translation.SOURCE:
        moved = state.copy()
        moved.moved = True
        return [(moved, True, False)]
    if step.mapped is None:
        return [(_translated(state, step, what.address, what.port), True, False)]
    if not step.readable:
        vague = _translated(state, step, (0, 1), (0, 1))
        return [(vague, False, False), (state, False, True)]
    operands, elements, data, lookup = step.mapped
    found: list[tuple[State, bool, bool]] = []
    doubtful = False
    for at in lookup.candidates(state):
        holds = conditions.element_holds(operands, elements[at], state)
        if holds is False:
            continue
        by_source = any(one.what in _BY_SOURCE for one in operands)
        address, port = what.address, what.port
        for name, span in zip(what.gives, data[at], strict=False):
            if isinstance(span, tuple) and name == "address":
                address = span
            elif isinstance(span, tuple):
                port = span
        sure = holds is True and not by_source and not doubtful
        doubtful |= not sure
        found.append((_translated(state, step, address, port), sure, False))
        if sure:
            return found
    return [*found, (state, not doubtful, True)]


_BY_SOURCE = frozenset({Field.SOURCE, Field.SOURCE_KIND})


def _translated(
    state: State, step: Rewrite, address: tuple[int, int] | None, port: tuple[int, int] | None
) -> State:
    """The packet after its destination was rewritten (nf_nat_setup_info)."""
    found = state.copy()
    found.translated = True
    if step.what.kind is Translation.REDIRECT:
        own = state.machine.primary(state.family, state.input or LOOPBACK)
        if own is not None:
            found.destination = own
    elif address is not None:
        if step.what.prefix:
            found.destination = address[0] + (state.destination & (address[1] - address[0]))
        elif address[0] == address[1]:
            found.destination = address[0]
        else:
            found.vague = not address[0] <= state.destination <= address[1]
    if port is not None:
        if port[0] == port[1]:
            found.port = port[0]
        elif state.port is None or not port[0] <= state.port <= port[1]:
            found.port = None
    if (found.destination, found.port, found.vague) != (state.destination, state.port, state.vague):
        found.status |= STATUSES["dnat"]
    return found


def changed(step: Step, state: State) -> State:
    """The packet after a statement that changes it."""
    found = state.copy()
    if isinstance(step, NoTrack):
        if state.tracking == UNSEEN:
            found.tracking = LEFT_ALONE
        return found
    assert isinstance(step, SetMark)  # noqa: S101 - the caller has dealt with the others
    marks = {Field.MARK: state.mark, Field.CT_MARK: state.ct_mark}
    held = marks[step.target] if step.hold else 0
    source = marks.get(step.source) if step.keep or step.source is Field.UNKNOWN else 0
    value: int | None = None
    if held is not None and source is not None:
        value = (held & step.hold) ^ (source & step.keep) ^ step.flip
    if step.target is Field.MARK:
        found.mark = value
    else:
        found.ct_mark = value
    return found


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
    if len(apart) != 2:  # noqa: PLR2004 - two sides
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
