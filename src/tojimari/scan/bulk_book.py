"""What is known of each of a stretch of many doors, in columns: fifteen bytes a door.

A stretch is as long as fits into little memory; a larger scan is one stretch after the other.
"""

import math
import os
from array import array
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from tojimari.scan.arrivals import PORTS, TRIES
from tojimari.scan.book import Checked, Tally
from tojimari.scan.bulk_frames import Stencil, veil
from tojimari.scan.packet import ACK, RST
from tojimari.scan.permutation import Permutation
from tojimari.scan.sweep import BATCH, CHECKS
from tojimari.scan.task import Answer, Answers, Reason, Space, Told

if TYPE_CHECKING:
    from tojimari.linux.outbox import Outbox
    from tojimari.scan.bulk_ear import BulkEar, Columns
    from tojimari.scan.bulk_frames import U8, U16, U32, U64
    from tojimari.scan.lanes import Lanes

_KNOWN = 4096  # doors that answered, kept for checks
_SAMPLES = 16


class Doors:
    """Addresses and ports of a stretch of the order."""

    def __init__(self, space: Space, order: Permutation, first: int, count: int) -> None:
        """Find them.

        Args:
            space: What the order is an order of.
            order: It.
            first: Where the stretch begins.
            count: How many doors.
        """
        self._order, self._first, self._width = order, first, len(space.ports)
        begins = np.array([one for one, _ in space.addresses], np.uint64)
        sizes = np.array([last - one + 1 for one, last in space.addresses], np.uint64)
        ends = np.cumsum(sizes)
        ports = np.array(space.ports, np.uint16)
        self.addresses = np.empty(count, np.uint32)
        self.ports = np.empty(count, np.uint16)
        piece = 1 << 17
        for at in range(0, count, piece):
            end = min(at + piece, count)
            ranks, offsets = np.divmod(self.places(np.arange(at, end)), np.uint64(self._width))
            self.ports[at:end] = ports[offsets.astype(np.intp)]
            which = np.searchsorted(ends, ranks, side="right")
            found = begins[which] + (ranks - (ends[which] - sizes[which]))
            self.addresses[at:end] = found.astype(np.uint32)

    def places(self, positions: "np.ndarray[tuple[int], np.dtype[np.intp]]") -> "U64":
        """The places in the space of some doors of the stretch."""
        return self._order.column(positions.astype(np.uint64) + np.uint64(self._first))


