"""A network that exists only here: a target behind a line, and a clock that jumps to what is next.

Everything that sweeping depends on can be turned: delay, jitter, loss either way, how many SYNs or
resets a second the target allows itself. A run of a minute takes milliseconds.
"""

import heapq
import random
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tojimari.core.endpoint import Transport
from tojimari.scan.arrivals import TRIES, Arrivals, Check
from tojimari.scan.book import Book
from tojimari.scan.flow import Flow
from tojimari.scan.packet import ACK, RST, SYN, Heard
from tojimari.scan.sweep import Sweep
from tojimari.scan.task import (
    Answer,
    Answers,
    Ending,
    Limits,
    Progress,
    Reason,
    Space,
    Task,
    Way,
)
from tojimari.scan.timer import Timer

COST = 1.3e-6  # seconds a probe takes to send
CALL = 3e-5  # seconds a call takes
SHORT, LOOK = 0.0001, 0.0003  # seconds: nobody sleeps less, nobody sleeps longer


@dataclass
class Bucket:
    """So many a second, and a burst."""

    rate: float
    burst: float = 5.0
    level: float = field(init=False)
    at: float = 0.0

    def __post_init__(self) -> None:
        self.level = self.burst

    def take(self, now: float) -> bool:
        # What was sent later may be here earlier.
        self.level = min(self.burst, self.level + max(0.0, now - self.at) * self.rate)
        self.at = max(self.at, now)
        if self.level < 1:
            return False
        self.level -= 1
        return True


@dataclass
class Target:
    """One host.

    Attributes:
        opens: Doors that are open.
        rest: What the others do: CLOSED resets, FILTERED drops, OPEN is what a proxy does.
        prohibited: Doors of which an error on the way tells.
        delay: Seconds there and back.
        jitter: At most so many seconds more.
        loss_out: Share of the probes that get lost.
        loss_back: Share of the answers that get lost.
        syns: How many probes it takes a second.
        resets: How many resets it sends a second.
    """

    opens: frozenset[int] = frozenset()
    rest: Answer = Answer.CLOSED
    prohibited: frozenset[int] = frozenset()
    delay: float = 0.0001
    jitter: float = 0.0
    loss_out: float = 0.0
    loss_back: float = 0.0
    syns: Bucket | None = None
    resets: Bucket | None = None


