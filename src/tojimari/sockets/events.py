"""Being told when a door of this machine opens or closes.

What comes from here is a hint that it is time to look again; the fresh look is the truth. TCP doors
are told by the kernel as it happens, by a program at a tracepoint or by the trace file system,
whichever is allowed. The kernel has no such point for UDP, but for a program in the way of every
bind of the machine, which would be too much for a look; so the tables of UDP are compared ten times
a second. Without either right, those of TCP are, too, and the kernel at least says at once when one
has closed.
"""

import select
import time
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Protocol, Self

from tojimari.core.endpoint import Transport
from tojimari.linux import procfs
from tojimari.linux.btf import BtfError
from tojimari.linux.destroyed import Destroyed
from tojimari.linux.tcp_states import Turns, TurnsByProgram, TurnsByTracefs
from tojimari.sockets.polling import Polling
from tojimari.sockets.table import PROTOCOLS

INTERVAL = 0.1  # seconds between two readings of the tables
SETTLING = 0.05  # seconds: a program that starts anew closes its doors and opens them again
SPACES = 10  # readings between two searches for new network namespaces


class Rung(StrEnum):
    """How doors are watched, the best first."""

    BPF = "bpf"
    TRACEFS = "tracefs"
    POLLING = "polling"


@dataclass(frozen=True, slots=True)
class Hint:
    """A door that may have opened or closed.

    Attributes:
        transport: The way of speaking.
        port: Its number; 0 where that was not told.
        opened: Whether it opened.
        netns: Inode of its network namespace; 0 where that was not told.
        pid: The process that did it; None where that was not told.
    """

    transport: Transport
    port: int
    opened: bool
    netns: int = 0
    pid: int | None = None


def watch(rung: Rung | None = None, *, interval: float = INTERVAL) -> "Watch":
    """Begin to watch, by the best means that is allowed.

    Args:
        rung: The only means to try; None for the best.
        interval: Seconds between two readings of the tables.

    Raises:
        OSError: The kernel has no socket diagnosis; or ``rung`` was named and is not allowed.
    """
    if rung is Rung.POLLING:
        return Watch(Rung.POLLING, _closings(), interval)
    makers: list[tuple[Rung, type[Turns]]] = [
        (Rung.BPF, TurnsByProgram),
        (Rung.TRACEFS, TurnsByTracefs),
    ]
    for candidate, maker in makers:
        if rung not in {None, candidate}:
            continue
        try:
            return Watch(candidate, _Told(maker()), interval)
        except (OSError, BtfError):
            if rung is candidate:
                raise
    return Watch(Rung.POLLING, _closings(), interval)


class _Source(Protocol):
    """What tells at once."""

    descriptor: int

    def read(self) -> list[Hint]: ...

    def close(self) -> None: ...


class Watch:
    """Hints as they come; to be used in a ``with`` statement, so that nothing is left behind.

    Attributes:
        rung: How doors are watched.
    """

    def __init__(self, rung: Rung, source: _Source | None, interval: float) -> None:
        """Begin.

        Args:
            rung: What ``source`` is.
            source: What tells at once; None where nothing does.
            interval: Seconds between two readings of the tables.

        Raises:
            OSError: The kernel has no socket diagnosis.
        """
        self.rung = rung
        self._source = source
        self._interval = interval
        self._ready = select.poll()
        polled = (Transport.TCP, Transport.UDP) if rung is Rung.POLLING else (Transport.UDP,)
        try:
            self._polling = Polling(polled)
        except BaseException:
            if source is not None:
                source.close()
            raise
        if source is not None:
            self._ready.register(source.descriptor, select.POLLIN)
        self._next = time.monotonic() + interval
        self._readings = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop, and take away what was put into the kernel; a second time does nothing."""
        source, self._source = self._source, None
        if source is not None:
            source.close()
        self._polling.close()

    def __iter__(self) -> Iterator[tuple[Hint, ...]]:
        """The hints, for ever; those that come together, together."""
        while True:
            hints = self.wait()
            if hints:
                yield hints

    def wait(self, timeout: float | None = None) -> tuple[Hint, ...]:
        """Wait for the next hints.

        Args:
            timeout: Seconds; None for as long as it takes.

        Returns:
            Those that came within ``SETTLING`` of the first; empty where none came in time.

        Raises:
            OSError: The kernel refuses to go on.
        """
        end = None if timeout is None else time.monotonic() + timeout
        hints: list[Hint] = []
        while True:
            now = time.monotonic()
            if end is not None and now >= end:
                return tuple(dict.fromkeys(hints))
            until = self._next if end is None else min(self._next, end)
            # The kernel counts in whole milliseconds: round up, so as not to spin.
            if self._ready.poll(max(0, int((until - now) * 1000) + 1)) and self._source:
                hints += self._source.read()
            if time.monotonic() >= self._next:
                hints += self._compare()
            if hints and (end is None or end > time.monotonic() + SETTLING):
                end = time.monotonic() + SETTLING

    def _compare(self) -> list[Hint]:
        self._next = time.monotonic() + self._interval
        self._readings += 1
        if self._readings % SPACES == 0:
            self._polling.find_spaces()
        opened, closed = self._polling.poll()
        return [
            Hint(transport, port, is_open, netns)
            for doors, is_open in ((closed, False), (opened, True))
            for transport, netns, port in sorted(doors)
        ]


class _Told:
    """Turns of TCP sockets, as hints."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self.descriptor = turns.descriptor
        self._numbers_are_ours = procfs.is_first_process_namespace()

    def read(self) -> list[Hint]:
        return [
            Hint(
                Transport.TCP,
                turn.port,
                turn.listens,
                turn.netns,
                turn.pid if turn.pid and self._numbers_are_ours else None,
            )
            for turn in self._turns.read()
        ]

    def close(self) -> None:
        self._turns.close()


class _Closings:
    """Closed TCP doors of our own network namespace, as hints.

    Not those of UDP, for every client that asked for a name would be told.
    """

    def __init__(self) -> None:
        self._destroyed = Destroyed((PROTOCOLS[Transport.TCP],))
        self.descriptor = self._destroyed.descriptor
        self._netns = procfs.namespace("self", "net") or 0

    def read(self) -> list[Hint]:
        return [
            Hint(Transport.TCP, port, opened=False, netns=self._netns)
            for _, port in self._destroyed.read()
        ]

    def close(self) -> None:
        self._destroyed.close()


def _closings() -> _Closings | None:
    """The last resort's help; None where the kernel does not tell even that."""
    try:
        return _Closings()
    except OSError:
        return None