class Sender:
    """Boxes of frames, filled here and sent by lanes."""

    def __init__(
        self,
        stencil: Stencil,
        lanes: "Lanes[Outbox]",
        first_port: int,
        hardware: "dict[int, bytes] | None",
    ) -> None:
        """Keep what is needed.

        Args:
            stencil: The constant part of a frame.
            lanes: What sends; their boxes hold ``BATCH`` and ``CHECKS`` frames.
            first_port: Of those that we probe from.
            hardware: Link addresses by address; None where all frames go to the gateway.
        """
        self._stencil, self._lanes, self._first_port = stencil, lanes, first_port
        self._laid: set[int] = set()
        self._addresses = self._links = None
        if hardware is not None:
            ordered = sorted(hardware)
            self._addresses = np.array(ordered, np.uint32)
            links = b"".join(hardware[one] for one in ordered)
            self._links = np.frombuffer(links, np.uint8).reshape(-1, 6)

    def send(self, addresses: "U32", ports: "U16", numbers: "U32", slots: "U8") -> None:
        """Hand a batch to a lane. Shapes (n,)."""
        lane = self._lanes.take()
        box = lane.box
        rows = np.frombuffer(box.packets, np.uint8).reshape(-1, box.stride)[: len(addresses)]
        if id(box) not in self._laid:
            self._stencil.lay(np.frombuffer(box.packets, np.uint8).reshape(-1, box.stride))
            self._laid.add(id(box))
        if self._addresses is not None and self._links is not None:
            rows[:, :6] = self._links[np.searchsorted(self._addresses, addresses)]
        sources = slots.astype(np.uint16) + np.uint16(self._first_port)
        self._stencil.fill(rows.view(">u2"), addresses, ports, numbers, sources)
        lane.go(len(addresses))


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
    ) -> None:
        """Begin with everything unknown."""
        self._doors, self._sender, self._ear = doors, sender, ear
        self._first_port, self._clock, self._told = first_port, clock, told
        count = len(doors.ports)
        self._key = (int.from_bytes(os.urandom(8), "big"), int.from_bytes(os.urandom(8), "big"))
        self._states = np.zeros(count, np.uint8)
        self._sent_at = np.zeros(count, np.float32)  # seconds after the beginning
        self._began = clock()
        self._queue: U32 = np.arange(count, dtype=np.uint32)
        self._done = self._slot = self._attempts = 0
        self.left = self.opens = self.answering = self.sent = 0
        self.unanswered = count
        self._arrived = 0
        self._tally = Tally()
        self._known: U32 = np.empty(0, np.uint32)
        self._checks: dict[int, Checked] = {}
        self._chance = np.random.default_rng()

    def begin(self, attempt: int) -> int:
        """Get everything ready that is unanswered; returns how many doors that is."""
        self._slot = min(attempt, TRIES - 1)
        self._attempts = attempt + 1
        self._done = 0
        if attempt:
            self._queue = self._queue[self._states[self._queue] == 0]
        self.left = len(self._queue)
        return self.left

    def knock(self, count: int, checks: int = 0) -> int:
        """Send the next probes, and checks among them; returns how many went out."""
        positions = self._queue[self._done : self._done + min(count, BATCH)]
        now = self._clock()
        self._sent_at[positions] = now - self._began
        self._done += len(positions)
        self.left -= len(positions)
        slots = np.full(len(positions), self._slot, np.uint8)
        if checks:
            positions, slots = self._with_checks(positions, slots, min(checks, CHECKS), now)
        addresses, ports = self._doors.addresses[positions], self._doors.ports[positions]
        numbers = positions ^ veil(addresses, ports, self._key)
        self._sender.send(addresses, ports, numbers, slots)
        self.sent += len(positions)
        return len(positions)

    def _with_checks(
        self, positions: "U32", slots: "U8", checks: int, now: float
    ) -> "tuple[U32, U8]":
        """Doors that are known to answer, at places among the others that chance decides."""
        free = next((one for one in range(TRIES, PORTS) if one not in self._checks), None)
        if free is None or not len(self._known):
            return positions, slots
        chosen = self._chance.choice(self._known, min(checks, len(self._known)), replace=False)
        opens = int((self._states[chosen] == Answer.OPEN).sum())
        self._checks[free] = Checked(
            now, now, self.sent, self.sent, opens, 0, len(chosen) - opens, 0
        )
        places = self._chance.integers(0, len(positions) + 1, len(chosen))
        return (
            np.insert(positions, places, chosen),
            np.insert(slots, places, np.uint8(free)),
        )

    def checked(self, before: float) -> list[Checked]:
        """The checks sent before a time, which are then forgotten."""
        over = [slot for slot, one in self._checks.items() if one.until < before]
        return [self._checks.pop(slot) for slot in over]

    def arrived(self) -> int:
        """How many answers have come; what came is taken in."""
        while (came := self._ear.receive()) is not None:
            self._take(came)
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
        now = self._clock()
        positions = came.numbers ^ veil(came.hosts, came.ports, self._key)
        slots = came.our_ports - np.uint16(self._first_port)
        inside = np.minimum(positions, np.uint32(len(self._states) - 1))
        right = positions == inside
        right &= self._doors.addresses[inside] == came.hosts
        right &= self._doors.ports[inside] == came.ports
        right &= (came.flags & ACK) != 0
        right &= slots < PORTS
        (rows,) = np.nonzero(right)
        self._arrived += len(rows)
        checks = slots[rows] >= TRIES
        if checks.any():
            self._take_checks(slots[rows[checks]], came.flags[rows[checks]])
            rows = rows[~checks]
        rows = rows[self._states[positions[rows]] == 0]
        if not len(rows):
            return
        _, once = np.unique(positions[rows], return_index=True)
        rows = rows[once]
        positions = positions[rows]
        closed = (came.flags[rows] & RST) != 0
        answers = np.where(closed, np.uint8(Answer.CLOSED), np.uint8(Answer.OPEN))
        self._states[positions] = answers
        self._known = np.concatenate((positions[-_KNOWN:], self._known))[:_KNOWN]
        self._tell(positions, answers, came.hops[rows], slots[rows], now)

    def _take_checks(self, slots: "U16", flags: "U8") -> None:
        for slot, flag in zip(slots.tolist(), flags.tolist(), strict=True):
            one = self._checks.get(slot)
            if one is None:
                continue
            if flag & RST:
                one.closed_heard = min(one.closed_heard + 1, one.closed)
            else:
                one.opens_heard = min(one.opens_heard + 1, one.opens)

    def _tell(self, positions: "U32", answers: "U8", hops: "U8", slots: "U16", now: float) -> None:
        count = len(positions)
        opens = int((answers == Answer.OPEN).sum())
        again = slots > 0
        self.opens += opens
        self.answering += count
        self.unanswered -= count
        tally = self._tally
        tally.opens += opens
        tally.closed += count - opens
        tally.retried += int(again.sum())
        tally.retried_opens += int((again & (answers == Answer.OPEN)).sum())
        trips = np.float32(now - self._began) - self._sent_at[positions]
        known = slots == self._slot
        tally.trips += trips[known][:: -(-count // _SAMPLES)].tolist()
        trips[~known] = np.nan
        reasons = np.where(answers == Answer.OPEN, np.uint8(Reason.SYN_ACK), np.uint8(Reason.RST))
        places = self._doors.places(positions.astype(np.intp))
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
        rest = self._queue[self._states[self._queue] == 0]
        piece = 1 << 16
        for at in range(0, len(rest), piece):
            part = rest[at : at + piece]
            count = len(part)
            places = self._doors.places(part.astype(np.intp))
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
