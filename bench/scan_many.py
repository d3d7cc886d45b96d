"""One door at very many addresses: 16.7 million simulated ones, and 65,536 beside zmap.

script/bench scan_many [SCENE...] [-n N] [--complete N]

many: SYNs by ``sendmmsg`` to a network of which one address in 100 answers; frames that the far
kernel drops are dropped as late as a card's would be.
live: the same by frames that the kernel itself makes, dropped where a card would give them up.
hosts: 65,536 addresses, all open, interleaved with zmap; whole processes.
"""

import argparse
import ipaddress
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

import _sink
from _far import CABLE, THEIRS, Far, far
from _lab import own_network
from _measure import machine, verdict

TOJIMARI = str(Path(sys.executable).parent / "tojimari")
NETWORK, LINK = "10.0.0.0/8", "10.99.0.0/24"
HOSTS = "10.64.0.0/16"
DOOR = 80
RATE = 20_000_000  # a second: more than can be sent, so that nothing but the machine is the limit
SCENES = {"many": ("tc", 1_500_000), "live": ("xdp", 4_000_000)}
MEMORY = 200.0  # MiB
_LAST_WORDS = 1 << 16  # bytes, more than the summary at a document's end
ZMAP_SHARE = 0.3  # of zmap's wall time

# Every SYN is answered; whom nobody accepts is forgotten when the prober's kernel resets.
_SERVE = """
import signal, socket, sys
door = socket.create_server(("", int(sys.argv[1])), backlog=4096)
print("ready", flush=True)
while True:
    door.accept()[0].close()
"""


@dataclass(slots=True)
class Runs:
    """What was measured of one program, run by run.

    Attributes:
        seconds: Wall time of the whole process.
        mebibytes: Largest resident set.
        rates: Probes a second, over the scan's own time.
        found: Open doors.
    """

    seconds: list[float] = field(default_factory=list[float])
    mebibytes: list[float] = field(default_factory=list[float])
    rates: list[float] = field(default_factory=list[float])
    found: list[int] = field(default_factory=list[int])


def ours(network: str, *more: str) -> list[str]:
    words = [TOJIMARI, "scan", network, "-p", str(DOOR), "--no-discovery", "--rate", str(RATE)]
    return [*words, "--json", *more]


def run_ours(words: Sequence[str], runs: Runs) -> None:
    """Once, its whole answer read."""
    with tempfile.TemporaryFile() as output:
        runs.seconds.append(_timed(words, output.fileno(), runs))
        # Only its last words: what this process holds at the next start would be counted as that
        # one's, since a program's largest set begins with the one of who started it (getrusage(2)).
        output.seek(-min(_LAST_WORDS, output.seek(0, os.SEEK_END)), os.SEEK_END)
        told = json.loads(output.read().rpartition(b'],"end":')[2].strip().removesuffix(b"}"))
    sent = sum(part["sent"] for part in told["parts"])
    runs.rates.append(sent / told["seconds"])
    runs.found.append(told["open"])


def _timed(words: Sequence[str], output: int, runs: Runs) -> float:
    actions = [(os.POSIX_SPAWN_DUP2, output, 1)]
    began = perf_counter()
    pid = os.posix_spawnp(words[0], list(words), os.environ, file_actions=actions)
    _, status, usage = os.wait4(pid, 0)
    seconds = perf_counter() - began
    if status:
        msg = f"{' '.join(words)} failed: {status}"
        raise RuntimeError(msg)
    runs.mebibytes.append(usage.ru_maxrss / 1024)  # KiB on Linux (getrusage(2))
    return seconds


