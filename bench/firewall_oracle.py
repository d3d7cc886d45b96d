"""A million packets, judged by the kernel and by the reasoner.

Run as root, in namespaces of its own:
    unshare -nm .venv/bin/python script/isolated.py .venv/bin/python bench/firewall_oracle.py

It makes random rulesets of four kinds, for IPv4 and IPv6, loads each into a network namespace,
sends packets with all kinds of sources, and compares what arrives with what the reasoner allows.
"""

import os
import platform
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from firewall import generate, generate_iptables
from firewall.judge import Generator, Judge, Tally, Trial, compare, tried
from tojimari.firewall.ruleset import Ruleset

WANTED = 1_000_000
ROUND = 20  # rulesets of one kind before the next kind's turn
KINDS: tuple[tuple[str, Generator, bool], ...] = (
    ("nftables", generate.ruleset, False),
    ("iptables", generate_iptables.dump, True),
    ("nftables, not all modelled", generate.strange_ruleset, False),
    ("iptables, not all modelled", generate_iptables.strange_dump, True),
)


def load_nft(judge: Judge, text: str) -> Ruleset:
    """By nft."""
    return judge.load(text)


def load_iptables(judge: Judge, text: str) -> Ruleset:
    """By iptables-nft-restore."""
    return judge.load_iptables(text)


def main() -> None:
    """Go on until enough packets were judged; leave with 1 if any was judged differently."""
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else WANTED
    tallies = {name: Tally() for name, _, _ in KINDS}
    start, seed = time.monotonic(), 100_000
    judge = Judge()
    try:
        while sum(tally.checks for tally in tallies.values()) < wanted:
            for name, write, by_iptables in KINDS:
                load = load_iptables if by_iptables else load_nft
                for one in tried(judge, write, generate.packets, range(seed, seed + ROUND), load):
                    if isinstance(one, Trial):
                        compare(one, tallies[name])
                    else:
                        tallies[name].refused += 1
            seed += ROUND
    finally:
        judge.close()
    print(
        f"Linux {platform.release()}, {os.cpu_count()} processors, {time.monotonic() - start:.0f} s"
    )
    for name, tally in tallies.items():
        print(
            f"{name}: {tally.rulesets} rulesets ({tally.refused} refused by the kernel),"
            f" {tally.checks} packets, {tally.arrived} arrived, {tally.undecided} undecided,"
            f" {len(tally.wrong)} wrong"
        )
    wrong = [line for tally in tallies.values() for line in tally.wrong]
    print(
        f"together: {sum(tally.checks for tally in tallies.values())} packets, {len(wrong)} wrong"
    )
    for line in wrong[:10]:
        print(line)
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
