"""What scans are measured against: far machines that answer, drop, lose, limit and lie far away."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from _far import CABLE, THEIRS, Far

TOJIMARI = str(Path(sys.executable).parent / "tojimari")
OPEN = (1, *range(2000, 58000, 2000), 65535)  # 30 doors
DOORS = 65_535
STATED = 200_000  # probes a second that the scanner sends to a neighbour of whom it hears nothing
OURS_V6, THEIRS_V6 = "fd99::1", "fd99::2"
Count = Callable[[bytes], int]


@dataclass(slots=True)
class Program:
    """What is timed.

    Attributes:
        words: Its command line.
        count: How many open doors its output tells of.
        most: Runs at most: of what takes minutes, one is enough to see that.
        patience: Seconds after which it is ended.
        endless: How often it had to be: masscan sometimes waits for ever (masscan#144).
        seconds: Of each run.
        found: Open doors of each run; -1 where it did not come to say.
        engine: Seconds of each run by the program's own account, where it gives one.
    """

    words: Sequence[str]
    count: Count
    most: int = 1000
    patience: float = 60
    endless: int = 0
    seconds: list[float] = field(default_factory=list[float])
    found: list[int] = field(default_factory=list[int])
    account: Callable[[bytes], float | None] = lambda _: None
    engine: list[float] = field(default_factory=list[float])

    def run(self) -> None:
        """Once."""
        began = time.perf_counter()
        try:
            said = subprocess.run(
                self.words,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                timeout=self.patience,
            ).stdout
        except subprocess.TimeoutExpired as late:
            self.endless += 1
            said = late.stdout or b""
        self.seconds.append(time.perf_counter() - began)
        self.found.append(self.count(said))
        own = self.account(said)
        if own is not None:
            self.engine.append(own)


@dataclass(frozen=True, slots=True)
class Scene:
    """What a far machine does, and who is measured.

    Attributes:
        prepare: Makes the far machine do it.
        programs: Who is measured, given the far end's link address; "tojimari" among them.
        bar: At most so many times the best complete peer's median, or the bound's.
        peer: The one to compare with; without, the fastest of those that missed nothing.
        opens: Doors that are open.
        latency: Seconds each way, where it is far away; a tenth of that more is jitter.
        passes: Passes over the doors that ours takes at least; where it is far away.
        ceiling: Whether the C program is measured beside them.
    """

    prepare: Callable[[Far], None]
    programs: Callable[[str], dict[str, Program]]
    bar: float = 1.0
    peer: str | None = None
    opens: int = len(OPEN)
    latency: float | None = None
    passes: int = 1
    ceiling: bool = False

    @property
    def jitter(self) -> float:
        """At most so many seconds more, each way."""
        return (self.latency or 0) / 10

    @property
    def trip(self) -> float:
        """Seconds there and back, as a mean."""
        return 2 * (self.latency or 0) + self.jitter


def _lines(pattern: bytes) -> Count:
    return lambda output: len(re.findall(pattern, output, re.MULTILINE))


def _told(output: bytes) -> int:
    try:
        told = json.loads(output)
    except ValueError:
        return -1
    return sum(one["state"] == "open" for one in told["doors"])


def _account(output: bytes) -> float | None:
    try:
        return float(json.loads(output)["end"]["seconds"])
    except (ValueError, KeyError):
        return None


def ours(target: str = THEIRS, ports: str = "1-65535") -> Program:
    words = (TOJIMARI, "scan", target, "-p", ports, "--method", "syn", "--json")
    return Program(words, _told, account=_account)


def nmap(*more: str, most: int = 1000) -> Program:
    words = ("nmap", "-sS", "-T4", "-n", "-Pn", "-p", "1-65535", *more)
    return Program(words, _lines(rb"^\d+/tcp +open "), most)


def masscan(link: str) -> Program:
    """Told its router, without which it looks for one for ever."""
    way = ("-e", CABLE, "--router-mac", link.replace(":", "-"), "--wait", "1")
    words = ("masscan", THEIRS, "-p", "1-65535", "--rate", "10000000", *way)
    return Program(words, _lines(rb"^Discovered open port"), patience=6)


FAST = ("--min-rate", "100000", THEIRS)


def _closed(link: str) -> dict[str, Program]:
    return {"tojimari": ours(), "nmap": nmap(THEIRS), "masscan": masscan(link)}


def _closed6(_: str) -> dict[str, Program]:
    return {"tojimari": ours(THEIRS_V6), "nmap": nmap("-6", THEIRS_V6)}


def _silent(link: str) -> dict[str, Program]:
    """Without nmap at its own pace: 88 s."""
    return {"tojimari": ours(), "nmap, fast": nmap(*FAST), "masscan": masscan(link)}


def _lossy(link: str) -> dict[str, Program]:
    """With few runs of nmap, which takes up to half a minute here."""
    return {
        "tojimari": ours(),
        "nmap, fast": nmap(*FAST, most=3),
        "nmap": nmap(THEIRS, most=1),
        "masscan": masscan(link),
    }


def _limited(link: str) -> dict[str, Program]:
    """With one run of nmap at its own pace: a minute, in which it may find nothing."""
    return {**_silent(link), "nmap": nmap(THEIRS, most=1)}


def _resets_told(link: str) -> dict[str, Program]:
    return {
        "tojimari": ours(),
        "nmap, fast": nmap("--defeat-rst-ratelimit", *FAST),
        "masscan": masscan(link),
    }


def _far_off(_: str) -> dict[str, Program]:
    return {"tojimari": ours(), "nmap, fast": nmap(*FAST, most=1)}


def rules(there: Far, *chains: str) -> None:
    """Replace the far machine's rules."""
    there.run("nft", "flush ruleset; add table inet bench;" + "".join(chains))


def chain(hook: str, *lines: str) -> str:
    made = f"add chain inet bench {hook} {{ type filter hook {hook} priority 0; }};"
    return made + "".join(f"add rule inet bench {hook} {line};" for line in lines)


_DOORS = "{ " + ", ".join(map(str, OPEN)) + " }"
_REST_DROPPED = f"tcp dport != {_DOORS} drop"
_RESETS = "tcp flags & rst == rst limit rate over 200/second burst 200 packets drop"


def plain(there: Far) -> None:
    rules(there)


def dropped(there: Far) -> None:
    rules(there, chain("input", _REST_DROPPED))


def _loss(share: int, *more: str) -> Callable[[Far], None]:
    line = f"meta l4proto tcp numgen random mod 100 < {share} drop"
    return lambda there: rules(there, chain("input", line, *more), chain("output", line))


def _syns(rate: int) -> Callable[[Far], None]:
    line = f"tcp flags & (syn | ack) == syn limit rate over {rate}/second drop"
    return lambda there: rules(there, chain("input", line))


def _resets(there: Far) -> None:
    rules(there, chain("output", _RESETS))


def _only_resets(there: Far) -> None:
    """Nothing is open, and of what is closed it says little."""
    refused = f"tcp dport {_DOORS} reject with tcp reset"
    rules(there, chain("input", refused), chain("output", _RESETS))


def _latency(seconds: float, *, silent: bool) -> Scene:
    if silent:
        return Scene(dropped, _far_off, 1.2, latency=seconds, passes=3)
    return Scene(plain, _far_off, 1.2, latency=seconds, ceiling=True)


SCENES = {
    "closed": Scene(plain, _closed, 0.6, "nmap", ceiling=True),
    "closed6": Scene(plain, _closed6, 0.6, "nmap"),
    "dropped": Scene(dropped, _silent),
    "loss3": Scene(_loss(3), _lossy),
    "loss10": Scene(_loss(10), _lossy),
    "loss3-dropped": Scene(_loss(3, _REST_DROPPED), _silent),
    "loss10-dropped": Scene(_loss(10, _REST_DROPPED), _silent),
    "syns50k": Scene(_syns(50_000), _limited),
    "syns20k": Scene(_syns(20_000), _limited),
    "resets": Scene(_resets, _resets_told),
    "resets-none": Scene(_only_resets, _resets_told, opens=0),
    "latency1": _latency(0.001, silent=False),
    "latency20": _latency(0.02, silent=False),
    "latency200": _latency(0.2, silent=False),
    "latency1-dropped": _latency(0.001, silent=True),
    "latency20-dropped": _latency(0.02, silent=True),
    "latency200-dropped": _latency(0.2, silent=True),
}
