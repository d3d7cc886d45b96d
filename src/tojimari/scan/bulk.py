"""Many doors, one stretch of the order after the other, in memory that does not grow."""

import os
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace

from tojimari.core.message import Message, mark
from tojimari.linux.outbox import Outbox
from tojimari.scan.arrivals import PORTS
from tojimari.scan.bulk_book import BulkBook
from tojimari.scan.bulk_doors import Doors, blank, room
from tojimari.scan.bulk_ear import BulkEar
from tojimari.scan.bulk_frames import LAYOUT, Stencil
from tojimari.scan.bulk_live import Live
from tojimari.scan.bulk_send import Crate, Sender
from tojimari.scan.flow import Flow
from tojimari.scan.lanes import Lanes
from tojimari.scan.live_program import QUEUE
from tojimari.scan.permutation import Permutation
from tojimari.scan.raw_wire import PORTS_FROM
from tojimari.scan.sweep import BATCH, CHECKS, Sweep
from tojimari.scan.task import Answers, Ended, Ending, Limits, Progress, Task, Told
from tojimari.scan.timer import Timer

STRETCH = 1 << 21  # doors: 25 bytes each, and as many records of the next stretch
# The same where it takes longer: what was not told of a stretch is asked again by --resume.
SLOW_STRETCH = 1 << 20
SLOW = 1_000_000.0  # probes a second
_LANES = 2


def run(
    task: Task,
    told: Told,
    hardware: dict[int, bytes],
    flow: Flow,
    timer: Timer,
    *,
    live: bool = False,
) -> Ending:
    """Do a task.

    Args:
        task: IPv4, through Ethernet.
        told: Who is told.
        hardware: Link addresses of the gateway, or of all addresses where there is none.
        flow: How fast.
        timer: How long an answer is waited for.
        live: Whether the kernel is to make the frames by itself, where it can.

    Raises:
        OSError: Not permitted, or the kernel refused.
    """
    with ExitStack() as stack:
        return _Run(task, told, hardware, stack, live=live).stretches(flow, timer)


class _Run:
    """One task under way."""

    def __init__(
        self, task: Task, told: Told, hardware: dict[int, bytes], stack: ExitStack, *, live: bool
    ) -> None:
        self._task, self._told = task, told
        way, total = task.way, task.end - task.first
        self._first_port = PORTS_FROM + PORTS * (os.urandom(1)[0] % ((65536 - PORTS_FROM) // PORTS))
        gateway = hardware.get(way.gateway, b"") if way.gateway is not None else b""
        stencil = Stencil(way.source, way.hardware, gateway, self._first_port)
        self._ear = BulkEar(way.interface, way.source.to_bytes(4, "big"), self._first_port)
        stack.callback(self._ear.close)
        slow = task.limits.rate is not None and task.limits.rate < SLOW
        self._room = room(total, SLOW_STRETCH if slow else STRETCH)
        records = self._room * (2 if total > self._room else 1)
        self._remarks: dict[str, Message] = {}
        made = self._live(records, stencil, stack) if live else None
        self._batch = BATCH if made is None else QUEUE
        boxes = [
            Crate(Outbox(self._ear.socket, self._batch + CHECKS, LAYOUT.length), stencil)
            for _ in range(_LANES)
        ]
        lanes = Lanes(boxes, Crate.ship, spread=True)
        stack.callback(lanes.close)
        self._sender = Sender(stencil, lanes, made, hardware if way.gateway is None else None)
        column = blank(records) if made is None else made.records
        order = Permutation(task.space.size, task.seed)
        self._doors = [
            Doors(task.space, order, stencil, column[at : at + self._room], at)
            for at in range(0, records, self._room)
        ]
        # While one stretch is asked, the next is reckoned out.
        self._ahead = ThreadPoolExecutor(1, "tojimari-ahead")
        stack.callback(self._ahead.shutdown, cancel_futures=True)

    def _live(self, records: int, stencil: Stencil, stack: ExitStack) -> Live | None:
        try:
            made = Live(self._task.way, records, stencil)
        except OSError as error:
            self._remark(_NOT_LIVE, "not-live", {"why": str(error.strerror).partition("\n")[0]})
            return None
        stack.callback(made.close)
        return made

    def stretches(self, flow: Flow, timer: Timer) -> Ending:
        """All of it, one stretch after the other."""
        task = self._task
        whole = _Whole(task, self._told)
        ending = Ending(Ended.SURE, whole.progress_now, 0)
        passes: list[int] = []
        began = time.monotonic()
        starts = range(task.first, task.end, self._room)
        coming = self._find(0, task.first)
        for turn, first in enumerate(starts):
            doors = coming.result()
            if first + self._room < task.end:
                coming = self._find(turn + 1, first + self._room)
            part = replace(task, first=first, end=first + doors.count, limits=_left(task, began))
            book = BulkBook(doors, self._sender, self._ear, self._first_port, time.monotonic, whole)
            sweep = Sweep(part, book, flow, timer, time.monotonic, whole, batch=self._batch)
            ending = sweep.run()
            whole.close(ending.progress)
            passes.append(ending.passes)
            self._remarks |= {one.code: one for one in ending.remarks}
            if ending.why in {Ended.STOPPED, Ended.TIME}:
                break
        if self._sender.refused:
            self._remark(_NOT_TAKEN, "not-taken", {"interface": task.way.interface})
        remarks = (*self._remarks.values(),)
        return Ending(ending.why, whole.progress_now, min(passes, default=0), remarks)

    def _find(self, turn: int, first: int) -> Future[Doors]:
        doors = self._doors[turn % len(self._doors)]
        count = min(self._room, self._task.end - first)

        def find() -> Doors:
            doors.find(first, count)
            return doors

        return self._ahead.submit(find)

    def _remark(self, text: str, code: str, values: dict[str, str | int]) -> None:
        self._remarks[code] = Message(code, text, values)


_NOT_LIVE = mark("The kernel does not make frames by itself here ({why}); they were sent by calls.")
_NOT_TAKEN = mark(
    "{interface} does not take frames that the kernel makes by itself; they were sent by calls."
)


def _left(task: Task, began: float) -> Limits:
    limits = task.limits
    if limits.seconds is None:
        return limits
    return replace(limits, seconds=max(0.0, limits.seconds - (time.monotonic() - began)))


class _Whole:
    """Tells of stretches as of one task."""

    def __init__(self, task: Task, told: Told) -> None:
        self._told = told
        self._total = task.end - task.first
        self.progress_now = Progress(0, 0, self._total, 1, None, 0.0, task.first)
        self._before = self.progress_now

    def answers(self, answers: Answers) -> None:
        self._told.answers(answers)

    def progress(self, progress: Progress) -> None:
        self.progress_now = replace(
            progress,
            sent=self._before.sent + progress.sent,
            settled=self._before.settled + progress.settled,
            total=self._total,
        )
        self._told.progress(self.progress_now)

    def close(self, progress: Progress) -> None:
        self.progress(progress)
        self._before = self.progress_now

    def stopped(self) -> bool:
        return self._told.stopped()
