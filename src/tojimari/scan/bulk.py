"""Many doors, one stretch of the order after the other, in memory that does not grow."""

import time
from collections import deque
from collections.abc import Generator
from contextlib import ExitStack
from dataclasses import replace
from functools import partial

from tojimari.core.message import Message, mark
from tojimari.linux.outbox import Outbox
from tojimari.scan.bulk_book import BulkBook
from tojimari.scan.bulk_doors import Doors, blank, room
from tojimari.scan.bulk_ear import BulkEar
from tojimari.scan.bulk_frames import LAYOUT, Stencil
from tojimari.scan.bulk_hearing import Hearing
from tojimari.scan.bulk_live import Live
from tojimari.scan.bulk_send import Crate, Sender
from tojimari.scan.flow import Flow
from tojimari.scan.lanes import Lanes
from tojimari.scan.live_program import QUEUE
from tojimari.scan.meanwhile import Meanwhile
from tojimari.scan.permutation import Permutation
from tojimari.scan.sweep import BATCH, CHECKS, Sweep
from tojimari.scan.task import Answers, Ended, Ending, Limits, Progress, Task, Told
from tojimari.scan.timer import Timer

# Doors of a stretch: 25 bytes each while it is asked, 16 while it waits for its turn. What was not
# told of the stretches under way is asked again by --resume.
STRETCH = 1 << 19
AT_ONCE = 2  # stretches: while one waits for its last answers, the other is asked
# Where that would gain nothing, because a stretch takes much longer than its last answers.
SLOW_STRETCH = 1 << 20
SLOW = 1_000_000.0  # probes a second
_LANES = 2
_RATED = 0.05  # seconds that a rate is taken over at least