def _many(name: str, options: argparse.Namespace) -> bool:
    how, bar = SCENES[name]
    network, link = ipaddress.IPv4Network(options.network), ipaddress.IPv4Network(LINK)
    with far() as there:
        town(there, options.network)
        there.script(_sink.__file__, CABLE, how)
        runs = Runs()
        words = ours(options.network, "--exclude", LINK, *options.ours)
        for _ in range(options.n):
            run_ours(words, runs)
    answering = _answering(network) - (_answering(link) if network.overlaps(link) else 0)
    print(f"\n{name}: {options.network}, one in {_sink.ONE_IN} answers")
    print(
        f"  {_spread(runs.seconds)} s  {_spread([one / 1e6 for one in runs.rates])} Mpps"
        f"  {max(runs.mebibytes):.0f} MiB  found {min(runs.found)} to {max(runs.found)}"
        f" of {answering}"
    )
    held = verdict("memory", max(runs.mebibytes), MEMORY, "MiB")
    slowest = bar / statistics.median(runs.rates)
    held &= verdict(f"{bar / 1e6:g} Mpps / ours", slowest, 1.0, "x")
    return held and min(runs.found) == answering


def _answering(network: ipaddress.IPv4Network) -> int:
    first, last = int(network[0]), int(network[-1])
    return last // _sink.ONE_IN - (first - 1) // _sink.ONE_IN


def _hosts(options: argparse.Namespace) -> bool:
    mine, theirs = Runs(), Runs()
    with far() as there:
        town(there, HOSTS)
        words = ours(HOSTS, *options.ours)
        zmap = _zmap(there)
        for _ in range(options.n):
            run_ours(words, mine)
            with tempfile.TemporaryFile() as output:
                theirs.seconds.append(_timed(zmap, output.fileno(), theirs))
                output.seek(0)
                theirs.found.append(len(set(output.read().split())))
        for _ in range(options.complete):
            run_ours(words, mine)
    print(f"\nhosts: {HOSTS}, all open")
    for title, runs in (("tojimari", mine), ("zmap", theirs)):
        seconds = runs.seconds[: options.n]
        print(
            f"  {title:10} {_spread(seconds)} s  {max(runs.mebibytes):.0f} MiB"
            f"  found {min(runs.found)} to {max(runs.found)} of 65536"
        )
    whole = sum(one == 65536 for one in mine.found)
    print(f"  all 65536 found in {whole} of {len(mine.found)} runs")
    share = statistics.median(mine.seconds[: options.n]) / statistics.median(theirs.seconds)
    return verdict("ours / zmap", share, ZMAP_SHARE, "x") and whole == len(mine.found)


def _zmap(there: Far) -> list[str]:
    """Told its router, and to scan a private network, which its own list forbids."""
    words = ["zmap", "-p", str(DOOR), "-i", CABLE, "-G", there.hardware(), "-r", "0", "-b"]
    return [*words, "/dev/null", "-c", "1", "-q", "--disable-syslog", "-v", "0", HOSTS]


def town(there: Far, network: str) -> None:
    """The far machine takes every address of a network for its own."""
    there.run("ip", "route", "add", "local", network, "dev", "lo")
    subprocess.run(["ip", "route", "add", network, "via", THEIRS], check=True)
    there.serve(_SERVE, str(DOOR))


def _spread(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.3f} ({min(values):.3f} to {max(values):.3f})"


def main(words: Sequence[str] | None = None) -> int:
    """Measure; returns 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenes", nargs="*", metavar="SCENE", help="many, live, hosts")
    parser.add_argument("-n", type=int, default=10, help="runs of each command")
    parser.add_argument("--complete", type=int, default=0, help="so many more runs of ours alone")
    parser.add_argument("--network", default=NETWORK, help="of the simulated; 10.0.0.0/8")
    parser.add_argument("--ours", nargs=argparse.REMAINDER, default=[], help="more words for ours")
    options = parser.parse_args(words)
    if os.geteuid() != 0:
        print("needs root: the network is made in namespaces of its own", file=sys.stderr)
        return 2
    print(machine(options.n))
    own_network()
    held = True
    for name in options.scenes or (*SCENES, "hosts"):
        held &= _hosts(options) if name == "hosts" else _many(name, options)
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
