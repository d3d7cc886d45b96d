"""The SYN scan against nmap and masscan, whole processes, in namespaces joined by a cable.

Each run of each program is timed and its open doors counted; runs are interleaved. Where the far
machine lies far away, the time is held against a lower bound instead:

    the measured time of a scan of one open door over the same line
    + passes x the sending of 65,535 probes
    + (passes - 1) x a round trip

One pass where closed doors answer, three where they are silent, since two silent passes are the
proof. Sending takes as long as at 200,000 a second, which is what the scanner sends to a neighbour
of whom it hears nothing; or, where closed doors answer and that is longer, as long as a C program
needs to send everything and count the answers over the same line, less a round trip: the line is a
program too, on the same processors. Over a short line answers allow more than 200,000 a second, so
that there the bound is not the lowest possible.

Where a C program is measured beside them, which sends and counts and does nothing else, its time is
also held against what the scan itself took by its own account, without the start of a process.

script/bench scan [SCENE...] [-n N] [--complete N]
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import _ceiling
import _delay
from _far import CABLE, OURS, THEIRS, Distance, Far, far
from _lab import own_network
from _measure import machine
from _scenes import DOORS, OPEN, OURS_V6, SCENES, STATED, THEIRS_V6, Program, Scene, ours

NEAR = 0.9  # of what a C program sends, at least

_LISTEN = """
import select, socket, sys
doors = []
for port in sys.argv[1:]:
    both = {"family": socket.AF_INET6, "dualstack_ipv6": True, "backlog": 512}
    doors.append(socket.create_server(("::", int(port)), **both))
print("ready", flush=True)
while True:
    for door in select.select(doors, [], [])[0]:
        door.setblocking(False)
        try:
            door.accept()[0].close()
        except OSError:
            pass
"""


@dataclass(slots=True)
class Outcome:
    """What one scene showed.

    Attributes:
        scene: It.
        seconds: Our median.
        whole: Our runs that found everything.
        runs: All of ours.
        against: What the time is held against.
        other: Its seconds; None where no peer missed nothing, and so nothing is to be beaten.
        lows: The time of each run of the scan of one door, where it is far away.
        reach: The C program's time as a share of the scan's own; None where none is measured.
    """

    scene: Scene
    seconds: float = 0.0
    whole: int = 0
    runs: int = 0
    against: str = "no complete peer"
    other: float | None = None
    lows: list[float] = field(default_factory=list[float])
    reach: float | None = None

    @property
    def quick(self) -> bool:
        """Whether the bar of time is held."""
        return self.other is None or self.seconds <= self.scene.bar * self.other

    @property
    def held(self) -> bool:
        """Whether everything is."""
        near = self.reach is None or self.reach >= NEAR
        return self.quick and near and self.whole == self.runs


def main(words: Sequence[str] | None = None) -> int:
    """Measure; returns 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenes", nargs="*", metavar="SCENE", help=", ".join(SCENES))
    parser.add_argument("-n", type=int, default=10, help="runs of each command")
    parser.add_argument("--complete", type=int, default=0, help="so many more runs of ours alone")
    options = parser.parse_args(words)
    if os.geteuid() != 0:
        print("needs root: the network is made in namespaces of its own", file=sys.stderr)
        return 2
    print(machine(options.n))
    own_network()
    outcomes: dict[str, Outcome] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in options.scenes or SCENES:
            outcomes[name] = _scene(name, options.n, options.complete, Path(folder))
    _table(outcomes)
    return 0 if all(one.held for one in outcomes.values()) else 1