class Simulation:
    """The wire, the ear and the clock at once."""

    def __init__(self, targets: Sequence[Target], seed: int = 1) -> None:
        self.now = 1000.0
        self.targets = targets
        self.sent = 0
        self._random = random.Random(seed)  # noqa: S311 - no secret
        self._coming: list[tuple[float, int, int, int, int, int, int]] = []
        self._heard: list[tuple[float, int, int, int, int, int, int]] = []
        self._others: list[tuple[int, int, Heard]] = []
        self._loaded: dict[int, array[int]] = {}
        self._seen: set[tuple[int, int]] = set()
        self._half: dict[tuple[int, int, int], float] = {}  # connection: until when it is half open
        self._arrived = 0
        self._order = 0

    @property
    def ear(self) -> "Simulation":
        return self

    def clock(self) -> float:
        self.now += 1e-7
        return self.now

    def load(self, host: int, ports: "array[int]") -> None:
        self._loaded[host] = ports

    def send(
        self, host: int, stretch: tuple[int, int], slot: int, batch: int, checks: Sequence[Check]
    ) -> int:
        self.now += CALL
        probes = [(port, slot) for port in self._loaded[host][stretch[0] : stretch[1]]]
        count = len(probes)
        for check in checks:
            probes.append(probes[check.position])
            probes[check.position] = (check.port, check.slot)
        for port, from_slot in probes:
            self.now += COST
            self._probe(host, port, from_slot, batch)
        self.sent += len(probes)
        return count

    def _probe(self, host: int, port: int, slot: int, batch: int) -> None:
        target, chance = self.targets[host], self._random.random
        if target.loss_out and chance() < target.loss_out:
            return
        there = self.now + target.delay / 2 + target.jitter * chance()
        if target.syns and not target.syns.take(there):
            return
        if port in target.prohibited:
            flags = 0
        elif port in target.opens or target.rest is Answer.OPEN:
            flags = SYN | ACK
            # A second SYN to half a connection gets no SYN-ACK (RFC 9293, section 3.10.7.4), and
            # half a connection it is until our reset has come there.
            if there < self._half.get((host, port, slot), 0.0):
                return
            self._half[host, port, slot] = there + target.delay
        elif target.rest is Answer.FILTERED:
            return
        else:
            flags = RST | ACK
            if target.resets and not target.resets.take(there):
                return
        if target.loss_back and chance() < target.loss_back:
            return
        self._order += 1
        back = there + target.delay / 2
        heapq.heappush(self._coming, (back, self._order, host, port, batch, slot, flags))

    def _hear(self) -> None:
        while self._coming and self._coming[0][0] <= self.now:
            one = heapq.heappop(self._coming)
            _, _, host, port, batch, slot, flags = one
            if not flags:
                said = Heard(Reason.ADMIN_PROHIBITED, b"", port, slot, 0, 64)
                self._others.append((host, batch, said))
                continue
            if slot < TRIES:
                if (host, port) in self._seen:
                    continue
                self._seen.add((host, port))
            self._arrived += 1
            self._heard.append(one)

    def expect(self, batch: int, slot: int) -> None:
        """Nobody lies here."""

    def arrived(self) -> int:
        self._hear()
        return self._arrived

    def receive(self) -> Arrivals:
        self._hear()
        rows, self._heard = self._heard, []
        others, self._others = self._others, []
        if not rows:
            return Arrivals(others=others)
        times, _, hosts, ports, batches, slots, flags = map(list, zip(*rows, strict=True))
        return Arrivals(
            hosts,
            ports,
            batches,
            slots,
            flags,
            [64] * len(rows),
            times,
            others,
        )

    def wait(self, seconds: float) -> None:
        self.now += 1e-6 if seconds < SHORT else max(min(seconds, LOOK), SHORT)

    def lost(self) -> int:
        return 0

    def close(self) -> None:
        pass


class Listener:
    """Who is told: holds that a door is told once."""

    def __init__(self, stop: Callable[[], bool] = lambda: False) -> None:
        self.found: dict[int, tuple[Answer, Reason, int]] = {}
        self.reports: list[Progress] = []
        self.trips: list[float] = []
        self._stop = stop

    def answers(self, answers: Answers) -> None:
        columns = zip(answers.places, answers.answers, answers.reasons, answers.tries, strict=True)
        for place, answer, reason, tries in columns:
            assert place not in self.found
            self.found[place] = (Answer(answer), Reason(reason), tries)
        self.trips += answers.seconds

    def progress(self, progress: Progress) -> None:
        self.reports.append(progress)

    def stopped(self) -> bool:
        return self._stop()

    def places(self, answer: Answer) -> set[int]:
        return {place for place, one in self.found.items() if one[0] is answer}


@dataclass
class Outcome:
    ending: Ending
    listener: Listener
    simulation: Simulation
    seconds: float

    @property
    def opens(self) -> set[int]:
        return self.listener.places(Answer.OPEN)


WAY = Way("veth", 2, "ethernet", 1, 1500)


def sweep(
    *targets: Target,
    ports: int = 2000,
    seed: int = 1,
    limits: Limits | None = None,
    silent: float = 200_000.0,
    first: float = 0.2,
    stop: Callable[[], bool] = lambda: False,
) -> Outcome:
    """Run one; doors are the ports from 1 on, so that a place is a port less one."""
    space = Space(4, ((10, 9 + len(targets)),), tuple(range(1, ports + 1)))
    limits = limits or Limits()
    task = Task(Transport.TCP, space, WAY, seed, 0, space.size, limits)
    simulation = Simulation(targets, seed)
    listener = Listener(stop)
    places = array("I", range(space.size))
    random.Random(seed).shuffle(places)  # noqa: S311 - the same
    began = simulation.now
    book = Book(space, places, simulation, simulation.clock, listener)
    flow = Flow(silent, limits.rate)
    ending = Sweep(task, book, flow, Timer(first), simulation.clock, listener).run()
    return Outcome(ending, listener, simulation, simulation.now - began)
