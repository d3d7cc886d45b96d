"""Packets sent by several processors at once, while Python does something else.

The kernel does the whole work of a packet in the call that sends it, on a virtual link even that of
the other end; so one processor's time is the limit, until there are two.
"""

import contextlib
import os
import sys
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Generic, TypeVar

T = TypeVar("T")

# Seconds after which a thread that computes makes way for one that could send. Python's own 5 ms
# are as long as a thousand packets take: whoever prints answers would halve the rate (measured).
TURN = 0.0002


class Lane(Generic[T]):
    """One thread, and what it sends from.

    Attributes:
        box: What it sends from; only whoever has the lane may touch it.
    """

    def __init__(
        self,
        box: T,
        send: Callable[[T, int], int],
        free: "SimpleQueue[Lane[T]]",
        processor: int | None,
    ) -> None:
        """Start it.

        Args:
            box: What it sends from.
            send: Sends so many.
            free: Where it reports when it has sent.
            processor: Which it keeps to; None for any.
        """
        self._processor = processor
        self.box = box
        self._send, self._free = send, free
        self._work: SimpleQueue[int] = SimpleQueue()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="tojimari-lane", daemon=True)
        self._thread.start()

    def go(self, count: int) -> None:
        """Send so many; the lane is free again when that is done."""
        self._work.put(count)

    def close(self) -> None:
        """End it, when it has sent what it was given."""
        self._work.put(0)
        self._thread.join()

    def blame(self) -> None:
        """Raise what the last sending raised."""
        error, self._error = self._error, None
        if error is not None:
            raise error

    def _run(self) -> None:
        if self._processor is not None:
            with contextlib.suppress(OSError):  # it was taken from us meanwhile
                os.sched_setaffinity(0, {self._processor})  # of this thread alone
        while count := self._work.get():
            try:
                self._send(self.box, count)
            except OSError as error:
                self._error = error
            self._free.put(self)


class Lanes(Generic[T]):
    """Several, and which of them are free."""

    def __init__(
        self, boxes: list[T], send: Callable[[T, int], int], *, spread: bool = False
    ) -> None:
        """Start them.

        Args:
            boxes: One for each lane.
            send: Sends so many from one of them, and lets other threads run meanwhile.
            spread: Whether each keeps to a processor of its own. Left to themselves two are often
                on one, because the same thread wakes both (measured: a third less).
        """
        self._before = sys.getswitchinterval()
        sys.setswitchinterval(min(TURN, self._before))
        self._free: SimpleQueue[Lane[T]] = SimpleQueue()
        found = sorted(os.sched_getaffinity(0)) if spread else [None]
        self._all = [
            Lane(box, send, self._free, found[number % len(found)])
            for number, box in enumerate(boxes)
        ]
        for lane in self._all:
            self._free.put(lane)

    def take(self) -> Lane[T]:
        """One that is free, as soon as there is one.

        Raises:
            OSError: What it was given before could not be sent.
        """
        lane = self._free.get()
        try:
            lane.blame()
        except OSError:
            self._free.put(lane)
            raise
        return lane

    def close(self) -> None:
        """End them all."""
        for lane in self._all:
            lane.close()
        sys.setswitchinterval(self._before)
