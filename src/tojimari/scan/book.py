"""What is known of each door of a few hosts, and which are still to be asked.

A byte a door, and columns of the standard library: importing anything for columns takes longer than
knocking at all doors of a host.
"""

import math
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import compress

from tojimari.scan.arrivals import PORTS, TRIES, Arrivals, Check, Wire
from tojimari.scan.cookie import BATCHES
from tojimari.scan.packet import RST
from tojimari.scan.task import Answer, Answers, Reason, Space, Told

_SAMPLES = 16  # round trips of one look that the timer is given
_OPENS_UNDER_WAY = 8  # checks of one open door: a queue of half-open ones holds more (listen(2))
_MULTIPLIER = 1664525  # Knuth, "The Art of Computer Programming", 3.3.4, for numbers of 32 bits
_NOWHERE = -1  # the rank of a port that is not asked for
_NOT_OURS = 255  # the state of a door in another's stretch
_CLOSED_KEPT = 256  # closed doors of a host that are remembered for checks


@dataclass(slots=True)
class Tally:
    """What one look brought.

    Attributes:
        opens: Doors newly known to be open.
        closed: Doors newly known to be closed.
        refused: Doors of which an error on the way told.
        retried: Of the open and closed, those that answered a second or later try.
        retried_opens: Of these, the open.
        trips: Some round trips, in seconds.
    """

    opens: int = 0
    closed: int = 0
    refused: int = 0
    retried: int = 0
    retried_opens: int = 0
    trips: list[float] = field(default_factory=list[float])


@dataclass(slots=True)
class Checked:
    """Probes to doors that are known to answer, and how many did so again.

    Attributes:
        since: When the first was sent.
        until: When the last was sent.
        before: Probes of every kind that had been sent at the first.
        after: Probes of every kind that had been sent at the last.
        opens: To open doors.
        opens_heard: Of these, answered.
        closed: To closed doors.
        closed_heard: Of these, answered.
    """

    since: float = math.inf
    until: float = -math.inf
    before: int = 0
    after: int = 0
    opens: int = 0
    opens_heard: int = 0
    closed: int = 0
    closed_heard: int = 0

    @property
    def rate(self) -> float | None:
        """Probes of every kind a second at that time; None where it was but a moment."""
        if self.until > self.since:
            return (self.after - self.before) / (self.until - self.since)
        return None

    def add(self, other: "Checked") -> None:
        """Take another's in."""
        if other.since < self.since:
            self.since, self.before = other.since, other.before
        if other.until > self.until:
            self.until, self.after = other.until, other.after
        self.opens += other.opens
        self.opens_heard += other.opens_heard
        self.closed += other.closed
        self.closed_heard += other.closed_heard


class _Host:
    """One host's doors: which are to be asked in this pass, and some that answered."""

    __slots__ = ("closed", "done", "opens", "ports", "rounds", "turn")

    def __init__(self) -> None:
        self.ports = array("H")
        self.done = 0
        self.opens = array("H")
        self.rounds = bytearray()  # of each open door, from which of our ports it is checked next
        self.turn = 0  # which open door is
        self.closed = array("H")

    def next_open(self) -> tuple[int, int]:
        """The open door to check, and the slot to do it from.

        Until our reset has come there, the target holds half a connection of these two ports, and
        gives a second SYN of theirs no SYN-ACK: over a long way that would look like loss. So each
        door is asked from all of the ports before it is asked from one of them again.
        """
        which = self.turn = (self.turn + 1) % len(self.opens)
        slot = self.rounds[which] = (self.rounds[which] + 1) % (PORTS - TRIES)
        return self.opens[which], TRIES + slot


