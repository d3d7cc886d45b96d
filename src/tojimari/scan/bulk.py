"""Many doors, one stretch of the order after the other, in memory that does not grow."""

import os
import time
from contextlib import ExitStack
from dataclasses import replace

from tojimari.core.message import Message
from tojimari.linux.outbox import Outbox
from tojimari.scan.arrivals import PORTS
from tojimari.scan.bulk_book import BulkBook, Doors, Sender
from tojimari.scan.bulk_ear import BulkEar
from tojimari.scan.bulk_frames import LAYOUT, Stencil
from tojimari.scan.flow import Flow
from tojimari.scan.lanes import Lanes
from tojimari.scan.permutation import Permutation
from tojimari.scan.raw_wire import PORTS_FROM, processors
from tojimari.scan.sweep import BATCH, CHECKS, Sweep
from tojimari.scan.task import Answers, Ended, Ending, Limits, Progress, Task, Told
from tojimari.scan.timer import Timer

STRETCH = 1 << 20  # doors: 15 MiB, and a second's probes
_LANES = 2


def run(task: Task, told: Told, hardware: dict[int, bytes], flow: Flow, timer: Timer) -> Ending:
    """Do a task.

    Args:
        task: IPv4, through Ethernet.
        told: Who is told.
        hardware: Link addresses of the gateway, or of all addresses where there is none.
        flow: How fast.
        timer: How long an answer is waited for.

    Raises:
        OSError: Not permitted, or the kernel refused.
    """
    way = task.way
    first_port = PORTS_FROM + PORTS * (os.urandom(1)[0] % ((65536 - PORTS_FROM) // PORTS))
    order = Permutation(task.space.size, task.seed)
    gateway = hardware.get(way.gateway, b"") if way.gateway is not None else b""
    stencil = Stencil(way.source, way.hardware, gateway)
    with ExitStack() as stack:
        ear = BulkEar(way.interface, first_port)
        stack.callback(ear.close)
        boxes = [
            Outbox(ear.socket, BATCH + CHECKS, LAYOUT.length)
            for _ in range(min(_LANES, processors()))
        ]
        lanes = Lanes(boxes, Outbox.send)
        stack.callback(lanes.close)
        sender = Sender(stencil, lanes, first_port, hardware if way.gateway is None else None)
        whole = _Whole(task, told)
        ending = Ending(Ended.SURE, whole.progress_now, 0)
        passes: list[int] = []
        remarks: dict[str, Message] = {}
        began = time.monotonic()
        for first in range(task.first, task.end, STRETCH):
            end = min(first + STRETCH, task.end)
            doors = Doors(task.space, order, first, end - first)
            part = replace(task, first=first, end=end, limits=_left(task, began))
            book = BulkBook(doors, sender, ear, first_port, time.monotonic, whole)
            ending = Sweep(part, book, flow, timer, time.monotonic, whole).run()
            whole.close(ending.progress)
            passes.append(ending.passes)
            remarks |= {one.code: one for one in ending.remarks}
            if ending.why in {Ended.STOPPED, Ended.TIME}:
                break
        return Ending(ending.why, whole.progress_now, min(passes, default=0), (*remarks.values(),))


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
