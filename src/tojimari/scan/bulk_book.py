"""What is known of each of a stretch of many doors, in columns: nine bytes a door, and its record.

A stretch is as long as fits into little memory; a larger scan is one stretch after the other.
"""

import math
from array import array
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from tojimari.scan.arrivals import PORTS, TRIES
from tojimari.scan.book import Checked, Tally
from tojimari.scan.bulk_doors import PIECE, Doors
from tojimari.scan.bulk_ear import AT_ONCE
from tojimari.scan.bulk_send import Sender
from tojimari.scan.sweep import CHECKS
from tojimari.scan.task import Answer, Answers, Reason, Told

if TYPE_CHECKING:
    from tojimari.scan.bulk_ear import BulkEar, Columns
    from tojimari.scan.bulk_frames import F32, F64, U8, U16, U32

_KNOWN = 4096  # doors that answered, kept for checks
_SAMPLES = 16
# What each reason says of a door: somebody else than its machine says that it is filtered.
_ANSWERS: "U8" = np.full(max(Reason) + 1, Answer.FILTERED, np.uint8)
_ANSWERS[Reason.SYN_ACK], _ANSWERS[Reason.RST] = Answer.OPEN, Answer.CLOSED
_NOBODY: "U32" = np.empty(0, np.uint32)
_CHECK_PAUSE = 0.01  # seconds from one round of checks to the next: more of them tell nothing more


