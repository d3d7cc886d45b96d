"""From Enter to the proof: one door closed in each way in a house of the practice network.

script/bench closing [-n N]
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from _measure import machine, verdict

from tojimari.lab import launch
from tojimari.lab.launch import Street
from tojimari.lab.places import Places

BAR = 2.0  # seconds
# Of the scene town: each has a SysV script beside its unit, and a configuration that is understood.
DOORS = (("web", "80", "apache2.service"), ("files", "21", "vsftpd.service"))
WAYS = ("unit", "config", "firewall")


def main(words: Sequence[str] | None = None) -> int:
    """Measure; returns 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=12, help="runs of each way, at least 10")
    options = parser.parse_args(words)
    if os.geteuid() != 0:
        print("needs root: the lab is made of namespaces of its own", file=sys.stderr)
        return 2
    n = max(10, options.n)
    print(machine(n))
    with tempfile.TemporaryDirectory() as folder:
        places = Places(cache=Places.of_user().cache, state=Path(folder))
        street = launch.up(places, "town", lambda _: None)
        try:
            held = [_measured(street, *door, n) for door in DOORS]
        finally:
            launch.down(places, lambda _: None)
    return 0 if all(held) else 1


def _measured(street: Street, house: str, port: str, unit: str, n: int) -> bool:
    took: dict[str, list[float]] = {way: [] for way in WAYS}
    for number in range(n + 1):
        for way in WAYS:
            words = ["close", port, "--by", way, "--yes", "--for", "10m"]
            began = time.monotonic()
            _run(street, house, ["tojimari", *words])
            if number:  # the first of each only warms the caches
                took[way].append(time.monotonic() - began)
            _run(street, house, ["tojimari", "undo"])
            # systemd lets a unit start five times in ten seconds.
            _run(street, house, ["systemctl", "reset-failed", unit])
    held = True
    for way, seconds in took.items():
        found = statistics.median(seconds)
        print(f"  {house} {port} --by {way}: {min(seconds):.2f} to {max(seconds):.2f} s")
        held &= verdict(f"close {port} --by {way}", found, BAR, "s")
    return held


def _run(street: Street, house: str, words: Sequence[str]) -> None:
    done = subprocess.run(street.line(house, words), capture_output=True, text=True, check=False)
    if done.returncode != 0 and words[0] == "tojimari":
        raise RuntimeError(done.stdout + done.stderr)


if __name__ == "__main__":
    sys.exit(main())
