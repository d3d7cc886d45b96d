"""Knocking with many sockets at once: for doors that are far away, or do not answer at all."""

import contextlib
import errno
import select
import time
from _socket import SO_ERROR, SOL_SOCKET
from _socket import socket as Socket  # noqa: N812 - it is a class
from collections import deque
from collections.abc import Iterable

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
TOGETHER = 8  # doors of which it is asked together who refused them
TRUSTED = 64  # doors in a row that refused by themselves, until they are taken together
WARY = 4096  # as many more once somebody else has refused
IDLE = 0.05  # seconds between two looks at whether to stop
_CHANGES = select.EPOLLOUT | select.EPOLLET


class _Prober:
    """A socket that knocks, and what it waits for.

    Attributes:
        socket: The poll tells of it once each time that something changes.
        place: Of the door that it knocks at.
        began: When.
        registered: Whether the poll knows it.
        refused: Doors that refused it, and after how many seconds, before anybody was asked who it
            was that refused.
    """

    __slots__ = ("began", "place", "refused", "registered", "socket")

    def __init__(self, one: Socket) -> None:
        self.socket = one
        self.place, self.began, self.registered = -1, 0.0, False
        self.refused: list[tuple[int, float]] = []


class ManySockets:
    """Knocks at many doors at once, within a rate and the limit of open files.

    A connection that was refused leaves its socket as new (tcp(7)), so it knocks at the next door:
    that saves six of eight calls. Whether a firewall refused by ICMP is asked after some doors
    together; where one did, those doors are asked again, and from then on after every door.

    Attributes:
        ended: Why it had to end; None where it did all.
        room: Sockets at once.
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
        self._together, self._plain = 1, 0
        self._poll = select.epoll()
        self._flying: dict[int, _Prober] = {}
        self._idle: list[_Prober] = []
        self._deadlines: deque[tuple[float, int, float]] = deque()
        self._silent: list[int] = []
        self._again: deque[int] = deque()
        self._credit = 0.0
        self._filled = time.perf_counter()

    def close(self) -> None:
        """Close all sockets."""
        for one in self._idle:
            one.socket.close()
        self._idle.clear()
        self._poll.close()

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
        try:
            while more or self._flying or self._again:
                self.ended = self._telling.over()
                if self.ended is not None:
                    break
                if more:
                    more = self._send(waiting, tries, timings)
                elif self._again:
                    self._send(iter(()), tries, timings)
                self._hear(tries, timings, more=more)
                self._expire(tries, timings)
                if not more and not self._flying:
                    self._settle_idle(tries, timings)  # which may find doors to ask again
        finally:
            self._end(tries, timings)
        return self._silent

    def _send(self, waiting: "Iterable[int]", tries: int, timings: "Timings") -> bool:
        """Send what may be sent now; whether more is waiting."""
        allowed = min(self.room - len(self._flying), self._allowance())
        source = iter(waiting)
        while allowed > 0:
            place = self._again.popleft() if self._again else next(source, None)
            if place is None:
                return False
            if not self._start(place, tries, timings):
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

    def _start(self, place: int, tries: int, timings: "Timings") -> bool:
        """Send one probe; whether there was room for it."""
        if self._idle:
            prober = self._idle.pop()
        else:
            try:
                prober = _Prober(connecting.made(self._street.family, blocking=False))
            except OSError as error:
                if error.errno not in connecting.FULL:
                    raise
                self.room = max(1, len(self._flying))
                return False
        one = prober.socket
        prober.place, prober.began = place, time.perf_counter()
        code = one.connect_ex(self._street.door(place))
        if code in connecting.STARTED:
            descriptor = one.fileno()
            self._flying[descriptor] = prober
            if not prober.registered:
                self._poll.register(descriptor, _CHANGES)
                prober.registered = True
            patience = timings.of(self._street.rank(place)).patience(tries)
            self._deadlines.append((prober.began + patience, descriptor, prober.began))
        elif code == connecting.NO_SOURCE or code in connecting.FULL:
            self._retire(prober, tries, timings)
            if self._flying:
                return False
            self._silent.append(place)  # nothing will become free: it counts as asked
        else:
            self._answered(prober, code, tries, timings)
        self._telling.sent += 1
        self._credit -= 1
        return True

    def _hear(self, tries: int, timings: "Timings", *, more: bool) -> None:
        """Wait for answers, but not beyond the next thing to do."""
        now = time.perf_counter()
        timeout = IDLE
        if self._deadlines:
            timeout = min(timeout, self._deadlines[0][0] - now)
        if more and len(self._flying) < self.room:
            short = 1 - self._credit
            timeout = min(timeout, short / self._rate if self._rate and short > 0 else 0.0)
        # epoll counts milliseconds, rounded up: a shorter wait would be none, and burn the time
        for descriptor, _ in self._poll.poll(max(0.0, timeout), MOST_EVENTS):
            prober = self._flying.get(descriptor)
            if prober is None:  # it was known at once, or given up
                continue
            # Asked by the same call, a socket is as new after a refusal; SO_ERROR leaves it used.
            code = prober.socket.connect_ex(self._street.door(prober.place))
            going = code in connecting.STARTED
            # Where somebody on the way refused while the call was made, TCP would ask on.
            if going and not (code := prober.socket.getsockopt(SOL_SOCKET, SO_ERROR)):
                continue  # what changed was of the door before
            del self._flying[descriptor]
            self._answered(prober, code, tries, timings, going=going)

    def _answered(
        self, prober: _Prober, code: int, tries: int, timings: "Timings", *, going: bool = False
    ) -> None:
        """Take in what came of a door, and have the socket used again or closed.

        Args:
            prober: The socket.
            code: What the kernel said.
            tries: Which probe it was.
            timings: Learns how long it took.
            going: Whether TCP goes on asking: then the socket cannot be used again.
        """
        place = prober.place
        taken = time.perf_counter() - prober.began
        if code == errno.ECONNREFUSED and not going:
            prober.refused.append((place, taken))
            if len(prober.refused) < self._together or self._settle(prober, tries, timings):
                self._idle.append(prober)
            else:
                prober.socket.close()
            return
        if code == 0:
            with contextlib.suppress(OSError):
                if connecting.meets_itself(prober.socket):
                    self._again.append(place)
                else:
                    self._telling.answer(place, Answer.OPEN, Reason.CONNECTED, tries, taken)
                    timings.of(self._street.rank(place)).heard(taken)
                self._retire(prober, tries, timings)
                return
        # Silent too: whose connection was gone again before it could be looked at. Ask once more.
        before = bool(prober.refused)
        said = connecting.complained(prober.socket)
        if said is not None and before:  # of which door it was is not known
            self._again.append(place)
            self._again.extend(one for one, _ in prober.refused)
            prober.refused = []
            self._wary()
        else:
            found = said or connecting.MEANINGS.get(code)
            if found is None:
                self._silent.append(place)
            else:
                self._telling.answer(place, *found, tries, taken)
                if found[0] is Answer.CLOSED:
                    timings.of(self._street.rank(place)).heard(taken)
        self._retire(prober, tries, timings)

    def _settle(self, prober: _Prober, tries: int, timings: "Timings") -> bool:
        """Ask who refused some doors; whether the socket can be used again."""
        refused, prober.refused = prober.refused, []
        said = connecting.complained(prober.socket)
        if said is None:
            for place, taken in refused:
                self._telling.answer(place, Answer.CLOSED, Reason.REFUSED, tries, taken)
                timings.of(self._street.rank(place)).heard(taken)
            self._plain += len(refused)
            if self._plain >= TRUSTED:
                self._together = TOGETHER
            return True
        if len(refused) == 1:
            self._telling.answer(refused[0][0], *said, tries, refused[0][1])
        else:
            self._again.extend(place for place, _ in refused)
        self._wary()
        return False

    def _wary(self) -> None:
        """Somebody refuses by ICMP: from now on ask after every door, until that is long past."""
        self._together, self._plain = 1, -WARY

    def _settle_idle(self, tries: int, timings: "Timings") -> None:
        """Ask of all that nobody was asked of yet."""
        idle, self._idle = self._idle, []
        for one in idle:
            if not one.refused or self._settle(one, tries, timings):
                self._idle.append(one)
            else:
                one.socket.close()

    def _retire(self, prober: _Prober, tries: int, timings: "Timings") -> None:
        """Use a socket no more."""
        if prober.refused:
            self._settle(prober, tries, timings)
        prober.socket.close()

    def _expire(self, tries: int, timings: "Timings") -> None:
        """Give up those that have had their time."""
        now = time.perf_counter()
        while self._deadlines and self._deadlines[0][0] <= now:
            _, descriptor, began = self._deadlines.popleft()
            prober = self._flying.get(descriptor)
            if prober is None or prober.began != began:
                continue  # answered; the socket, or another of its number, knocks elsewhere by now
            del self._flying[descriptor]
            self._silent.append(prober.place)
            self._retire(prober, tries, timings)

    def _end(self, tries: int, timings: "Timings") -> None:
        """Leave nothing under way, and nothing untold."""
        for prober in self._flying.values():
            self._retire(prober, tries, timings)
        self._flying.clear()
        self._deadlines.clear()
        self._again.clear()
        self._settle_idle(tries, timings)


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
