"""The reasoner against the kernel; mistakes planted in the reasoner must all be found."""

# pyright: reportPrivateUsage=false
# The mistakes are planted in what nobody else may touch.

import dataclasses
import itertools
from collections.abc import Callable, Iterable, Iterator

import pytest

from firewall import generate, generate_iptables
from firewall.judge import Judge, Tally, Trial, compare, tried
from tojimari.firewall import compile as compiler
from tojimari.firewall import conditions, intervals, reasoner, rewriting
from tojimari.firewall.machine import Machine
from tojimari.firewall.program import Compiled, Line, Mapped
from tojimari.firewall.ruleset import (
    STATUSES,
    Doubt,
    Hook,
    Match,
    NoTrack,
    SetMark,
    Verdict,
    VerdictKind,
)
from tojimari.firewall.state import State
from tojimari.firewall.worlds import World

pytestmark = pytest.mark.peers("ip", "nft", "iptables-nft-restore")

Walker = reasoner._Walker


ORDER = itertools.count()


def write_corner(chance: object, family: int) -> str:
    """The corners in turn, each for both families."""
    del chance
    return generate.corner(next(ORDER) // 2 % len(generate.CORNERS), family)


LOADERS: dict[str, tuple[Callable[..., str], Callable[..., object], range]] = {
    "nftables": (generate.ruleset, Judge.load, range(26)),
    "corners": (write_corner, Judge.load, range(3000, 3000 + 2 * len(generate.CORNERS))),
    "nftables, not all modelled": (generate.strange_ruleset, Judge.load, range(1000, 1010)),
    "iptables": (generate_iptables.dump, Judge.load_iptables, range(16)),
    "iptables, not all modelled": (
        generate_iptables.strange_dump,
        Judge.load_iptables,
        range(1000, 1010),
    ),
}


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    made = Judge()
    yield made
    made.close()


@pytest.fixture(scope="module")
def trials(judge: Judge) -> dict[str, list[Trial]]:
    found: dict[str, list[Trial]] = {}
    for name, (write, load, seeds) in LOADERS.items():
        results = list(tried(judge, write, generate.packets, seeds, load))  # type: ignore[arg-type]  # one shape each
        refused = [one for one in results if isinstance(one, str)]
        assert len(refused) <= len(seeds) // 10, refused
        found[name] = [one for one in results if isinstance(one, Trial)]
    return found


@pytest.mark.parametrize("name", LOADERS)
@pytest.mark.usefixtures("root")
def test_the_kernel_agrees_with_every_answer(trials: dict[str, list[Trial]], name: str) -> None:
    tally = Tally()
    for trial in trials[name]:
        compare(trial, tally)
    assert tally.wrong == []
    assert tally.arrived > tally.checks // 8
    assert (tally.undecided > 0) is (name == "corners" or "not all" in name)
    assert tally.undecided < tally.checks // 4


@pytest.mark.usefixtures("root")
def test_fifty_thousand_packets_were_judged(trials: dict[str, list[Trial]]) -> None:
    sent = sum(len(group) for some in trials.values() for one in some for _, group in one.groups)
    assert sent >= 50_000


Plant = Callable[[pytest.MonkeyPatch], None]


def accept_is_final(patch: pytest.MonkeyPatch) -> None:
    """Accept ends the whole hook, and not only its own base chain."""
    honest = Walker.base_chain

    def base_chain(self: reasoner._Walker, compiled: Compiled, worlds: list[World]) -> list[World]:
        known = len(self.walk.accepted)
        left = honest(self, compiled, worlds)
        taken = [one for one in self.walk.accepted[known:] if one.place and one.place.rule]
        for event in taken:
            self.arrive(World(event.state, event.sources, event.forks))
        return [] if taken else left

    patch.setattr(Walker, "base_chain", base_chain)


def goto_comes_back(patch: pytest.MonkeyPatch) -> None:
    """Goto is taken for jump."""
    honest = Walker.verdict

    def verdict(self: reasoner._Walker, line: object, step: Verdict, *rest: object) -> None:
        if step.kind is VerdictKind.GOTO:
            step = dataclasses.replace(step, kind=VerdictKind.JUMP)
        honest(self, line, step, *rest)  # type: ignore[arg-type]  # handed on as it came

    patch.setattr(Walker, "verdict", verdict)


def priorities_backwards(patch: pytest.MonkeyPatch) -> None:
    """The chain with the highest priority runs first."""
    honest = compiler._Compiler.bases

    def bases(self: compiler._Compiler) -> None:
        honest(self)
        for chains in self.program.bases.values():
            chains.reverse()

    patch.setattr(compiler._Compiler, "bases", bases)


def no_translation(patch: pytest.MonkeyPatch) -> None:
    """DNAT and redirect do nothing."""

    def rewrite(
        self: reasoner._Walker, line: object, step: object, world: World, on: list[World]
    ) -> None:
        del self, line, step
        on.append(world)

    patch.setattr(Walker, "rewrite", rewrite)


def translation_sets_no_status(patch: pytest.MonkeyPatch) -> None:
    """``ct status dnat`` is never set."""
    patch.setitem(STATUSES, "dnat", 0)


def return_accepts(patch: pytest.MonkeyPatch) -> None:
    """Return is taken for accept."""
    honest = Walker.fall

    def fall(self: reasoner._Walker, kind: VerdictKind, *rest: object) -> None:
        if kind is VerdictKind.RETURN:
            kind = VerdictKind.ACCEPT
        honest(self, kind, *rest)  # type: ignore[arg-type]  # handed on as it came

    patch.setattr(Walker, "fall", fall)


def reject_goes_on(patch: pytest.MonkeyPatch) -> None:
    """Reject is taken for return."""
    honest = Walker.fall

    def fall(self: reasoner._Walker, kind: VerdictKind, *rest: object) -> None:
        if kind is VerdictKind.REJECT:
            kind = VerdictKind.RETURN
        honest(self, kind, *rest)  # type: ignore[arg-type]  # handed on as it came

    patch.setattr(Walker, "fall", fall)


def policy_forgotten(patch: pytest.MonkeyPatch) -> None:
    """Every policy is accept."""
    honest = compiler._Compiler.bases

    def bases(self: compiler._Compiler) -> None:
        for compiled in self.program.chains.values():
            if compiled.chain.base is not None:
                compiled.chain.base = dataclasses.replace(compiled.chain.base, drops=False)
        honest(self)

    patch.setattr(compiler._Compiler, "bases", bases)


def marks_forgotten(patch: pytest.MonkeyPatch) -> None:
    """Marks are never set."""
    honest = rewriting.changed

    def changed(step: SetMark | NoTrack, state: State) -> State:
        return state.copy() if isinstance(step, SetMark) else honest(step, state)

    patch.setattr(rewriting, "changed", changed)


def notrack_forgotten(patch: pytest.MonkeyPatch) -> None:
    """Every packet is tracked."""
    honest = rewriting.changed

    def changed(step: SetMark | NoTrack, state: State) -> State:
        return state.copy() if isinstance(step, NoTrack) else honest(step, state)

    patch.setattr(rewriting, "changed", changed)


def tracked_from_the_start(patch: pytest.MonkeyPatch) -> None:
    """Connection tracking comes before every chain."""
    patch.setattr(reasoner, "CONNTRACK_PLACE", -1000)


def translation_at_its_own_place(patch: pytest.MonkeyPatch) -> None:
    """NAT chains run where their priority says, among the filter's."""

    def is_nat(_: object) -> bool:
        return False

    patch.setattr(compiler, "_is_nat", is_nat)


def absence_matches_negation(patch: pytest.MonkeyPatch) -> None:
    """A packet without the field matches "not equal"."""
    honest = conditions._concrete

    def concrete(match: Match, inner: conditions.Test, doubt: Doubt) -> conditions.Concrete:
        if not match.negated:
            return honest(match, inner, doubt)
        return conditions.Concrete(inner, doubt)

    patch.setattr(conditions, "_concrete", concrete)


def last_number_missing(patch: pytest.MonkeyPatch) -> None:
    """The last number of a range is not in it."""

    def from_ranges(ranges: Iterable[tuple[int, int]]) -> list[int]:
        return intervals.from_ranges((first, last - (last > first)) for first, last in ranges)

    patch.setattr("tojimari.firewall.conditions.from_ranges", from_ranges)


def the_way_out_is_not_watched(patch: pytest.MonkeyPatch) -> None:
    """Postrouting chains never stop anything."""
    honest = Walker.pass_hook

    def pass_hook(self: reasoner._Walker, hook: Hook, worlds: list[World]) -> list[World]:
        return worlds if hook is Hook.POSTROUTING else honest(self, hook, worlds)

    patch.setattr(Walker, "pass_hook", pass_hook)


def strangers_are_local(patch: pytest.MonkeyPatch) -> None:
    """Every destination is this machine."""

    def is_local(*_: object) -> bool:
        return True

    patch.setattr(Machine, "is_local", is_local)


def unmatched_map_drops(patch: pytest.MonkeyPatch) -> None:
    """A verdict map without an element for the packet drops it."""
    honest = Walker.mapped

    def mapped(
        self: reasoner._Walker,
        line: Line,
        step: Mapped,
        world: World,
        on: list[World],
        *rest: object,
    ) -> None:
        left: list[World] = []
        honest(self, line, step, world, left, *rest)  # type: ignore[arg-type]  # handed on
        for one in left:
            self.fall(VerdictKind.DROP, line.place, one, [])

    patch.setattr(Walker, "mapped", mapped)


def new_is_established(patch: pytest.MonkeyPatch) -> None:
    """The first packet counts as part of a conversation."""

    def ct_state(_: State) -> int:
        return 2

    patch.setattr(State, "ct_state", property(ct_state))


def marks_before_a_conversation(patch: pytest.MonkeyPatch) -> None:
    """A conversation has its mark before it is there."""

    def lacks_mark(step: SetMark | NoTrack, state: State) -> bool:
        del step, state
        return False

    patch.setattr(rewriting, "lacks_mark", lacks_mark)


MISTAKES: list[Plant] = [
    marks_before_a_conversation,
    accept_is_final,
    goto_comes_back,
    priorities_backwards,
    no_translation,
    translation_sets_no_status,
    return_accepts,
    reject_goes_on,
    policy_forgotten,
    marks_forgotten,
    notrack_forgotten,
    tracked_from_the_start,
    translation_at_its_own_place,
    absence_matches_negation,
    last_number_missing,
    the_way_out_is_not_watched,
    strangers_are_local,
    unmatched_map_drops,
    new_is_established,
]


@pytest.mark.parametrize("plant", MISTAKES, ids=lambda plant: plant.__name__)
@pytest.mark.usefixtures("root")
def test_a_planted_mistake_is_found(
    trials: dict[str, list[Trial]], plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch)
    for trial in trials["corners"] + trials["nftables"] + trials["iptables"]:
        tally = Tally()
        bases = {
            id(chain): chain.base
            for table in trial.ruleset.tables
            for chain in table.chains.values()
        }
        try:
            compare(trial, tally)
        finally:
            for table in trial.ruleset.tables:
                for chain in table.chains.values():
                    chain.base = bases[id(chain)]
        if tally.wrong:
            return
    pytest.fail(f"nobody noticed: {plant.__doc__}")


@pytest.mark.parametrize("name", LOADERS)
@pytest.mark.usefixtures("root")
def test_sorting_rules_by_what_they_need_changes_no_answer(
    trials: dict[str, list[Trial]], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiler, "LONG", 1)
    tally = Tally()
    for trial in trials[name]:
        compare(trial, tally)
    assert tally.wrong == []
