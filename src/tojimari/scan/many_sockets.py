"""Knocking with many sockets at once: for doors that are far away, or do not answer at all."""

import contextlib
import select
import time
from _socket import SO_ERROR, SOL_SOCKET
from _socket import socket as Socket  # noqa: N812 - it is a class
from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

from tojimari.linux import open_files
from tojimari.scan import connecting
from tojimari.scan.street import Street
from tojimari.scan.task import Answer, Ended, Reason
from tojimari.scan.telling import Telling
from tojimari.scan.timing import Timing

MOST = 4096  # sockets at once; beyond, the kernel's own tables and the target's suffer
SPARE = 40  # open files left to the rest of the process
MOST_EVENTS = 1024  # taken from the kernel at once
BURST = 0.01  # seconds of a bounded rate that may be sent at once
MOST_KNOWN = 1 << 16  # machines whose answers are timed apart
IDLE = 0.05  # seconds between two looks at whether to stop


class _Flying(NamedTuple):
    """A probe under way."""

    socket: Socket
    place: int
    began: float


class ManySockets:
    """Knocks at many doors at once, within a rate and the limit of open files.

    Attributes:
        ended: Why it had to end; None where it did all.
    """

    def __init__(self, street: Street, telling: Telling, rate: float | None) -> None:
        """Prepare.

        Args:
            street: The addresses of the doors.
            telling: Is told of those that answer.
            rate: Probes a second at most; None for no bound.
        """
        self._street = street
        self._telling = telling
        self._rate = rate
        self.room = open_files.allow(MOST, SPARE)
        self.ended: Ended | None = None
        self._flying: dict[int, _Flying] = {}
        self._deadlines: deque[tuple[float, int, float]] = deque()
        self._silent: list[int] = []
        self._again: deque[int] = deque()
        self._credit = 0.0
        self._filled = time.perf_counter()

    def knock(self, places: Iterable[int], tries: int, timings: "Timings") -> list[int]:
        """Knock at doors, each once.

        Args:
            places: Where, in this order.
            tries: Which probe to these doors it is, from 1.
            timings: How long the machines take; learns more.

        Returns:
            Those that did not answer.
        """
        self._silent = []
        waiting = iter(places)
        more = True
        with select.epoll() as poll:
            try:
                while more or self._flying or self._again:
                    self.ended = self._telling.over()
                    if self.ended is not None:
                        break
                    if more:
                        more = self._send(waiting, tries, timings, poll)
                    elif self._again:
                        self._send(iter(()), tries, timings, poll)
                    self._hear(poll, tries, timings, more=more)
                    self._expire(poll)
            finally:
                self._close()
        return self._silent

    def _send(
        self, waiting: "Iterable[int]", tries: int, timings: "Timings", poll: "select.epoll"
    ) -> bool:
        """Send what may be sent now; whether more is waiting."""
        allowed = min(self.room - len(self._flying), self._allowance())
        source = iter(waiting)
        while allowed > 0:
            place = self._again.popleft() if self._again else next(source, None)
            if place is None:
                return False
            if not self._start(place, tries, timings, poll):
                self._again.append(place)
                return True
            allowed -= 1
        return True

    def _allowance(self) -> int:
        if self._rate is None:
            return self.room
        now = time.perf_counter()
        most = max(1.0, self._rate * BURST)
        self._credit = min(most, self._credit + (now - self._filled) * self._rate)
        self._filled = now
        return int(self._credit)

    def _start(self, place: int, tries: int, timings: "Timings", poll: "select.epoll") -> bool:
        """Send one probe; whether there was room for it."""
        try:
            one = connecting.made(self._street.family, blocking=False)
        except OSError as error:
            if error.errno not in connecting.FULL:
                raise
            self.room = max(1, len(self._flying))
            return False
        began = time.perf_counter()
        code = one.connect_ex(self._street.door(place))
        if code == connecting.NO_SOURCE or code in connecting.FULL:
            one.close()
            if self._flying:
                return False
            code = next(iter(connecting.SILENCE))  # nothing will become free: it counts as asked
        self._telling.sent += 1
        self._credit -= 1
        if code in connecting.STARTED:
            descriptor = one.fileno()
            self._flying[descriptor] = _Flying(one, place, began)
            poll.register(descriptor, select.EPOLLOUT)
            patience = timings.of(self._street.rank(place)).patience(tries)
            self._deadlines.append((began + patience, descriptor, began))
        else:
            self._answered(_Flying(one, place, began), code, tries, timings)
            one.close()
        return True

    def _hear(self, poll: "select.epoll", tries: int, timings: "Timings", *, more: bool) -> None:
        """Wait for answers, but not beyond the next thing to do."""
        now = time.perf_counter()
        timeout = IDLE
        if self._deadlines:
            timeout = min(timeout, self._deadlines[0][0] - now)
        if more and len(self._flying) < self.room:
            short = 1 - self._credit
            timeout = min(timeout, short / self._rate if self._rate and short > 0 else 0.0)
        # epoll counts milliseconds, rounded up: a shorter wait would be none, and burn the time
        for descriptor, _ in poll.poll(max(0.0, timeout), MOST_EVENTS):
            flying = self._flying.pop(descriptor)
            poll.unregister(descriptor)
            code = flying.socket.getsockopt(SOL_SOCKET, SO_ERROR)
            self._answered(flying, code, tries, timings)
            flying.socket.close()

    def _answered(self, flying: _Flying, code: int, tries: int, timings: "Timings") -> None:
        place = flying.place
        taken = time.perf_counter() - flying.began
        if code == 0:
            with contextlib.suppress(OSError):
                if connecting.meets_itself(flying.socket):
                    self._again.append(place)
                    return
                self._telling.answer(place, Answer.OPEN, Reason.CONNECTED, tries, taken)
                timings.of(self._street.rank(place)).heard(taken)
                return
        # Silent too: whose connection was gone again before it could be looked at. Ask once more.
        found = connecting.complained(flying.socket) or connecting.MEANINGS.get(code)
        if found is None:
            self._silent.append(place)
            return
        self._telling.answer(place, *found, tries, taken)
        if found[0] is Answer.CLOSED:
            timings.of(self._street.rank(place)).heard(taken)

    def _expire(self, poll: "select.epoll") -> None:
        """Give up those that have had their time."""
        now = time.perf_counter()
        while self._deadlines and self._deadlines[0][0] <= now:
            _, descriptor, began = self._deadlines.popleft()
            flying = self._flying.get(descriptor)
            if flying is None or flying.began != began:
                continue  # answered; the number of the file may belong to another by now
            del self._flying[descriptor]
            poll.unregister(descriptor)
            flying.socket.close()
            self._silent.append(flying.place)

    def _close(self) -> None:
        for flying in self._flying.values():
            flying.socket.close()
        self._flying.clear()
        self._deadlines.clear()


class Timings:
    """How long the machines of a task take; each by itself while they can be told apart."""

    def __init__(self, hosts: int) -> None:
        """Nothing is known.

        Args:
            hosts: How many machines there are.
        """
        self._hosts: dict[int, Timing] = {}
        self._alone = hosts <= MOST_KNOWN
        self.whole = Timing()

    def of(self, rank: int) -> Timing:
        """What is known of one machine.

        Args:
            rank: Which, from 0.
        """
        if not self._alone:
            return self.whole
        found = self._hosts.get(rank)
        if found is None:
            found = self._hosts[rank] = Timing()
        return found
