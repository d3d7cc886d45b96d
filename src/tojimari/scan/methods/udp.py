"""Knocking by datagrams. What is said is what the protocol that is usual there expects to hear."""

import heapq
import sys
import time
from collections import deque

from tojimari.core.endpoint import Transport
from tojimari.core.message import Message, mark
from tojimari.scan.datagrams import Datagrams, Heard
from tojimari.scan.permutation import Permutation
from tojimari.scan.street import Street
from tojimari.scan.task import Answer, Ended, Ending, Method, Reason, Task, Told
from tojimari.scan.telling import Telling
from tojimari.scan.udp_host import SURE, UdpHost

BLOCK = 1 << 14  # doors that are finished before the next are begun
IDLE = 0.05  # seconds between two looks at whether to stop
BATCH = 16  # datagrams to one machine before what came back is read
SHORTEST = 0.001  # seconds; a shorter wait is none


def _obstacle(task: Task) -> Message | None:
    del task
    if sys.platform != "linux":  # pragma: no cover - the suite runs on Linux
        return Message("not-on-this-system", mark("this system lacks what it needs"))
    return None


def _run(task: Task, told: Told) -> Ending:
    return _Knocking(task, told).run()


class _Knocking:
    """One task."""

    def __init__(self, task: Task, told: Told) -> None:
        self._task = task
        self._street = Street(task.space, task.way)
        self._telling = Telling(task, told)
        self._hosts: dict[int, UdpHost] = {}
        self._places: dict[tuple[str, int], int] = {}
        self._due: list[tuple[float, int]] = []
        self._passes: int | None = None
        self._limited = False
        self._unsure = False
        self._rate = task.limits.rate
        self._free = 0.0  # when the pace of the whole scan allows the next, whomever it is to

    def run(self) -> Ending:
        """Knock at every door of the task."""
        why = Ended.SURE
        size, at, end = self._task.space.size, self._task.first, self._task.end
        if at < end:
            order = Permutation(size, self._task.seed)
            datagrams = Datagrams(self._street.family, self._task.payloads)
            try:
                while at < end:
                    upto = min(end, at + BLOCK)
                    ended = self._block(order.stretch(at, upto), datagrams)
                    if ended is not None:
                        why = ended
                        break
                    self._telling.position = at = upto
            finally:
                datagrams.close()
        if why is Ended.SURE and self._unsure:
            why = Ended.RETRIES
        return self._telling.end(why, self._passes or 0, self._remarks())

    def _block(self, places: list[int], datagrams: Datagrams) -> Ended | None:
        """Some doors, until it is sure what each is; why it had to end before."""
        self._prepare(places)
        while self._due:
            ended = self._telling.over()
            if ended is not None:
                return ended
            now = time.perf_counter()
            wait = max(self._due[0][0], self._free) - now
            if wait > 0:
                self._hear(datagrams, min(wait, IDLE))
                continue
            _, rank = heapq.heappop(self._due)
            due = self._turn(rank, datagrams, now)
            if due is not None:
                heapq.heappush(self._due, (due, rank))
            self._hear(datagrams, 0)
        return None

    def _prepare(self, places: list[int]) -> None:
        """Sort doors by machine, the likeliest to be open first."""
        self._hosts, self._places, self._due = {}, {}, []
        likely, said = self._task.likely, self._task.payloads

        def order(place: int) -> tuple[bool, bool]:
            port = self._street.door(place)[1]
            return port not in likely, port not in said

        for place in sorted(places, key=order):
            door = self._street.door(place)
            self._places[door[0], door[1]] = place
            host = self._hosts.setdefault(
                self._street.rank(place), UdpHost(deque(), brief=self._task.brief)
            )
            host.unknown.append(place)
        self._due = [(0.0, rank) for rank in self._hosts]
        heapq.heapify(self._due)

    def _turn(self, rank: int, datagrams: Datagrams, now: float) -> float | None:
        """Ask a machine the next few; when it has its next turn, or None where it is done."""
        host = self._hosts[rank]
        host.pace(now)
        self._telling.sweep = max(self._telling.sweep, host.sweep)
        if host.wants_control:
            self._send_control(host, datagrams)
        if not host.unknown:
            return self._end_of_pass(host, now)
        most = host.rate if self._rate is None else min(host.rate, self._rate)
        count = max(1, min(BATCH, len(host.unknown), int(most * SHORTEST * BATCH)))
        for _ in range(count):
            place = host.unknown.popleft()
            self._send(host, place, datagrams)
        if self._rate is not None:
            self._free = max(self._free, now) + count / self._rate
        if not host.unknown:
            if host.control is not None and not host.brief:
                self._send_control(host, datagrams)
            return time.perf_counter() + host.patience()
        return now + count / host.rate

    def _end_of_pass(self, host: UdpHost, now: float) -> float | None:
        retries = self._task.limits.retries
        enough = retries is not None and host.sweep > retries
        again = host.turn()
        self._limited |= host.limited
        if again and not enough:
            return now
        left = list(host.unknown or host.asked)
        if left:
            passes = host.silent
            self._passes = passes if self._passes is None else min(self._passes, passes)
            self._unsure |= passes < SURE and not self._task.brief
        for place in left:
            tries = host.tries.get(place, 1)
            self._telling.answer(place, Answer.OPEN_OR_FILTERED, Reason.NO_RESPONSE, tries)
        host.unknown.clear()
        host.asked.clear()
        return None

    def _send(self, host: UdpHost, place: int, datagrams: Datagrams) -> None:
        host.sent(place, time.perf_counter())
        self._telling.sent += 1
        refusal = datagrams.send(self._street.door(place))
        if refusal is not None:
            self._take(refusal)

    def _send_control(self, host: UdpHost, datagrams: Datagrams) -> None:
        assert host.control is not None  # noqa: S101 - the caller has looked
        host.asked_control()
        self._telling.sent += 1
        datagrams.send(self._street.door(host.control))

    def _hear(self, datagrams: Datagrams, seconds: float) -> None:
        for heard in datagrams.hear(seconds):
            self._take(heard)

    def _take(self, heard: Heard) -> None:
        place = self._places.get((heard.host, heard.port))
        if place is None:
            return
        host = self._hosts[self._street.rank(place)]
        if place == host.control:
            host.heard_control()
            return
        known = host.heard(place, time.perf_counter())
        if known is None:
            return
        self._telling.answer(place, heard.answer, heard.reason, known[0], known[1], heard.ttl)
        if heard.answer is Answer.CLOSED and host.control is None:
            host.control = place

    def _remarks(self) -> list[Message]:
        if not self._limited:
            return []
        return [
            Message(
                "errors-limited",
                mark(
                    "The target answers only so many errors a second; the scan kept to that pace."
                ),
            )
        ]


METHOD = Method(
    name="udp",
    transports=frozenset({Transport.UDP}),
    words=mark("datagrams, and the errors that come back; needs no privilege"),
    rank=50,
    obstacle=_obstacle,
    run=_run,
)