class Book:
    """See the module.

    Attributes:
        left: Doors that are still to be asked in this pass.
        unanswered: Doors of which nothing is known.
        opens: Doors known to be open.
        answering: Doors that answered, open or closed.
        sent: Probes of every kind.
    """

    def __init__(
        self,
        space: Space,
        places: Sequence[int],
        wire: Wire,
        clock: Callable[[], float],
        told: Told,
    ) -> None:
        """Begin with everything unknown.

        Args:
            space: What the places are places of.
            places: The doors to ask, in the order in which they are asked.
            wire: What sends and hears.
            clock: Seconds, as those of the answers' times.
            told: Who is told.
        """
        self._space, self._wire, self._clock, self._told = space, wire, clock, told
        self._width = len(space.ports)
        self._rank = array("i", [_NOWHERE]) * 65536
        for rank, port in enumerate(space.ports):
            self._rank[port] = rank
        self._states = bytearray(space.size)
        if len(places) < space.size:
            self._states = bytearray([_NOT_OURS]) * space.size
            for place in places:
                self._states[place] = 0
        self._hosts = [_Host() for _ in range(space.hosts)]
        ports = space.ports
        if len(self._hosts) == 1:
            self._hosts[0].ports = array("H", map(ports.__getitem__, places))
        else:
            for place in places:
                rank, port = divmod(place, self._width)
                self._hosts[rank].ports.append(ports[port])
        self.unanswered = len(places)
        self.opens = self.answering = self.sent = self.left = 0
        self._turn = self._batch = self._slot = self._attempts = 0
        self._sent_at = [-math.inf] * BATCHES
        self._slots = bytearray(BATCHES)
        self._checks: dict[int, Checked] = {}
        self._check_turn = 0
        self._chance = 1

    def begin(self, attempt: int) -> int:
        """Get everything ready that is unanswered.

        Args:
            attempt: Which pass, from 0.

        Returns:
            How many doors that is.
        """
        self._slot = min(attempt, TRIES - 1)
        self._attempts = attempt + 1
        self.left = 0
        for rank, host in enumerate(self._hosts):
            if attempt:
                states, base, place = self._states, rank * self._width, self._rank
                host.ports = array(
                    "H", [port for port in host.ports if not states[base + place[port]]]
                )
            host.done = 0
            self.left += len(host.ports)
            if host.ports:
                self._wire.load(rank, host.ports)
        return self.left

    def knock(self, count: int, checks: int = 0) -> int:
        """Send the next probes, to one host.

        Args:
            count: How many at most.
            checks: How many probes go among them to doors of that host that are known to answer,
                where there are such.

        Returns:
            How many probes of either kind went out.
        """
        host = self._hosts[self._turn]
        while host.done == len(host.ports):
            self._turn = (self._turn + 1) % len(self._hosts)
            host = self._hosts[self._turn]
        end = min(host.done + count, len(host.ports))
        batch = self._next_batch(self._slot)
        chosen = self._choose(host, checks, end - host.done, batch) if checks else ()
        sent = self._wire.send(self._turn, (host.done, end), self._slot, batch, chosen)
        host.done += sent
        self.left -= sent
        self.sent += sent + len(chosen)
        self._turn = (self._turn + 1) % len(self._hosts)
        return sent + len(chosen)

    def _next_batch(self, slot: int) -> int:
        batch = self._batch = (self._batch + 1) % BATCHES
        self._sent_at[batch] = self._clock()
        self._slots[batch] = slot
        self._checks.pop(batch, None)
        return batch

    def _choose(self, host: _Host, count: int, room: int, batch: int) -> list[Check]:
        """Doors that are known to answer, at places among the others that nothing decides."""
        opens = min(len(host.opens), (count + self._check_turn % 2) // 2)
        if self._opens_under_way() >= _OPENS_UNDER_WAY * self.opens:
            opens = 0
        closed = self._some(host.closed, count - opens)
        self._check_turn += 1
        if not opens and not closed:
            return []
        now = self._sent_at[batch]
        self._checks[batch] = Checked(now, now, self.sent, self.sent, opens, 0, len(closed), 0)
        asked = [host.next_open() for _ in range(opens)]
        slot = self._check_turn % (PORTS - TRIES)
        asked += [(port, TRIES + (slot + one) % (PORTS - TRIES)) for one, port in enumerate(closed)]
        return [Check(self._somewhere(room), port, slot) for port, slot in asked]

    def _somewhere(self, room: int) -> int:
        self._chance = self._chance * _MULTIPLIER + 1 & 0xFFFFFFFF
        return (self._chance >> 16) % room

    def _some(self, ports: "array[int]", count: int) -> "array[int]":
        """So many of these, others each time."""
        if len(ports) <= count:
            return ports[:]
        first = self._check_turn * count % len(ports)
        return (ports[first:] + ports[:first])[:count]

    def _opens_under_way(self) -> int:
        return sum(one.opens - one.opens_heard for one in self._checks.values())

    def checked(self, before: float) -> list[Checked]:
        """The checks sent before a time, which are then forgotten."""
        over = [batch for batch, one in self._checks.items() if one.until < before]
        return [self._checks.pop(batch) for batch in over]

    def arrived(self) -> int:
        """How many answers have come; cheap."""
        return self._wire.ear.arrived()

    def wait(self, seconds: float) -> None:
        """Until something comes, or the time is over."""
        self._wire.ear.wait(seconds)

    def lost(self) -> int:
        """Answers that found no room here since the last time."""
        return self._wire.ear.lost()

    def collect(self) -> Tally:
        """Take in what has come, and tell it."""
        came = self._wire.ear.receive()
        tally = Tally()
        if came.slots:
            if max(came.slots) >= TRIES:
                came = self._without_checks(came, tally)
            self._take(came, tally)
        for rank, batch, said in came.others:
            self._take_other(rank, batch, said.port, said.our_port % PORTS, said.reason, tally)
        return tally

    def _without_checks(self, came: Arrivals, tally: Tally) -> Arrivals:
        columns = zip(came.batches, came.slots, came.flags, came.times, strict=True)
        for batch, slot, flags, time in columns:
            one = self._checks.get(batch) if slot >= TRIES else None
            if one is None:
                continue
            if len(tally.trips) < _SAMPLES:
                tally.trips.append(time - self._sent_at[batch])
            if flags & RST:
                one.closed_heard = min(one.closed_heard + 1, one.closed)
            else:
                one.opens_heard = min(one.opens_heard + 1, one.opens)
        return _chosen(came, [slot < TRIES for slot in came.slots])

    def _take(self, came: Arrivals, tally: Tally) -> None:
        """Answers of doors, each door's first."""
        if not came.ports:
            return
        states, width = self._states, self._width
        places = list(map(self._rank.__getitem__, came.ports))
        if _NOWHERE in places:
            # Whoever knows its own numbers can answer for doors that nobody asked for.
            came = _chosen(came, [place != _NOWHERE for place in places])
            places = list(map(self._rank.__getitem__, came.ports))
        if len(self._hosts) > 1:
            places = [host * width + place for host, place in zip(came.hosts, places, strict=True)]
        if any(map(states.__getitem__, places)):
            # An error on the way had told of it already.
            new = [not states[place] for place in places]
            came = _chosen(came, new)
            places = list(compress(places, new))
        if not places:
            return
        answers = bytes(map(_ANSWER.__getitem__, came.flags))
        for place, answer in zip(places, answers, strict=True):
            states[place] = answer
        opens = answers.count(Answer.OPEN)
        self._remember(came, answers, opens)
        sent_at = self._sent_at
        trips = [
            time - sent_at[batch] for time, batch in zip(came.times, came.batches, strict=True)
        ]
        slots = bytes(came.slots)
        tally.opens += opens
        tally.closed += len(places) - opens
        self._count(tally, slots, answers, len(places), opens)
        step = -(-len(trips) // _SAMPLES)
        tally.trips += [
            trip
            for trip, batch, slot in zip(
                trips[::step], came.batches[::step], slots[::step], strict=True
            )
            if self._slots[batch] == slot
        ]
        self._told.answers(
            Answers(
                places=array("Q", places),
                answers=array("B", answers),
                reasons=array("B", bytes(map(_REASON.__getitem__, answers))),
                ttls=array("B", bytes(came.hops)),
                seconds=array("f", trips),
                tries=array("B", slots.translate(_NEXT)),
            )
        )

    def _count(self, tally: Tally, slots: bytes, answers: bytes, fresh: int, opens: int) -> None:
        self.unanswered -= fresh
        self.answering += fresh
        self.opens += opens
        again = fresh - slots.count(0)
        if again:
            tally.retried += again
            tally.retried_opens += sum(
                slot > 0 and answer == Answer.OPEN
                for slot, answer in zip(slots, answers, strict=True)
            )

    def _remember(self, came: Arrivals, answers: bytes, opens: int) -> None:
        """Doors for the checks: all that are open, the first of the closed."""
        if opens:
            for host, port, answer in zip(came.hosts, came.ports, answers, strict=True):
                if answer == Answer.OPEN:
                    self._hosts[host].opens.append(port)
                    self._hosts[host].rounds.append(0)
        for host, port, answer in zip(came.hosts[:_CLOSED_KEPT], came.ports, answers, strict=False):
            closed = self._hosts[host].closed
            if answer == Answer.CLOSED and len(closed) < _CLOSED_KEPT:
                closed.append(port)

    def _take_other(
        self, host: int, batch: int, port: int, slot: int, reason: Reason, tally: Tally
    ) -> None:
        rank = self._rank[port]
        place = host * self._width + rank
        if rank == _NOWHERE or self._states[place]:
            return
        answer = {Reason.SYN_ACK: Answer.OPEN, Reason.RST: Answer.CLOSED}.get(
            reason, Answer.FILTERED
        )
        self._states[place] = answer
        self.unanswered -= 1
        if answer is Answer.FILTERED:
            tally.refused += 1
        else:
            self.answering += 1
            tally.opens += answer is Answer.OPEN
            tally.closed += answer is Answer.CLOSED
            self.opens += answer is Answer.OPEN
        trip = self._clock() - self._sent_at[batch]
        self._told.answers(
            Answers(
                array("Q", [place]),
                array("B", [answer]),
                array("B", [reason]),
                array("B", [0]),
                array("f", [trip if self._slots[batch] == slot else math.nan]),
                array("B", [min(slot, TRIES - 1) + 1]),
            )
        )

    def tell_rest(self, answer: Answer) -> None:
        """Say of everything that never answered what that means."""
        width, states, rank = self._width, self._states, self._rank
        for number, host in enumerate(self._hosts):
            base = number * width
            places = array(
                "Q",
                [base + rank[port] for port in host.ports if not states[base + rank[port]]],
            )
            count = len(places)
            if not count:
                continue
            self._told.answers(
                Answers(
                    places,
                    array("B", bytes([answer]) * count),
                    array("B", bytes([Reason.NO_RESPONSE]) * count),
                    array("B", bytes(count)),
                    array("f", [math.nan]) * count,
                    array("B", bytes([min(self._attempts, 255)]) * count),
                )
            )


def _chosen(came: Arrivals, wanted: Sequence[bool]) -> Arrivals:
    """Some rows."""
    return Arrivals(
        list(compress(came.hosts, wanted)),
        list(compress(came.ports, wanted)),
        list(compress(came.batches, wanted)),
        list(compress(came.slots, wanted)),
        list(compress(came.flags, wanted)),
        list(compress(came.hops, wanted)),
        list(compress(came.times, wanted)),
        came.others,
    )


# By TCP flags: a reset closes, whatever else is set.
_ANSWER = bytes(Answer.CLOSED if flags & RST else Answer.OPEN for flags in range(256))
# By answer.
_REASON = bytes((0, Reason.SYN_ACK, Reason.RST))
_NEXT = bytes(range(1, 256)) + b"\xff"
