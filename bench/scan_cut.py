"""Scans that are cut off at random moments: by kill -9, then gone on with; and by Ctrl-C.

A scan that was killed three times and gone on with must have the same doors in its file as one that
nobody disturbed, each once. One that was interrupted must end with 130 and tell what is known, and
leave no socket, no rule and no half connection behind.

script/bench scan_cut [--kills N] [--interrupts N] [--method METHOD]
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import _sink
from _far import CABLE, THEIRS, Far, far
from _lab import own_network
from _measure import machine
from _scenes import TOJIMARI, chain, rules
from scan_many import DOOR, town

OPEN = tuple(range(500, 20000, 500))
BULK = "syn-bulk"
NETWORK = "10.64.0.0/11"  # of which one in 100 answers
# What is asked by each method, and how fast, so that a scan takes some seconds.
ASKED = {
    "syn": ("-p", "1-20000", "--rate", "9000"),
    "connect": ("-p", "1-20000", "--rate", "9000"),
    "udp": ("--udp", "-p", "1-200", "--rate", "60"),
    BULK: (NETWORK, "-p", str(DOOR), "--no-discovery", "--rate", "20000000"),
}
CUTS = 3  # before a scan may end
LONGEST = {"syn": 2.5, "connect": 2.5, "udp": 2.5, BULK: 3.0}  # seconds until a cut, at most
SEED = "3"
_DRAINED = 2.0  # seconds: half connections go with our kernel's resets
_SYN_SENT, _SYN_RECEIVED = "02", "03"  # include/net/tcp_states.h
INTERRUPTED = 130

Told = tuple[Counter[tuple[str, str, int, str]], list[tuple[str, str, int]], int]


def scan(*words: str) -> "subprocess.Popen[str]":
    command = [TOJIMARI, "scan", *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def told(path: Path) -> Told:
    """The doors of a file, and the counts of its end."""
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    doors = Counter(
        (one["transport"], one["address"], one["port"], one["state"])
        for one in lines
        if one["schema"] == "tojimari.scan-door/1"
    )
    end = lines[-1]
    assert end["schema"] == "tojimari.scan-end/1", end["schema"]
    counts = [(one["state"], one["reason"], one["count"]) for one in end["counts"]]
    return doors, sorted(counts), end["known"]


def _words(method: str) -> tuple[str, ...]:
    how = () if method == "udp" else ("--method", method)
    whom = () if method == BULK else (THEIRS,)
    return (*whom, *ASKED[method], *how, "--seed", SEED)


def _finish(*words: str) -> None:
    with scan(*words) as one:
        _, said = one.communicate(timeout=60)
    if one.returncode not in {0, 1}:
        msg = f"{words} ended with {one.returncode}: {said}"
        raise RuntimeError(msg)


def killed(method: str, times: int, folder: Path) -> bool:
    """Kill and go on; whether every scan ended as if nothing had been."""
    words = _words(method)
    quiet = folder / f"{method}.jsonl"
    _finish(*words, "--save", str(quiet))
    expected = told(quiet)
    moments = random.Random()  # noqa: S311 - no secret
    same = cuts = 0
    runs = -(-times // CUTS)
    for number in range(runs):
        path = folder / f"{method}-{number}.jsonl"
        again = [*words, "--save", str(path)]
        for _ in range(CUTS):
            with scan(*again) as one:
                try:
                    one.communicate(timeout=moments.uniform(0.05, LONGEST[method]))
                except subprocess.TimeoutExpired:
                    one.send_signal(signal.SIGKILL)
                    cuts += 1
            if path.exists():
                again = ["--resume", str(path)]
        _finish(*again)
        found = told(path)
        same += found == expected
        if found != expected:
            missing, more = expected[0] - found[0], found[0] - expected[0]
            print(f"    differs: missing {missing}, more {more}, {expected[1:]} {found[1:]}"[:2000])
    print(
        f"  {'held  ' if same == runs else 'MISSED'} {method}: {same} of {runs} scans, killed"
        f" {cuts} times, hold the same {expected[2]} doors as one undisturbed",
        flush=True,
    )
    return same == runs


def _sockets(prefix: Sequence[str], *states: str) -> int:
    """How many TCP sockets are in some states."""
    shown = subprocess.run(
        [*prefix, "cat", "/proc/net/tcp"], check=True, capture_output=True, text=True
    ).stdout
    return sum(line.split()[3] in states for line in shown.splitlines()[1:])


def _left(there: Far) -> list[str]:
    """What a scan has left behind."""
    found: list[str] = []
    for name in ("packet", "raw", "udp"):
        lines = Path(f"/proc/self/net/{name}").read_text(encoding="ascii").splitlines()[1:]
        found += [f"{name}: {line}" for line in lines]
    ruleset = ["nft", "list", "ruleset"]
    if shown := subprocess.run(ruleset, check=True, capture_output=True, text=True).stdout.strip():
        found.append(shown)
    if count := _sockets([], _SYN_SENT):
        found.append(f"{count} sockets that connect")
    until = time.monotonic() + _DRAINED
    while count := _sockets(there.line(), _SYN_RECEIVED):
        if time.monotonic() > until:
            found.append(f"{count} half connections there")
            break
        time.sleep(0.02)
    return found


def interrupted(there: Far, method: str, times: int) -> bool:
    """Interrupt; whether each ended as it should."""
    moments = random.Random()  # noqa: S311 - no secret
    good = early = launchers = 0
    for _ in range(times):
        with scan(*_words(method)) as one:
            try:
                said, errors = one.communicate(timeout=moments.uniform(0.0, LONGEST[method] * 0.8))
                good += 1  # over before
                continue
            except subprocess.TimeoutExpired:
                one.send_signal(signal.SIGINT)
                said, errors = one.communicate(timeout=30)
        left = _left(there)
        # Before it has said what it is about to do there is nothing to sum up; and before Python
        # itself has begun, the signal ends it: to a shell that is 130 as well.
        begun = "knocked at by" in said
        early += not begun
        summed = not begun or ("Stopped." in said and "Doors known: " in said)
        codes = {INTERRUPTED} if begun else {INTERRUPTED, -signal.SIGINT}
        # Python may still be reading the launcher, and then says so in its own way.
        launching = not begun and "Traceback" in errors and "src/tojimari/" not in errors
        launchers += launching
        quiet = launching or "Traceback" not in errors
        if one.returncode in codes and summed and not left and quiet:
            good += 1
        else:
            print(f"    ended with {one.returncode}, left {left}: {said!r} {errors[-600:]!r}")
    print(
        f"  {'held  ' if good == times else 'MISSED'} {method}: {good} of {times} ended with 130"
        f" and a summary and left nothing behind; {early} were stopped before they began,"
        f" of these {launchers} with a traceback of Python's start",
        flush=True,
    )
    return good == times


def main(words: Sequence[str] | None = None) -> int:
    """Cut; returns 1 where anything was lost, doubled or left behind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50, help="of each method")
    parser.add_argument("--interrupts", type=int, default=50, help="of each method")
    parser.add_argument("--method", choices=ASKED, help="only this")
    options = parser.parse_args(words)
    if os.geteuid() != 0:
        print("needs root: the network is made in namespaces of its own", file=sys.stderr)
        return 2
    print(machine(options.kills))
    own_network()
    methods = [options.method] if options.method else list(ASKED)
    held = True
    with tempfile.TemporaryDirectory() as folder, far() as there:
        there.listen(OPEN)
        rules(there, chain("input", "tcp dport 7001-7099 drop"))
        # All errors at once: how long a limited target takes is measured elsewhere.
        there.run("sysctl", "-qw", "net.ipv4.icmp_ratelimit=0", "net.ipv4.icmp_msgs_per_sec=100000")
        for method in methods:
            if method == BULK:
                town(there, NETWORK)
                there.script(_sink.__file__, CABLE, "tc")
            if options.kills:
                held &= killed(method, options.kills, Path(folder))
            if options.interrupts:
                held &= interrupted(there, method, options.interrupts)
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
