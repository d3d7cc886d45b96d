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
LISTEN = """
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

    def row(self, title: str) -> str:
        """What it took and found."""
        low, high = min(self.seconds), max(self.seconds)
        return (
            f"{title:12} {statistics.median(self.seconds):7.3f} s ({low:.3f} to {high:.3f})"
            f"  found {min(self.found)} to {max(self.found)} of {len(OPEN)}"
            + (f", ended by force {self.endless} times" if self.endless else "")
        )

    def complete(self) -> bool:
        """Print how often it found everything; returns whether it always did."""
        whole = sum(found == len(OPEN) for found in self.found)
        print(f"  all {len(OPEN)} found in {whole} of {len(self.found)} runs", flush=True)
        return whole == len(self.found)


def _lines(pattern: bytes) -> Count:
    return lambda output: len(re.findall(pattern, output, re.MULTILINE))


def _told(output: bytes) -> int:
    told = json.loads(output)
    return sum(one["state"] == "open" for one in told["doors"])


def ours(target: str = THEIRS, *more: str) -> Program:
    words = (TOJIMARI, "scan", target, "-p", "1-65535", "--method", "syn", "--json", *more)
    return Program(words, _told)


def nmap(target: str = THEIRS, *more: str, patience: float = 120) -> Program:
    words = ("nmap", "-sS", "-T4", "-n", "-Pn", "-p", "1-65535", *more, target)
    return Program(words, _lines(rb"^\d+/tcp +open "), patience=patience)


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


_SILENT = f"tcp dport != {{ {', '.join(map(str, OPEN))} }} drop"


def dropped(there: Far) -> None:
    rules(there, chain("input", _SILENT))


def _loss(share: int, *, dropped: bool = False) -> Callable[[Far], None]:
    line = f"meta l4proto tcp numgen random mod 100 < {share} drop"
    more = (_SILENT,) if dropped else ()
    return lambda there: rules(there, chain("input", line, *more), chain("output", line))


def _syns(rate: int) -> Callable[[Far], None]:
    line = f"tcp flags & (syn | ack) == syn limit rate over {rate}/second drop"
    return lambda there: rules(there, chain("input", line))


def _resets(there: Far) -> None:
    line = "tcp flags & rst == rst limit rate over 200/second burst 200 packets drop"
    rules(there, chain("output", line))


def plain(there: Far) -> None:
    rules(there)


_LONG = 15.0  # seconds: many times ours; nmap's usual manner may take minutes


def _patient(_: str) -> dict[str, Program]:
    """Against nmap in a hurry, which may miss doors, and in its usual manner, which may not."""
    return {
        "tojimari": ours(),
        "nmap, fast": nmap(THEIRS, *NMAP_FAST),
        "nmap": nmap(patience=_LONG),
    }


NMAP_FAST = ("--min-rate", "100000")
# Name: what the far machine does, who is measured, and at most so many times whose time: of the
# quickest that found everything, where nobody is named.
SCENES: dict[
    str, tuple[Callable[[Far], None], Callable[[str], dict[str, Program]], tuple[str, float]]
] = {
    "closed": (
        plain,
        lambda link: {"tojimari": ours(), "nmap": nmap(), "masscan": masscan(link)},
        ("nmap", 0.6),
    ),
    "closed6": (
        plain,
        lambda _: {"tojimari": ours(THEIRS_V6), "nmap": nmap(THEIRS_V6, "-6")},
        ("nmap", 0.6),
    ),
    "dropped": (
        dropped,
        lambda link: {
            "tojimari": ours(),
            "nmap, fast": nmap(THEIRS, *NMAP_FAST),
            "masscan": masscan(link),
        },
        ("nmap, fast", 1.0),
    ),
    "loss3": (_loss(3), _patient, ("", 1.0)),
    "loss3-dropped": (_loss(3, dropped=True), _patient, ("", 1.0)),
    "loss10": (_loss(10), _patient, ("", 1.0)),
    "loss10-dropped": (_loss(10, dropped=True), _patient, ("", 1.0)),
    "syns50k": (_syns(50_000), _patient, ("", 1.0)),
    "syns20k": (_syns(20_000), _patient, ("", 1.0)),
    "resets": (
        _resets,
        lambda _: {
            "tojimari": ours(),
            "nmap, fast": nmap(THEIRS, "--defeat-rst-ratelimit", *NMAP_FAST),
            "nmap": nmap(THEIRS, "--defeat-rst-ratelimit", patience=_LONG),
        },
        ("", 1.0),
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
        there.serve(LISTEN, *map(str, OPEN))
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
        print(f"  {one.row(title)}")
    if ceiling:
        print(
            f"  {'C, one core':12} {statistics.median(ceiling):7.3f} s, sending and counting only"
        )
    mine = programs["tojimari"]
    peer = peer or _best(programs)
    held = True
    if peer:
        ratio = statistics.median(mine.seconds) / statistics.median(programs[peer].seconds)
        held = verdict(f"ours / {peer}", ratio, bar, "x")
    else:
        print("  no peer found everything in all of its runs")
    for _ in range(complete):
        mine.run()
    return mine.complete() and held


def _best(programs: dict[str, Program]) -> str:
    """The quickest of the peers that found every door in every run."""
    complete = {
        title: statistics.median(one.seconds)
        for title, one in programs.items()
        if title != "tojimari" and set(one.found) == {len(OPEN)}
    }
    return min(complete, key=complete.__getitem__, default="")


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
