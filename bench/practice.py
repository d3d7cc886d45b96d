"""How long a scene of the practice network takes to come up from the cache, and to go down.

script/bench practice [-n N] [SCENE ...]

Rounds are interleaved: every scene once, then every scene again. The bar: up within 20 s.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from _measure import machine

from tojimari.lab import cgroups, launch, scene
from tojimari.lab.places import Places

BAR = 20.0  # seconds


def quiet(_: object) -> None:
    """Take what is said, and say nothing."""


def once(places: Places, name: str) -> tuple[float, float, int, list[str]]:
    """Seconds up, seconds down, processes while it stood, doors that stayed shut."""
    began = time.monotonic()
    street = launch.up(places, name, quiet)
    up = time.monotonic() - began
    processes = len(cgroups.processes(street.entry.group))
    missing = [door for event in street.events.values() for door in event.missing]
    began = time.monotonic()
    launch.down(places, quiet)
    return up, time.monotonic() - began, processes, missing


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=3, dest="rounds")
    parser.add_argument("scenes", nargs="*", default=list(scene.names()))
    given = parser.parse_args()
    rounds: int = given.rounds
    names: list[str] = given.scenes
    measured: dict[str, list[tuple[float, float, int, list[str]]]] = {name: [] for name in names}
    with tempfile.TemporaryDirectory() as state:
        places = Places(cache=Places.of_user().cache, state=Path(state))
        for _ in range(rounds):
            for name in names:
                measured[name].append(once(places, name))
    print(machine(rounds))
    print(f"{'scene':<14} n  up (median s)  worst  down (median s)  doors  processes  within bar")
    for name, runs in measured.items():
        ups = [up for up, _, _, _ in runs]
        downs = statistics.median(down for _, down, _, _ in runs)
        doors = len(list(scene.load(name).doors()))
        fine = "yes" if max(ups) <= BAR and not any(missing for *_, missing in runs) else "NO"
        print(
            f"{name:<14} {len(runs)}  {statistics.median(ups):>13.2f}  {max(ups):>5.2f}"
            f"  {downs:>15.2f}  {doors:>5}  {runs[-1][2]:>9}  {fine}"
        )


if __name__ == "__main__":
    main()
