"""The connect scan against nmap -sT, whole processes, in two namespaces joined by a cable.

script/bench scan_connect [-n N]
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from _far import THEIRS, Far, far
from _lab import own_network
from _measure import interleaved, machine, show, verdict

TOJIMARI = str(Path(sys.executable).parent / "tojimari")
CLOSED = 0.7  # of nmap's wall time, 65,535 ports of which nearly all refuse
DROPPED = 3.0  # seconds for 2,000 ports that answer nothing
OPEN = tuple(range(2000, 62000, 2000))  # 30 doors
OURS = (TOJIMARI, "scan", THEIRS, "-p", "-", "--method", "connect", "--json")
NMAP = ("nmap", "-sT", "-Pn", "-n", "-T4", "-p", "1-65535", THEIRS)
SILENT = (TOJIMARI, "scan", THEIRS, "-p", "1-2000", "--method", "connect", "--time-limit", "60")


def main(words: Sequence[str] | None = None) -> int:
    """Measure; returns 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=11, help="runs of each command, at least 10")
    options = parser.parse_args(words)
    if os.geteuid() != 0:
        print("needs root: the network is made in namespaces of its own", file=sys.stderr)
        return 2
    n = max(10, options.n)
    print(machine(n))
    own_network()
    with far() as there:
        there.listen(OPEN)
        held = [_closed(n), _complete(n), _dropped(there, n)]
    return 0 if all(held) else 1


def _closed(n: int) -> bool:
    runs = interleaved({"nmap -sT -T4": NMAP, "tojimari, connect": OURS}, n)
    show("65,535 ports, 30 open, the rest refuse", runs)
    ours, theirs = runs["tojimari, connect"], runs["nmap -sT -T4"]
    return verdict("ours / nmap -sT", ours.median / theirs.median, CLOSED, "x")


def _complete(n: int) -> bool:
    """Whether every run found every door."""
    found: list[int] = []
    for _ in range(n):
        told = json.loads(subprocess.run(OURS, check=True, capture_output=True).stdout)
        found.append(sum(one["state"] == "open" for one in told["doors"]))
    print(f"  found in {n} runs: {min(found)} to {max(found)} of {len(OPEN)}")
    return min(found) == max(found) == len(OPEN)


def _dropped(there: Far, n: int) -> bool:
    there.run(
        "nft",
        "add table inet bench; add chain inet bench in { type filter hook input priority 0; };"
        " add rule inet bench in tcp dport 1-65535 drop",
    )
    silent = ("sh", "-c", f"{' '.join(SILENT)} || test $? = 1")  # no door is open: 1 is right
    runs = interleaved({"tojimari, connect": silent}, n)
    show("2,000 ports that answer nothing", runs)
    return verdict("seconds", runs["tojimari, connect"].median, DROPPED, "s")


if __name__ == "__main__":
    sys.exit(main())
