"""Whole processes, measured: wall time and memory, medians of interleaved runs."""

import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(slots=True)
class Runs:
    """What one command took.

    Attributes:
        seconds: Wall time of each run.
        mebibytes: Largest resident set of any run.
        size: Bytes that it wrote.
    """

    seconds: list[float] = field(default_factory=list[float])
    mebibytes: float = 0.0
    size: int = 0

    @property
    def median(self) -> float:
        """Seconds."""
        return statistics.median(self.seconds)


def machine(n: int) -> str:
    """What was measured on, and how often, in one line."""
    model = next(
        (
            line.partition(": ")[2]
            for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    load = " ".join(f"{one:.1f}" for one in os.getloadavg())
    python = platform.python_version()
    cores = os.cpu_count()
    return f"{cores} x {model}, Linux {os.uname().release}, Python {python}, load {load}, n = {n}"


def interleaved(commands: Mapping[str, Sequence[str]], n: int) -> dict[str, Runs]:
    """Run each command once, then all of them in turn, n times.

    Args:
        commands: Name to words.
        n: How often.

    Raises:
        RuntimeError: A command failed.
    """
    found = {name: Runs() for name in commands}
    for name, words in commands.items():
        found[name].size = len(subprocess.run(words, check=True, stdout=subprocess.PIPE).stdout)
    for _ in range(n):
        for name, words in commands.items():
            seconds, mebibytes = once(words)
            found[name].seconds.append(seconds)
            found[name].mebibytes = max(found[name].mebibytes, mebibytes)
    return found


def once(words: Sequence[str]) -> tuple[float, float]:
    """Wall seconds and MiB of one run, its output thrown away."""
    output = (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)
    start = time.perf_counter()
    pid = os.posix_spawnp(words[0], list(words), os.environ, file_actions=[output])
    _, status, usage = os.wait4(pid, 0)
    seconds = time.perf_counter() - start
    if status:
        msg = f"{' '.join(words)} failed: {status}"
        raise RuntimeError(msg)
    return seconds, usage.ru_maxrss / 1024  # KiB on Linux (getrusage(2))


def show(title: str, found: Mapping[str, Runs]) -> None:
    """Print a table."""
    print(f"\n{title}")
    for name, runs in found.items():
        low, high = min(runs.seconds), max(runs.seconds)
        print(
            f"  {name:28} {1e3 * runs.median:8.1f} ms  ({1e3 * low:.1f} to {1e3 * high:.1f})"
            f"  {runs.mebibytes:6.1f} MiB  {runs.size / 1e6:8.2f} MB out"
        )
    sys.stdout.flush()


def verdict(text: str, measured: float, bar: float, unit: str) -> bool:
    """Print whether a bar is held; returns it."""
    held = measured <= bar
    print(f"  {'held  ' if held else 'MISSED'} {text}: {measured:.2f} {unit} (bar {bar:g} {unit})")
    return held