def run(
    task: Task,
    told: Told,
    hearing: Hearing,
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
        hearing: What answers are heard by.
        hardware: Link addresses of the gateway, or of all addresses where there is none.
        flow: How fast.
        timer: How long an answer is waited for.
        live: Whether the kernel is to make the frames by itself, where it can.

    Raises:
        OSError: Not permitted, or the kernel refused.
    """
    with ExitStack() as stack:
        return _Run(task, told, hearing, hardware, stack, live=live).stretches(flow, timer)


class _Run:
    """One task under way."""

    def __init__(
        self,
        task: Task,
        told: Told,
        hearing: Hearing,
        hardware: dict[int, bytes],
        stack: ExitStack,
        *,
        live: bool,
    ) -> None:
        self._task, self._told = task, told
        way, total = task.way, task.end - task.first
        self._first_port = hearing.first_port
        gateway = hardware.get(way.gateway, b"") if way.gateway is not None else b""
        stencil = Stencil(way.source, way.hardware, gateway, self._first_port)
        self._ear = BulkEar(hearing, way.source.to_bytes(4, "big"))
        stack.callback(self._ear.close)
        slow = task.limits.rate is not None and task.limits.rate < SLOW
        self._room = room(total, SLOW_STRETCH if slow else STRETCH)
        self._at_once = 1 if slow else AT_ONCE
        # As many again are reckoned out meanwhile; a power of two altogether.
        records = self._room * min(2 * self._at_once, -(-total // self._room))
        records = 1 << (records - 1).bit_length()
        self._remarks: dict[str, Message] = {}
        made = self._live(records, stencil, stack) if live else None
        self._batch = BATCH if made is None else QUEUE
        boxes = [
            Crate(Outbox(hearing.socket, self._batch + CHECKS, LAYOUT.length), stencil)
            for _ in range(_LANES)
        ]
        lanes = Lanes(boxes, Crate.ship, spread=True)
        stack.callback(lanes.close)
        self._sender = Sender(stencil, lanes, made, hardware if way.gateway is None else None)
        column = blank(records) if made is None else made.records
        order = Permutation(task.space.size, task.seed)
        self._free = deque(
            Doors(task.space, order, stencil, column[at : at + self._room], at)
            for at in range(0, records, self._room)
        )
        self._books: list[BulkBook] = []
        self._coming: deque[Meanwhile[Doors]] = deque()
        self._next = task.first
        stack.callback(self._await)

    def _live(self, records: int, stencil: Stencil, stack: ExitStack) -> Live | None:
        try:
            made = Live(self._task.way, records, stencil)
        except OSError as error:
            self._remark(_NOT_LIVE, "not-live", {"why": str(error.strerror).partition("\n")[0]})
            return None
        stack.callback(made.close)
        return made

    def stretches(self, flow: Flow, timer: Timer) -> Ending:
        """All of it: one stretch after the other, and the next while one has to wait."""
        whole = _Whole(self._task, self._told)
        under_way: list[_Stretch] = []
        began, over = time.monotonic(), False
        while True:
            self._reckon()
            sent = sum(one.book.sent for one in under_way)
            rest = [one.go_on() for one in under_way]
            for one in tuple(under_way):
                if one.ending is not None:
                    under_way.remove(one)
                    self._books.remove(one.book)
                    self._free.append(one.doors)
                    whole.close(one.doors.first, one.ending)
                    over |= one.ending.why in {Ended.STOPPED, Ended.TIME}
            if sum(one.book.sent for one in under_way) != sent:
                continue
            # What gets lost by the crowd is measured by one stretch alone.
            most = self._at_once if flow.crowded is None else 1
            if self._coming and len(under_way) < most and not over:
                doors = self._coming.popleft().result()
                under_way.append(self._begin(doors, flow, timer, whole, began))
            elif under_way:
                under_way[0].book.wait(min(rest))
            else:
                break
        if self._sender.refused:
            self._remark(_NOT_TAKEN, "not-taken", {"interface": self._task.way.interface})
        return whole.ending(self._remarks)

    def _begin(
        self, doors: Doors, flow: Flow, timer: Timer, whole: "_Whole", began: float
    ) -> "_Stretch":
        first, clock = doors.first, time.monotonic
        part = replace(
            self._task, first=first, end=first + doors.count, limits=_left(self._task, began)
        )
        told = whole.part(part)
        book = BulkBook(doors, self._sender, self._ear, self._first_port, clock, told, self._books)
        self._books.append(book)
        return _Stretch(
            doors, book, Sweep(part, book, flow, timer, clock, told, batch=self._batch).steps()
        )

    def _reckon(self) -> None:
        """While some stretches are asked, find the doors of the next."""
        while self._free and self._next < self._task.end:
            doors, first = self._free.popleft(), self._next
            count = min(self._room, self._task.end - first)
            self._next += count
            self._coming.append(Meanwhile(partial(doors.found, first, count)))

    def _await(self) -> None:
        """Let those that are reckoned out be finished, before their memory goes."""
        for one in self._coming:
            one.wait()

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


class _Stretch:
    """One stretch under way.

    Attributes:
        doors: Its doors.
        book: What is known of them.
        ending: How it ended; None until then.
    """

    def __init__(self, doors: Doors, book: BulkBook, steps: Generator[float, None, Ending]) -> None:
        self.doors, self.book, self._steps = doors, book, steps
        self.ending: Ending | None = None

    def go_on(self) -> float:
        """Until it has to wait; returns for how many seconds at most."""
        try:
            return next(self._steps)
        except StopIteration as end:
            self.ending = end.value
            return 0.0


class _Whole:
    """Tells of stretches as of one task."""

    def __init__(self, task: Task, told: Told) -> None:
        self.told = told
        self._end = task.first  # of the last stretch that was begun
        self._last = Progress(0, 0, task.end - task.first, 1, None, 0.0, task.first)
        self._open: dict[int, Progress] = {}  # stretches of which not all is told, by their first
        self._sent = self._settled = 0  # of the others
        self._rated = (time.monotonic(), 0)
        self._endings: list[Ending] = []

    def part(self, task: Task) -> "_Part":
        """Who is told of a stretch."""
        self._end = task.end
        self._open[task.first] = replace(self._last, sent=0, settled=0)
        return _Part(self, task.first)

    def progress(self, first: int, progress: Progress) -> None:
        """A stretch is so far."""
        self._open[first] = progress
        self._tell(progress)

    def close(self, first: int, ending: Ending) -> None:
        """A stretch is over; where not all of it was told, its beginning is how far it is."""
        self._endings.append(ending)
        self._open[first] = ending.progress
        if ending.progress.position > first:
            del self._open[first]
            self._sent += ending.progress.sent
            self._settled += ending.progress.settled
        self._tell(ending.progress)

    def _tell(self, progress: Progress) -> None:
        sent = self._sent + sum(one.sent for one in self._open.values())
        settled = self._settled + sum(one.settled for one in self._open.values())
        now, (since, before), rate = time.monotonic(), self._rated, self._last.rate
        if now - since >= _RATED:
            rate = (sent - before) / (now - since)
            self._rated = (now, sent)
        self._last = replace(
            progress,
            sent=sent,
            settled=settled,
            total=self._last.total,
            rate=rate,
            position=min(self._open, default=self._end),
        )
        self.told.progress(self._last)

    def ending(self, remarks: dict[str, Message]) -> Ending:
        """How the whole ended: as the stretch did that left most undone."""
        found = {one.why: one for one in self._endings}
        why = next(
            one for one in (Ended.STOPPED, Ended.TIME, Ended.RETRIES, Ended.SURE) if one in found
        )
        passes = min(one.passes for one in self._endings)
        said = {one.code: one for ending in self._endings for one in ending.remarks} | remarks
        return Ending(why, self._last, passes, (*said.values(),))


class _Part:
    """Tells of one stretch."""

    def __init__(self, whole: _Whole, first: int) -> None:
        self._whole, self._first = whole, first

    def answers(self, answers: Answers) -> None:
        self._whole.told.answers(answers)

    def progress(self, progress: Progress) -> None:
        self._whole.progress(self._first, progress)

    def stopped(self) -> bool:
        return self._whole.told.stopped()
