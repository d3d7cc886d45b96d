"""The SYN scan over a long way: 1, 20 and 200 ms there and back, with jitter, against nmap.

Every frame is held back by a program between two TAP devices. The bound is what the same scan takes
over the same devices without delay, and besides a round trip for the target's link address and one
a pass: one pass where closed doors reset, three where they are silent (the silent are asked twice
more). Of the jitter its mean counts.

script/bench scan_latency [MS...] [-n N] [--complete N]
"""

import argparse
import os
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from _delay import build
from _far import THEIRS, Distance, Far, far
from _lab import own_network
from _measure import machine, verdict

from scan import LISTEN, NMAP_FAST, OPEN, Program, dropped, nmap, ours, plain

TRIPS = (1, 20, 200)  # milliseconds
JITTER = 0.05  # of the round trip, at most so much more each way
BAR = 1.2  # times the bound
SCENES: dict[str, tuple[Callable[[Far], None], int]] = {
    "closed": (plain, 1),
    "dropped": (dropped, 3),
}


def main(words: Sequence[str] | None = None) -> int:
    """Measure; returns 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("trips", nargs="*", metavar="MS", type=int, default=TRIPS)
    parser.add_argument("-n", type=int, default=10, help="runs of each command")
    parser.add_argument("--complete", type=int, default=0, help="so many more runs of ours alone")
    options = parser.parse_args(words)
    if os.geteuid() != 0:
        print("needs root: the network is made in namespaces of its own", file=sys.stderr)
        return 2
    print(machine(options.n))
    own_network()
    held = True
    with tempfile.TemporaryDirectory() as folder:
        program = build(Path(folder))
        with far(Distance(program, 0, 0)) as there:
            there.serve(LISTEN, *map(str, OPEN))
            without = {
                name: _without(there, prepare, options.n) for name, (prepare, _) in SCENES.items()
            }
        for trip in options.trips:
            seconds = trip / 1000
            with far(Distance(program, seconds / 2, seconds * JITTER)) as there:
                there.serve(LISTEN, *map(str, OPEN))
                for name, (prepare, passes) in SCENES.items():
                    prepare(there)
                    bound = without[name] + (1 + passes) * seconds * (1 + JITTER)
                    print(f"\n{trip} ms, {name}: bound {bound:.3f} s", flush=True)
                    held &= _scene(bound, options.n, options.complete)
    return 0 if held else 1


def _without(there: Far, prepare: Callable[[Far], None], n: int) -> float:
    prepare(there)
    mine = ours()
    for _ in range(n):
        mine.run()
    return statistics.median(mine.seconds)


def _scene(bound: float, n: int, complete: int) -> bool:
    programs: dict[str, Program] = {"tojimari": ours(), "nmap, fast": nmap(THEIRS, *NMAP_FAST)}
    for _ in range(n):
        for one in programs.values():
            one.run()
    for title, one in programs.items():
        print(f"  {one.row(title)}")
    mine = programs["tojimari"]
    held = verdict("ours / bound", statistics.median(mine.seconds) / bound, BAR, "x")
    for _ in range(complete):
        mine.run()
    return mine.complete() and held


if __name__ == "__main__":
    sys.exit(main())
