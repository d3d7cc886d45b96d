"""What a way of knocking says while it works: columns of answers, how far it is, why it ended."""

import math
import time
from array import array
from collections.abc import Callable, Sequence

from tojimari.core.message import Message
from tojimari.scan.task import Answer, Answers, Ended, Ending, Progress, Reason, Task, Told

BATCH = 1024  # answers that are kept back at most
OFTEN = 0.1  # seconds between two words
UNKNOWN = math.nan
# What somebody else says of a machine, or nobody does.
OF_OTHERS = frozenset(
    {
        Reason.NO_RESPONSE,
        Reason.HOST_UNREACHABLE,
        Reason.NET_UNREACHABLE,
        Reason.TIME_EXCEEDED,
    }
)
# What says nothing of loss: who never answers, and whose errors are only sent so often.
UNTELLING = OF_OTHERS | {Reason.PORT_UNREACHABLE}


class Telling:
    """Collects answers and tells them now and then.

    Attributes:
        sent: Probes sent, every try counted.
        heard: Doors whose machine answered; what others say of it does not count.
        opened: Those of them that are open.
        settled: Doors whose answer has been told, or will be at the next word.
        sweep: Which pass over the unanswered, from 1.
        position: Every door before it in the order has been told.
    """

    def __init__(
        self, task: Task, told: Told, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        """Begin.

        Args:
            task: What is done.
            told: Who is told.
            clock: Seconds, never going back.
        """
        self._told = told
        self._clock = clock
        self._total = task.end - task.first
        self._until = math.inf if task.limits.seconds is None else clock() + task.limits.seconds
        self.sent = self.settled = self._lost = self.heard = self.opened = 0
        self.sweep = 1
        self.position = task.first
        self._rate = 0.0
        self._rated = (clock(), 0)
        self._due = clock() + OFTEN
        self._empty()

    def _empty(self) -> None:
        self._places, self._answers, self._reasons = array("Q"), array("B"), array("B")
        self._ttls, self._seconds, self._tries = array("B"), array("f"), array("B")

    def answer(
        self,
        place: int,
        answer: Answer,
        reason: Reason,
        tries: int,
        seconds: float = UNKNOWN,
        ttl: int = 0,
    ) -> None:
        """A door is known; see ``Answers`` for the columns."""
        self._places.append(place)
        self._answers.append(answer)
        self._reasons.append(reason)
        self._ttls.append(ttl)
        self._seconds.append(seconds)
        self._tries.append(min(tries, 255))
        self.settled += 1
        self.opened += answer is Answer.OPEN
        if reason not in OF_OTHERS:
            self.heard += 1
        if reason not in UNTELLING:
            self._lost += tries - 1
        if len(self._places) >= BATCH:
            self._flush()

    def same(self, places: Sequence[int], answer: Answer, reason: Reason, tries: int) -> None:
        """The same is known of many doors."""
        count = len(places)
        self._places.extend(places)
        self._answers.frombytes(bytes([answer]) * count)
        self._reasons.frombytes(bytes([reason]) * count)
        self._ttls.frombytes(bytes(count))
        self._seconds.extend([UNKNOWN] * count)
        self._tries.frombytes(bytes([min(tries, 255)]) * count)
        self.settled += count
        if reason not in OF_OTHERS:
            self.heard += count
        if reason not in UNTELLING:
            self._lost += count * (tries - 1)
        if len(self._places) >= BATCH:
            self._flush()

    @property
    def loss(self) -> float | None:
        """Share of the probes of answering doors that was lost; None before any answer."""
        probes = self.heard + self._lost
        return self._lost / probes if probes else None

    def over(self) -> Ended | None:
        """Say how far it is where that is due. Whether it must end now, and why."""
        now = self._clock()
        if now >= self._due:
            self.say(now)
        if self._told.stopped():
            return Ended.STOPPED
        return Ended.TIME if now >= self._until else None

    def say(self, now: float | None = None) -> None:
        """Tell everything that is known so far."""
        now = self._clock() if now is None else now
        since, sent = self._rated
        if now - since >= OFTEN / 2:
            self._rate = (self.sent - sent) / (now - since)
            self._rated = (now, self.sent)
        self._due = now + OFTEN
        self._flush()
        self._told.progress(self._progress())

    def end(self, why: Ended, passes: int, remarks: Sequence[Message] = ()) -> Ending:
        """Tell the rest, and that it is over."""
        self.say()
        return Ending(why, self._progress(), passes, tuple(remarks))

    def _progress(self) -> Progress:
        return Progress(
            sent=self.sent,
            settled=self.settled,
            total=self._total,
            sweep=self.sweep,
            loss=self.loss,
            rate=self._rate,
            position=self.position,
        )

    def _flush(self) -> None:
        if not self._places:
            return
        columns = (self._places, self._answers, self._reasons)
        found = Answers(*columns, self._ttls, self._seconds, self._tries)
        self._empty()
        self._told.answers(found)
