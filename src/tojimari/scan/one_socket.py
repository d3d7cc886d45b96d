"""Knocking with one socket, used again after every refusal: the quickest for what is near.

A connection that was refused leaves its socket as new (tcp(7)), so a closed door costs one system
call. A door that does not answer at once is left to those who can wait for many.
"""

import errno
import struct
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
ROUND = 256  # doors between two looks at the clock


class OneSocket:
    """Knocks at doors, one after the other."""

    def __init__(self, street: Street, telling: Telling, timing: Timing) -> None:
        """Prepare.

        Args:
            street: The addresses of the doors.
            telling: Is told of those that answer.
            timing: Is told how long they take.
        """
        self._street = street
        self._telling = telling
        self._timing = timing
        self._silent: list[int] = []
        self.ended: Ended | None = None

    def knock(self, places: Sequence[int]) -> tuple[list[int], Sequence[int]]:
        """Knock for as long as answers come at once.

        Args:
            places: Where, in this order.

        Returns:
            Those that did not answer, and those that were not knocked at.
        """
        self._silent = []
        for start in range(0, len(places), ROUND):
            self.ended = self._telling.over()
            if self.ended is not None:
                return self._silent, places[start:]
            knocked, quick = self._round(places[start : start + ROUND])
            if not quick:
                return self._silent, places[start + knocked :]
        return self._silent, ()

    def _round(self, places: Sequence[int]) -> tuple[int, bool]:
        """Knock at some; at how many, and whether their answers came at once."""
        closed: list[int] = []
        door, clock = self._street.door, time.perf_counter
        row = 0
        knocked = 0
        start = clock()
        one = self._socket()
        try:
            for place in places:
                knocked += 1
                code = one.connect_ex(door(place))
                if code == errno.ECONNREFUSED:
                    closed.append(place)
                    row = 0
                    continue
                began = clock()
                row = row + 1 if code in connecting.STARTED else 0
                self._other(place, code, one)
                one.close()
                one = self._socket()
                start += clock() - began
                if row >= SLOWEST:
                    break
        finally:
            one.close()
        taken = clock() - start
        self._telling.sent += knocked
        self._telling.same(closed, Answer.CLOSED, Reason.REFUSED, 1)
        if closed:
            self._timing.heard(taken / knocked)
        return knocked, row < SLOWEST and taken <= SLOW * knocked

    def _other(self, place: int, code: int, one: Socket) -> None:
        """Whatever is no refusal."""
        if code == 0:
            if connecting.meets_itself(one):
                self._silent.append(place)
            else:
                self._telling.answer(place, Answer.OPEN, Reason.CONNECTED, 1)
        elif code in connecting.MEANINGS:
            answer, reason = connecting.MEANINGS[code]
            self._telling.answer(place, answer, reason, 1)
        else:
            self._silent.append(place)

    def _socket(self) -> Socket:
        one = connecting.made(self._street.family, blocking=True)
        one.setsockopt(SOL_SOCKET, SO_SNDTIMEO, struct.pack("@ll", 0, int(PATIENCE * 1e6)))
        return one
