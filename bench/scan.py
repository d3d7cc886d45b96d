"""The SYN scan against nmap and masscan, whole processes, in two namespaces joined by a cable.

Each run of each program is timed and its open doors counted; runs are interleaved.

script/bench scan [SCENE...] [-n N] [--complete N]
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from _ceiling import build
from _far import CABLE, OURS, THEIRS, Far, far
from _lab import own_network
from _measure import machine, verdict

TOJIMARI = str(Path(sys.executable).parent / "tojimari")
OPEN = (1, *range(2000, 58000, 2000), 65535)  # 30 doors
OURS_V6, THEIRS_V6 = "fd99::1", "fd99::2"
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
Count = Callable[[bytes], int]


@dataclass(slots=True)
class Program:
    """What is timed.

    Attributes:
        words: Its command line.
        count: How many open doors its output tells of.
        seconds: Of each run.
        found: Open doors of each run.
        patience: Seconds after which it is ended.
        endless: How often it had to be: masscan sometimes waits for ever (masscan#144).
    """

    words: Sequence[str]
    count: Count
    seconds: list[float] = field(default_factory=list[float])
    found: list[int] = field(default_factory=list[int])
    patience: float = 120
    endless: int = 0

    def run(self) -> None:
        """Once."""
        began = time.perf_counter()
        try:
            told = subprocess.run(
                self.words,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                timeout=self.patience,
            ).stdout
        except subprocess.TimeoutExpired as late:
            self.endless += 1
            told = late.stdout or b""
        self.seconds.append(time.perf_counter() - began)
        self.found.append(self.count(told))


def _lines(pattern: bytes) -> Count:
    return lambda output: len(re.findall(pattern, output, re.MULTILINE))


def _told(output: bytes) -> int:
    told = json.loads(output)
    return sum(one["state"] == "open" for one in told["doors"])


def ours(target: str = THEIRS, *more: str) -> Program:
    words = (TOJIMARI, "scan", target, "-p", "1-65535", "--method", "syn", "--json", *more)
    return Program(words, _told)


def nmap(target: str = THEIRS, *more: str) -> Program:
    words = ("nmap", "-sS", "-T4", "-n", "-Pn", "-p", "1-65535", *more, target)
    return Program(words, _lines(rb"^\d+/tcp +open "))


def masscan(link: str) -> Program:
    """Told its router, without which it looks for one for ever."""
    way = ("-e", CABLE, "--router-mac", link.replace(":", "-"), "--wait", "1")
    words = ("masscan", THEIRS, "-p", "1-65535", "--rate", "10000000", *way)
    return Program(words, _lines(rb"^Discovered open port"), patience=15)


def rules(there: Far, *chains: str) -> None:
    """Replace the far machine's rules."""
    there.run("nft", "flush ruleset; add table inet bench;" + "".join(chains))


def chain(hook: str, *lines: str) -> str:
    made = f"add chain inet bench {hook} {{ type filter hook {hook} priority 0; }};"
    return made + "".join(f"add rule inet bench {hook} {line};" for line in lines)


def _dropped(there: Far) -> None:
    doors = ", ".join(map(str, OPEN))
    rules(there, chain("input", f"tcp dport != {{ {doors} }} drop"))


def _loss(share: int) -> Callable[[Far], None]:
    line = f"meta l4proto tcp numgen random mod 100 < {share} drop"
    return lambda there: rules(there, chain("input", line), chain("output", line))


def _syns(rate: int) -> Callable[[Far], None]:
    line = f"tcp flags & (syn | ack) == syn limit rate over {rate}/second drop"
    return lambda there: rules(there, chain("input", line))


def _resets(there: Far) -> None:
    line = "tcp flags & rst == rst limit rate over 200/second burst 200 packets drop"
    rules(there, chain("output", line))


def _plain(there: Far) -> None:
    rules(there)


NMAP_FAST = ("--min-rate", "100000")
# Name: what the far machine does, who is measured, and at most so many times whose time.
SCENES: dict[
    str, tuple[Callable[[Far], None], Callable[[str], dict[str, Program]], tuple[str, float]]
] = {
    "closed": (
        _plain,
        lambda link: {"tojimari": ours(), "nmap": nmap(), "masscan": masscan(link)},
        ("nmap", 0.6),
    ),
    "closed6": (
        _plain,
        lambda _: {"tojimari": ours(THEIRS_V6), "nmap": nmap(THEIRS_V6, "-6")},
        ("nmap", 0.6),
    ),
    "dropped": (
        _dropped,
        lambda link: {
            "tojimari": ours(),
            "nmap, fast": nmap(THEIRS, *NMAP_FAST),
            "masscan": masscan(link),
        },
        ("nmap, fast", 1.0),
    ),
    "loss3": (
        _loss(3),
        lambda _: {"tojimari": ours(), "nmap, fast": nmap(THEIRS, *NMAP_FAST)},
        ("nmap, fast", 1.0),
    ),
    "loss10": (
        _loss(10),
        lambda _: {"tojimari": ours(), "nmap, fast": nmap(THEIRS, *NMAP_FAST)},
        ("nmap, fast", 1.0),
    ),
    "syns50k": (
        _syns(50_000),
        lambda _: {"tojimari": ours(), "nmap, fast": nmap(THEIRS, *NMAP_FAST)},
        ("nmap, fast", 1.0),
    ),
    "syns20k": (
        _syns(20_000),
        lambda _: {"tojimari": ours(), "nmap, fast": nmap(THEIRS, *NMAP_FAST)},
        ("nmap, fast", 1.0),
    ),
    "resets": (
        _resets,
        lambda _: {
            "tojimari": ours(),
            "nmap, fast": nmap(THEIRS, "--defeat-rst-ratelimit", *NMAP_FAST),
        },
        ("nmap, fast", 1.0),
    ),
}


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
    held = True
    with far() as there:
        _also_v6(there)
        there.serve(_LISTEN, *map(str, OPEN))
        for name in options.scenes or SCENES:
            held &= _scene(there, name, options.n, options.complete)
    return 0 if held else 1


def _also_v6(there: Far) -> None:
    for prefix, address in (([], OURS_V6), (there.line(), THEIRS_V6)):
        words = ["ip", "address", "add", f"{address}/64", "dev", CABLE, "nodad"]
        subprocess.run([*prefix, *words], check=True)


def _scene(there: Far, name: str, n: int, complete: int) -> bool:
    prepare, make, (peer, bar) = SCENES[name]
    prepare(there)
    link = _link(there)
    programs = make(link)
    ceiling: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        program = build(Path(folder)) if name == "closed" else None
        for _ in range(n):
            for one in programs.values():
                one.run()
            if program is not None:
                ceiling.append(_ceiling(program, link))
    print(f"\n{name}")
    for title, one in programs.items():
        low, high = min(one.seconds), max(one.seconds)
        print(
            f"  {title:12} {statistics.median(one.seconds):7.3f} s ({low:.3f} to {high:.3f})"
            f"  found {min(one.found)} to {max(one.found)} of {len(OPEN)}"
            + (f", ended by force {one.endless} times" if one.endless else "")
        )
    if ceiling:
        print(
            f"  {'C, one core':12} {statistics.median(ceiling):7.3f} s, sending and counting only"
        )
    mine, other = programs["tojimari"], programs[peer]
    held = verdict(
        f"ours / {peer}",
        statistics.median(mine.seconds) / statistics.median(other.seconds),
        bar,
        "x",
    )
    for _ in range(complete):
        mine.run()
    whole = sum(found == len(OPEN) for found in mine.found)
    print(f"  all {len(OPEN)} found in {whole} of {len(mine.found)} runs")
    return held and whole == len(mine.found)


def _link(there: Far) -> str:
    shown = subprocess.run(
        there.line("ip", "-o", "link", "show", CABLE), check=True, capture_output=True, text=True
    ).stdout
    return shown.split("link/ether ")[1].split()[0]


def _ceiling(program: Path, link: str) -> float:
    words = [str(program), CABLE, link, OURS, THEIRS]
    seconds, _ = subprocess.run(words, check=True, capture_output=True, text=True).stdout.split()
    return float(seconds)


if __name__ == "__main__":
    sys.exit(main())
