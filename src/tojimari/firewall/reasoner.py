"""What becomes of the first packet of a conversation, for every source at once.

The walk is concrete in everything but the source address, which is a set. So it is linear in the
rules and exact, and every part of the answer can name the rule that decided it.

Source of the order of things: net/ipv4/ip_input.c, ip_forward.c, ip_output.c, and netfilter's hooks
in linux/netfilter_ipv4.h.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from tojimari.core.message import mark
from tojimari.firewall.chains import Chains
from tojimari.firewall.intervals import Intervals, difference, intersection, universe
from tojimari.firewall.machine import LOOPBACK, Machine, Refusal
from tojimari.firewall.program import Compiled, Program
from tojimari.firewall.ruleset import STATUSES, Base, Hook
from tojimari.firewall.state import TRACKED, UNSEEN, State
from tojimari.firewall.worlds import Ending, Event, Walk, World, merged

CONNTRACK_PLACE = -200  # linux/netfilter_ipv4.h: NF_IP_PRI_CONNTRACK

_OF_DEVICES = {"netdev", "inet"}
_WHERE = mark("whether packets come by there")
_FAMILIES = {4: {"ip", "inet"}, 6: {"ip6", "inet"}}


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
        source_port: The sender's port; None for whatever it is, and a doubt where that matters.
    """

    family: int
    protocol: int
    port: int
    destination: int
    interface: str | None
    sources: Intervals | None = None
    source_port: int | None = 40000


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


class _Walker(Chains):
    """One question's walk."""

    def __init__(self, program: Program, machine: Machine, *, path: bool, translate: bool) -> None:
        super().__init__(program, path=path, translate=translate)
        self.machine = machine
        self.bridging = False
        self.unsure = False  # whether the packet comes by a bridge at all

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
        worlds = self.pass_bridge((Hook.PREROUTING, Hook.INPUT), worlds)
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
                for come in self.pass_hook(
                    Hook.PREROUTING, [World(back, left.sources, left.forks)]
                ):
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
            self.refuse(worlds, [Refusal(world.sources, mark("this machine does not forward"))])
            return
        if not state.vague and machine.has_no_route(family, state.destination):
            self.refuse(worlds, [Refusal(world.sources, mark("no route to the destination"))])
            return
        worlds = self.refuse(worlds, machine.refused_forwarding(family))
        for hook in (Hook.FORWARD, Hook.POSTROUTING):
            worlds = self.pass_hook(hook, worlds)
        worlds = self.pass_bridge((Hook.OUTPUT, Hook.POSTROUTING), worlds)
        worlds = self.pass_hook(Hook.EGRESS, worlds)
        for one in worlds:
            self.arrive(one)

    def arrive(self, world: World) -> None:
        self.walk.endings.append(
            Ending(world.sources, arrives=True, state=world.state, forks=world.forks, event=None)
        )

    def refuse(self, worlds: list[World], refusals: Iterable[Refusal]) -> list[World]:
        """Take out what the kernel refuses by itself."""
        left: list[World] = worlds
        for refusal in refusals:
            going: list[World] = left
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
            assert base is not None  # noqa: S101 - said to the type checker; see above
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

    def pass_bridge(self, hooks: Iterable[Hook], worlds: list[World]) -> list[World]:
        """The chains of bridges, which stand between a bridge and the machine itself.

        A packet that comes or goes by a bridge meets them with its port as the interface, which
        nobody knows here (br_pass_frame_up, br_dev_xmit).
        """
        if not self.program.bridged:
            return worlds
        found: list[World] = []
        for world in worlds:
            name = world.state.output if world.state.leaving else world.state.input
            known = self.machine.bridges
            if name == LOOPBACK or (known is not None and name is not None and name not in known):
                found.append(world)
                continue
            state = world.state.copy()
            state.input = state.output = None
            going = [World(state, world.sources, world.forks)]
            self.bridging, self.unsure = True, known is None or name is None
            for hook in hooks:
                going = self.pass_hook(hook, going)
            self.bridging = self.unsure = False
            for one in going:
                # Tracking begins anew for the machine; a mark stays on the packet.
                back = world.state.copy()
                back.mark = one.state.mark
                found.append(World(back, one.sources, one.forks))
        return merged(found)

    def track(self, worlds: list[World]) -> None:
        for world in worlds:
            if world.state.tracking == UNSEEN:
                world.state = world.state.copy()
                world.state.tracking = TRACKED

    def base_chain(self, compiled: Compiled, worlds: list[World]) -> list[World]:
        base = compiled.chain.base
        assert base is not None  # noqa: S101 - said to the type checker; see above
        concerned: list[World] = []
        beside: list[World] = []
        for world in worlds:
            concerns = self.concerns(compiled, world)
            if concerns is None:
                fork = 2 * self.program.elsewhere(compiled.policy, _WHERE)
                beside.append(World(world.state, world.sources, world.forks | {fork}))
                concerned.append(World(world.state, world.sources, world.forks | {fork + 1}))
            else:
                (concerned if concerns else beside).append(world)
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

    def concerns(self, compiled: Compiled, world: World) -> bool | None:
        """Whether a base chain sees the packet at all; None where nobody knows."""
        table, base, state = compiled.table, compiled.chain.base, world.state
        assert base is not None  # noqa: S101 - said to the type checker; see above
        if base.hook in {Hook.INGRESS, Hook.EGRESS}:
            return table.family in _OF_DEVICES and self.stands_at(base, state)
        if self.bridging or table.family == "bridge":
            mine = self.bridging and table.family == "bridge"
            return None if mine and self.unsure else mine
        if table.family not in _FAMILIES[state.family]:
            return False
        if base.kind == "nat":
            # Only for the first packet of a tracked conversation that is not yet settled.
            settled = state.translated and base.hook in {Hook.PREROUTING, Hook.OUTPUT}
            return state.tracking == TRACKED and not settled
        return True

    def stands_at(self, base: Base, state: State) -> bool | None:
        """Whether a chain of a device is on the packet's way."""
        name = state.input if base.hook is Hook.INGRESS else state.output
        if not base.devices or name is None or name in base.devices:
            return True
        stacked = self.machine.stacked
        # By one of the devices that an interface stands on, perhaps; nobody says by which.
        return None if stacked is None or name in stacked else False