class BulkBook:
    """A book of many doors, as ``sweep.Doors`` wants it.

    Attributes:
        left: Doors that are still to be asked in this pass.
        unanswered: Doors of which nothing is known.
        opens: Doors known to be open.
        answering: Doors that answered, open or closed.
        sent: Probes of every kind.
    """

    def __init__(
        self,
        doors: Doors,
        sender: Sender,
        ear: "BulkEar",
        first_port: int,
        clock: Callable[[], float],
        told: Told,
        beside: "list[BulkBook]",
    ) -> None:
        """Begin with everything unknown.

        Args:
            doors: The stretch.
            sender: What sends.
            ear: What hears.
            first_port: Of those that we probe from.
            clock: Seconds.
            told: Who is told.
            beside: All books that are under way, this one included: what is heard may be for
                each of them.
        """
        self._beside = beside
        self._doors, self._sender, self._ear = doors, sender, ear
        self._first_port, self._clock, self._told = first_port, clock, told
        count = doors.count
        self._states = doors.states[:count]
        self._states[:] = 0
        self._sent_at = doors.sent_at[:count]  # seconds after the beginning
        self._began = clock()
        self._queue: U32 = doors.queue[:count]
        for at in range(0, count, PIECE):
            end = min(at + PIECE, count)
            self._queue[at:end] = np.arange(at, end, dtype=np.uint32)
        self._done = self._slot = self._attempts = 0
        self.left = self.opens = self.answering = self.sent = 0
        self.unanswered = count
        self._arrived = 0
        self._tally = Tally()
        self._known: U32 = np.empty(0, np.uint32)
        self._checks: dict[int, Checked] = {}
        self._checked = -math.inf
        self._drawn: np.random.Generator | None = None

    @property
    def _chance(self) -> "np.random.Generator":
        """Made when it is first asked: its import takes 10 ms, and where all answer nobody asks."""
        if self._drawn is None:
            self._drawn = np.random.default_rng()
        return self._drawn

    def begin(self, attempt: int) -> int:
        """Get everything ready that is unanswered; returns how many doors that is."""
        self._slot = min(attempt, TRIES - 1)
        self._attempts = attempt + 1
        self._done = 0
        if attempt:
            self._close_up()
        self.left = len(self._queue)
        return self.left

    def _close_up(self) -> None:
        """Take out of the queue what is known, in place."""
        kept = 0
        for at in range(0, len(self._queue), PIECE):
            part = self._queue[at : at + PIECE]
            part = part[self._states[part] == 0]
            self._queue[kept : kept + len(part)] = part
            kept += len(part)
        self._queue = self._queue[:kept]

    def knock(self, count: int, checks: int = 0) -> int:
        """Send the next probes, and checks among them; returns how many went out."""
        positions = self._queue[self._done : self._done + count]
        self._done += len(positions)
        self.left -= len(positions)
        chosen, slot = self._choose(min(checks, CHECKS)) if checks else (_NOBODY, 0)
        to = (self._doors, self._sent_at, self._began)
        if not len(chosen):
            self._sender.send(*to, positions, self._slot)
        elif self._sender.mixes:
            # At places that chance decides, or they would meet a limit at one point of its rhythm.
            places = self._chance.integers(0, len(positions) + 1, len(chosen))
            slots = np.full(len(positions), self._slot, np.uint16)
            self._sender.send_mixed(
                *to,
                np.insert(positions, places, chosen),
                np.insert(slots, places, np.uint16(slot)),
            )
        else:
            self._sender.send(*to, positions, self._slot)
            self._sender.send_mixed(*to, chosen, np.array([slot], np.uint16))
        self.sent += len(positions) + len(chosen)
        return len(positions) + len(chosen)

    def _choose(self, count: int) -> "tuple[U32, int]":
        """Doors that are known to answer, and from which of our ports they are asked."""
        now = self._clock()
        free = next((one for one in range(TRIES, PORTS) if one not in self._checks), None)
        if free is None or not len(self._known) or now - self._checked < _CHECK_PAUSE:
            return _NOBODY, 0
        self._checked = now
        chosen = self._chance.choice(self._known, min(count, len(self._known)), replace=False)
        opens = int((self._states[chosen] == Answer.OPEN).sum())
        self._checks[free] = Checked(
            now, now, self.sent, self.sent, opens, 0, len(chosen) - opens, 0
        )
        return chosen, free

    def checked(self, before: float) -> list[Checked]:
        """The checks sent before a time, which are then forgotten."""
        over = [slot for slot, one in self._checks.items() if one.until < before]
        return [self._checks.pop(slot) for slot in over]

    def arrived(self) -> int:
        """How many answers have come; what came is taken in, by whom it is for."""
        # What comes meanwhile is taken in the next time: a few at a time would never end while
        # others send, and cost as much for sixty as for a thousand (measured).
        while (came := self._ear.receive()) is not None:
            for book in self._beside:
                book._take(came)  # noqa: SLF001 - of its own kind
            if len(came.hosts) < AT_ONCE:
                break
        return self._arrived

    def collect(self) -> Tally:
        """What was taken in since the last time."""
        self.arrived()
        tally, self._tally = self._tally, Tally()
        return tally

    def wait(self, seconds: float) -> None:
        """Until something comes, or the time is over."""
        self._ear.wait(seconds)

    def lost(self) -> int:
        """Answers that found no room here since the last time."""
        return self._ear.lost()

    def _take(self, came: "Columns") -> None:
        positions, right = self._doors.asked(came.hosts, came.ports, came.numbers)
        slots = came.our_ports - np.uint16(self._first_port)
        right &= came.reasons != 0
        right &= slots < PORTS
        (rows,) = np.nonzero(right)
        self._arrived += len(rows)
        checks = slots[rows] >= TRIES
        if checks.any():
            self._take_checks(slots[rows[checks]], came.reasons[rows[checks]])
            rows = rows[~checks]
        rows = rows[self._states[positions[rows]] == 0]
        if not len(rows):
            return
        _, once = np.unique(positions[rows], return_index=True)
        rows = rows[once]
        positions = positions[rows]
        reasons = came.reasons[rows]
        self._states[positions] = _ANSWERS[reasons]
        answering = positions[_ANSWERS[reasons] != Answer.FILTERED]
        self._known = np.concatenate((answering[-_KNOWN:], self._known))[:_KNOWN]
        self._tell(positions, reasons, came.hops[rows], slots[rows], came.times[rows])

    def _take_checks(self, slots: "U16", reasons: "U8") -> None:
        for slot, reason in zip(slots.tolist(), reasons.tolist(), strict=True):
            one = self._checks.get(slot)
            if one is None:
                continue
            if reason == Reason.RST:
                one.closed_heard = min(one.closed_heard + 1, one.closed)
            elif reason == Reason.SYN_ACK:
                one.opens_heard = min(one.opens_heard + 1, one.opens)

    def _tell(
        self, positions: "U32", reasons: "U8", hops: "U8", slots: "U16", times: "F64"
    ) -> None:
        answers = _ANSWERS[reasons]
        itself, is_open = answers != Answer.FILTERED, answers == Answer.OPEN
        opens, count = int(is_open.sum()), int(itself.sum())
        again = slots > 0
        self.opens += opens
        self.answering += count
        self.unanswered -= len(positions)
        tally = self._tally
        tally.opens += opens
        tally.closed += count - opens
        tally.refused += len(positions) - count
        tally.retried += int((again & itself).sum())
        tally.retried_opens += int((again & is_open).sum())
        trips: F32 = (times - self._began).astype(np.float32) - self._sent_at[positions]
        np.maximum(trips, 0, out=trips)
        known = (slots == self._slot) & itself
        tally.trips += trips[known][:: -(-len(positions) // _SAMPLES)].tolist()
        trips[~known] = np.nan
        places = self._doors.places(positions)
        self._told.answers(
            Answers(
                array("Q", places.tobytes()),
                array("B", answers.tobytes()),
                array("B", reasons.tobytes()),
                array("B", hops.tobytes()),
                array("f", trips.tobytes()),
                array("B", (slots + 1).astype(np.uint8).tobytes()),
            )
        )

    def tell_rest(self, answer: Answer) -> None:
        """Say of everything that never answered what that means."""
        for at in range(0, len(self._queue), PIECE):
            part = self._queue[at : at + PIECE]
            part = part[self._states[part] == 0]
            count = len(part)
            places = self._doors.places(part)
            self._told.answers(
                Answers(
                    array("Q", places.tobytes()),
                    array("B", bytes([answer]) * count),
                    array("B", bytes([Reason.NO_RESPONSE]) * count),
                    array("B", bytes(count)),
                    array("f", [math.nan]) * count,
                    array("B", bytes([min(self._attempts, 255)]) * count),
                )
            )
