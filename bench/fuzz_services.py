"""Damaged conversations, as many as there is time for: no dialogue may break, hang or grow.

    script/bench --fuzz [--seconds N] [--family NAME] [--seed N]

Each family gets so many seconds. What a real server once said is changed (slices replaced by noise,
by large numbers, by words without end; turns left out, doubled, taken from another) and played.
Allowed is a service that can be shown, None, a peer error, or "damaged"; everything else is printed
with what repeats it, and counted.
"""

import argparse
import random
import resource
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from _families import ALLOWED, Case, Family, families

LONGEST = 0.1  # seconds of processor time for one case; a slower one holds up all other doors
SHOWN = 3000  # characters of what repeats a finding


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="for each family")
    parser.add_argument("--family", default="", help="only this one")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    chosen = parser.parse_args()
    known = families()
    if chosen.family and chosen.family not in known:
        parser.error(f"there is no family {chosen.family}: {', '.join(known)}")
    print(f"{'family':20} {'seconds':>7} {'cases':>8} {'findings':>8} {'slowest':>9} {'MiB':>6}")
    found: Counter[str] = Counter()
    total = 0
    for name, family in known.items():
        if chosen.family in {"", name}:
            total += played(name, family, chosen.seconds, chosen.seed, found)
    print(f"seed {chosen.seed}: {total} cases, {sum(found.values())} findings")
    for what, count in found.most_common():
        print(f"  {count:6} x {what}")
    sys.exit(bool(found))


def played(name: str, family: Family, seconds: float, seed: int, found: Counter[str]) -> int:
    """Play one family; how many cases that were."""
    chance = random.Random(f"{seed}:{name}")  # noqa: S311 - noise that can be repeated
    before = found.total()
    cases = 0
    slowest = 0.0
    began = time.monotonic()
    while time.monotonic() < began + seconds:
        case = family(chance)
        cases += 1
        took, broken = tried(case)
        slowest = max(slowest, took)
        if broken:
            if not found[broken]:
                print(f"{name}, case {cases}: {broken}\n  {case.shown[:SHOWN]}", flush=True)
            found[broken] += 1
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{name:20} {time.monotonic() - began:7.1f} {cases:8} {found.total() - before:8}"
        f" {1e3 * slowest:6.1f} ms {memory:6.0f}",
        flush=True,
    )
    return cases


def tried(case: Case) -> tuple[float, str]:
    """Seconds of processor time, and what was wrong; empty where nothing was.

    What is slow is slow again; what was held up once, by Python's own collection of what the whole
    process has left lying about, is not.
    """
    took, broken = _tried(case)
    if not broken and took > LONGEST:
        took, broken = min((took, broken), _tried(case))
        broken = broken or (f"{case.of}: slow" if took > LONGEST else "")
    return took, broken


def _tried(case: Case) -> tuple[float, str]:
    began = time.process_time()
    broken = ""
    try:
        case.run()
    except ALLOWED:
        pass
    except Exception as error:  # noqa: BLE001 - every other error is what is looked for
        broken = f"{case.of}: {type(error).__name__}: {str(error)[:100]}"
    return time.process_time() - began, broken


if __name__ == "__main__":
    main()
