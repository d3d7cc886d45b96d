"""Many conversations at once in one thread: which of them may go on, and when.

A job is a generator that yields ``Wait`` whenever it would block, and is sent whether what it
waited for came (True) or the time passed (False). Results are handed out as they come.

This is written on ``selectors`` because a single talkative door is answered sooner than ``asyncio``
is imported (some 60 ms on the machine that this was measured on).
"""

import heapq
import itertools
import selectors
import socket
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

READ = selectors.EVENT_READ
WRITE = selectors.EVENT_WRITE
T = TypeVar("T")
LONGEST_SLEEP = 60.0  # seconds; the kernel counts milliseconds in 32 bits


@dataclass(frozen=True, slots=True)
class Wait:
    """What a job waits for.

    Attributes:
        socket: Whose readiness.
        events: ``READ`` or ``WRITE``.
        until: The moment at which waiting ends, as the clock says it.
    """

    socket: socket.socket
    events: int
    until: float


Job: TypeAlias = Generator[Wait, bool, T]


class _Task(Generic[T]):
    """One job, and what it waits for."""

    __slots__ = ("job", "turn", "wait")

    def __init__(self, job: Job[T]) -> None:
        self.job = job
        self.wait: Wait | None = None
        self.turn = 0  # distinguishes a deadline that is still meant from one that is past


class Loop(Generic[T]):
    """Runs jobs; ``results`` is the only thing to call."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Args: clock: seconds, never going back."""
        self._clock = clock
        self._selector = selectors.DefaultSelector()
        self._deadlines: list[tuple[float, int, int, _Task[T]]] = []
        self._ticket = itertools.count()
        self._running = 0

    def results(self, jobs: Iterator[Job[T]], at_once: int) -> Iterator[T]:
        """What the jobs return, in the order in which they end.

        Args:
            jobs: Taken when there is room for them.
            at_once: How many run at the same time.
        """
        more = True
        try:
            while more or self._running:
                while more and self._running < at_once:
                    job = next(jobs, None)
                    if job is None:
                        more = False
                        break
                    self._running += 1
                    yield from self._step(_Task(job), ready=None)
                for task, ready in self._woken() if self._running else ():
                    yield from self._step(task, ready=ready)
        finally:
            self._close()

    def _step(self, task: _Task[T], *, ready: bool | None) -> Iterator[T]:
        """Let a job go on until it waits again or ends."""
        task.turn += 1
        try:
            wait = task.job.send(ready) if ready is not None else next(task.job)
        except StopIteration as end:
            self._running -= 1
            yield end.value
            return
        task.wait = wait
        self._selector.register(wait.socket, wait.events, task)
        heapq.heappush(self._deadlines, (wait.until, next(self._ticket), task.turn, task))

    def _woken(self) -> list[tuple[_Task[T], bool]]:
        """The jobs that may go on: what they waited for came, or their time passed."""
        timeout = min(max(self._deadlines[0][0] - self._clock(), 0.0), LONGEST_SLEEP)
        woken: list[tuple[_Task[T], bool]] = []
        for key, _ in self._selector.select(timeout):
            task: _Task[T] = key.data
            self._rest(task)
            woken.append((task, True))
        now = self._clock()
        while self._deadlines and (self._stale() or self._deadlines[0][0] <= now):
            _, _, turn, task = heapq.heappop(self._deadlines)
            if task.turn == turn and task.wait is not None:
                self._rest(task)
                woken.append((task, False))
        return woken

    def _stale(self) -> bool:
        _, _, turn, task = self._deadlines[0]
        return task.turn != turn or task.wait is None

    def _rest(self, task: _Task[T]) -> None:
        if task.wait is not None:
            self._selector.unregister(task.wait.socket)
            task.wait = None

    def _close(self) -> None:
        """Stop whatever still waits; its own clean-up runs."""
        waiting = [key.data for key in self._selector.get_map().values()]
        for task in waiting:
            task.job.close()
        self._selector.close()
