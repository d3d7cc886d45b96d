"""The inside view against ss, on a busy machine and on a small one, whole processes.

script/bench inside [--small] [-n N]
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from _lab import Size, lab, own_network
from _measure import interleaved, machine, show, verdict

TOJIMARI = str(Path(sys.executable).parent / "tojimari")
HALF = 0.5  # of ss's wall time
MEMORY = 60  # MiB
SMALL = 0.150  # seconds for a look at a small machine
LOOK = (TOJIMARI, "look", "--json")
CONNECTIONS = (TOJIMARI, "connections", "--json")
DOORS_OF_SS = ("ss", "-tulpn")
CONNECTIONS_OF_SS = ("ss", "-tanp")


def main(words: Sequence[str] | None = None) -> int:
    """Measure; returns 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="only the small machine")
    parser.add_argument("-n", type=int, default=9, help="runs of each command, at least 7")
    options = parser.parse_args(words)
    if os.geteuid() != 0:
        print("needs root: the lab is made in a network namespace of its own", file=sys.stderr)
        return 2
    n = max(7, options.n)
    print(machine(n))
    own_network()
    small = interleaved({"ss -tulpn": DOORS_OF_SS, "tojimari look --json": LOOK}, n)
    show("small machine", small)
    held = verdict("look", small["tojimari look --json"].median, SMALL, "s")
    return 0 if (options.small or _busy(n)) and held else 1


def _busy(n: int) -> bool:
    size = Size()
    with lab(size):
        doors = interleaved({"ss -tulpn": DOORS_OF_SS, "tojimari look --json": LOOK}, n)
        show(f"busy machine: {size}", doors)
        ours, theirs = doors["tojimari look --json"], doors["ss -tulpn"]
        held = [
            verdict("look / ss -tulpn", ours.median / theirs.median, HALF, "x"),
            verdict("memory of look", ours.mebibytes, MEMORY, "MiB"),
        ]
        talks = interleaved(
            {"ss -tanp": CONNECTIONS_OF_SS, "tojimari connections --json": CONNECTIONS}, n
        )
        show("the same, connections", talks)
        ours, theirs = talks["tojimari connections --json"], talks["ss -tanp"]
        held.append(verdict("connections / ss -tanp", ours.median / theirs.median, HALF, "x"))
    return all(held)


if __name__ == "__main__":
    sys.exit(main())
