"""Knocking with one socket, used again after every refusal: the quickest for what is near.

A connection that was refused leaves its socket as new (tcp(7)), so a closed door costs one system
call. A door that does not answer at once is left to those who can wait for many; and where a
firewall refused by ICMP, so are the doors that the same socket had knocked at before, because to
ask of each who had refused would cost another call.
"""

import errno
import os
import struct
import threading
import time
from _socket import SO_SNDTIMEO, SOL_SOCKET
from _socket import socket as Socket  # noqa: N812 - it is a class
from collections.abc import Sequence

from tojimari.scan import connecting
from tojimari.scan.street import Street
from tojimari.scan.task import Answer, Ended, Reason
from tojimari.scan.telling import Telling
from tojimari.scan.timing import Timing

PATIENCE = 0.02  # seconds for one door
SLOW = 0.0005  # seconds; where answers take longer, many sockets are quicker than one
SLOWEST = 4  # doors in a row that did not answer at once
ROUND = 256  # doors that one processor takes at once
GLANCE = 16  # doors between two looks at the clock
ENOUGH = 64  # doors whose time may pass, by one interruption, before it says anything
WORTH_ANOTHER = 4096  # doors from which another thread pays
MOST_AT_ONCE = 2  # threads; Python runs one at a time, and only the waiting is shared


class OneSocket:
    """Knocks at doors one after the other; of many doors, each processor does a part.

    Attributes:
        ended: Why it had to end; None where it did not.
        gave_up: Whether answers did not come at once.
    """

    def __init__(
        self, street: Street, telling: Telling, timing: Timing, *, alone: bool = False
    ) -> None:
        """Prepare.

        Args:
            street: The addresses of the doors.
            telling: Is told of those that answer.
            timing: Is told how long they take.
            alone: Whether one processor does all: where this machine knocks at itself, two sockets
                could meet each other.
        """
        self._most = 1 if alone else min(MOST_AT_ONCE, _processors())
        self._street = street
        self._telling = telling
        self._timing = timing
        self._lock = threading.Lock()
        self._silent: list[int] = []
        self._left: list[int] = []
        self._next = 0
        self._quick = True
        self.gave_up = False
        self.ended: Ended | None = None

    def knock(self, places: Sequence[int]) -> tuple[list[int], Sequence[int]]:
        """Knock for as long as answers come at once.

        Args:
            places: Where, in this order.

        Returns:
            Those that did not answer, and those that were not knocked at.
        """
        self._silent, self._left, self._next, self._quick = [], [], 0, True
        count = min(self._most, 1 + len(places) // WORTH_ANOTHER)
        others = [
            threading.Thread(target=self._work, args=(places,), daemon=True)
            for _ in range(count - 1)
        ]
        for one in others:
            one.start()
        try:
            while self._quick and self._next < len(places):
                self.ended = self._over()
                if self.ended is not None:
                    break
                self._chunk(places)
        finally:
            self._quick = False
            for one in others:
                one.join()
        return self._silent, [*self._left, *places[self._next :]]

    def _over(self) -> Ended | None:
        with self._lock:
            return self._telling.over()

    def _work(self, places: Sequence[int]) -> None:
        """What another processor does."""
        while self._quick and self._next < len(places):
            self._chunk(places)

    def _chunk(self, places: Sequence[int]) -> None:
        """Knock at the next few."""
        with self._lock:
            chunk = places[self._next : self._next + ROUND]
            self._next += len(chunk)
        if chunk:
            self._round(chunk)

    def _round(self, places: Sequence[int]) -> None:
        """Knock at some, and say what came of it."""
        # Of those that refused: by themselves; by this socket, before anybody was asked who it was;
        # by themselves or by somebody on the way. And those that said nothing.
        closed, refused, doubted, silent = (list[int]() for _ in range(4))
        other: list[tuple[int, Answer, Reason]] = []
        door, clock = self._street.door, time.perf_counter
        row = knocked = 0
        start = clock()
        one = self._socket()
        try:
            for place in places:
                knocked += 1
                code = one.connect_ex(door(place))
                if code == errno.ECONNREFUSED:
                    refused.append(place)
                    row = 0
                    if knocked % GLANCE == 0 and clock() - start > SLOW * max(knocked, ENOUGH):
                        break
                    continue
                began = clock()
                row = row + 1 if code in connecting.STARTED else 0
                said = connecting.complained(one)
                found = _meaning(code, one) if said is None or code == 0 else said
                if found is None:
                    silent.append(place)
                elif found is said and refused:
                    doubted.append(place)  # the complaint may be of a door before
                else:
                    other.append((place, *found))
                (closed if said is None else doubted).extend(refused)
                refused = []
                one.close()
                one = self._socket()
                start += clock() - began
                if row >= SLOWEST:
                    break
            (closed if connecting.complained(one) is None else doubted).extend(refused)
        finally:
            one.close()
        taken = clock() - start
        with self._lock:
            self._telling.sent += knocked
            self._telling.same(closed, Answer.CLOSED, Reason.REFUSED, 1)
            for place, answer, reason in other:
                self._telling.answer(place, answer, reason, 1)
            if closed:
                self._timing.heard(taken / knocked)
            self._silent += silent
            self._left += doubted
            self._left += places[knocked:]
            if doubted or row >= SLOWEST or taken > SLOW * knocked:
                self._quick, self.gave_up = False, True

    def _socket(self) -> Socket:
        one = connecting.made(self._street.family, blocking=True)
        one.setsockopt(SOL_SOCKET, SO_SNDTIMEO, struct.pack("@ll", 0, int(PATIENCE * 1e6)))
        return one


def _meaning(code: int, one: Socket) -> tuple[Answer, Reason] | None:
    """What became of a door; None where nobody answered, or only we ourselves."""
    if code == 0:
        try:
            return None if connecting.meets_itself(one) else (Answer.OPEN, Reason.CONNECTED)
        except OSError:  # taken, and cut off before it could be looked at: ask once more
            return None
    return connecting.MEANINGS.get(code)


def _processors() -> int:
    return len(os.sched_getaffinity(0))