def _scene(name: str, n: int, complete: int, folder: Path) -> Outcome:
    scene = SCENES[name]
    print(f"\n{name}", flush=True)
    with ExitStack() as stack:
        distance = None
        if scene.latency is not None:
            distance = Distance(_delay.build(folder), scene.latency, scene.jitter)
        there = stack.enter_context(far(distance))
        _also_v6(there)
        there.serve(_LISTEN, *map(str, OPEN))
        scene.prepare(there)
        link = _link(there)
        programs = scene.programs(link)
        outcome = Outcome(scene)
        ceiling = _rounds(scene, programs, n, outcome, (folder, link))
        for title, one in programs.items():
            low, high = min(one.seconds), max(one.seconds)
            print(
                f"  {title:12} {statistics.median(one.seconds):7.3f} s ({low:.3f} to {high:.3f},"
                f" n = {len(one.seconds)})  found {min(one.found)} to {max(one.found)}"
                f" of {scene.opens}"
                + (f", ended by force {one.endless} times" if one.endless else "")
            )
        if ceiling:
            seconds = statistics.median(ceiling)
            print(f"  {'C, one core':12} {seconds:7.3f} s, sending and counting only")
        mine = programs.pop("tojimari")
        if ceiling and scene.latency is None:
            engine = statistics.median(mine.engine)
            outcome.reach = statistics.median(ceiling) / engine
            print(
                f"  {'scan itself':12} {engine:7.3f} s; C / scan {outcome.reach:.2f} (bar {NEAR})"
            )
        outcome.seconds = statistics.median(mine.seconds)
        _compare(outcome, programs, ceiling)
        for _ in range(complete):
            mine.run()
        outcome.whole = sum(found == scene.opens for found in mine.found)
        outcome.runs = len(mine.found)
        print(f"  all {scene.opens} found in {outcome.whole} of {outcome.runs} runs", flush=True)
        if scene.latency is not None:
            # Of all programs' runs: a flood of the peers' may drown the line, ours must not.
            print(f"  {there.dropped()} frames found no room at the ends of the line")
    return outcome


def _rounds(
    scene: Scene, programs: dict[str, Program], n: int, outcome: Outcome, more: tuple[Path, str]
) -> list[float]:
    """All in turn, n times; the C program's seconds."""
    folder, link = more
    ceiling: list[float] = []
    program = _ceiling.build(folder) if scene.ceiling else None
    one_door = ours(THEIRS, str(OPEN[0]))
    for turn in range(n):
        for one in programs.values():
            if turn < one.most:
                one.run()
        if scene.latency is not None:
            one_door.run()
        if program is not None:
            words = [str(program), CABLE, link, OURS, THEIRS]
            said = subprocess.run(words, check=True, capture_output=True, text=True).stdout
            ceiling.append(float(said.split()[0]))
    outcome.lows = one_door.seconds
    return ceiling


def _compare(outcome: Outcome, peers: dict[str, Program], ceiling: Sequence[float]) -> None:
    """Find out what our time is held against."""
    scene = outcome.scene
    if scene.latency is not None:
        one, trip = statistics.median(outcome.lows), scene.trip
        outcome.against = "bound"
        sending = max([DOORS / STATED] + ([statistics.median(ceiling) - trip] if ceiling else []))
        outcome.other = one + scene.passes * sending + (scene.passes - 1) * trip
        print(f"  {'one door':12} {one:7.3f} s; bound {outcome.other:.3f} s")
        return
    complete = {
        title: statistics.median(one.seconds)
        for title, one in peers.items()
        if scene.peer in {None, title}
        and not one.endless
        and all(found == scene.opens for found in one.found)
    }
    if complete:
        outcome.against = min(complete, key=lambda title: complete[title])
        outcome.other = complete[outcome.against]


def _table(outcomes: dict[str, Outcome]) -> None:
    print("\nverdicts")
    for name, one in outcomes.items():
        other = "" if one.other is None else f" {one.other:.3f} s"
        ratio = "" if one.other is None else f" x {one.seconds / one.other:.2f}"
        print(
            f"  {'held  ' if one.held else 'MISSED'} {name:18} {one.seconds:7.3f} s{ratio}"
            f" (bar {one.scene.bar:g}) of {one.against}{other}; all found {one.whole} of {one.runs}"
        )


def _also_v6(there: Far) -> None:
    for prefix, address in (([], OURS_V6), (there.line(), THEIRS_V6)):
        words = ["ip", "address", "add", f"{address}/64", "dev", CABLE, "nodad"]
        subprocess.run([*prefix, *words], check=True)


def _link(there: Far) -> str:
    shown = subprocess.run(
        there.line("ip", "-o", "link", "show", CABLE), check=True, capture_output=True, text=True
    ).stdout
    return shown.split("link/ether ")[1].split()[0]


if __name__ == "__main__":
    sys.exit(main())
