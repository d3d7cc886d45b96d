"""Passes over doors until it is certain which of them answer.

The first pass asks every door, each later one those that have not answered. Clock, network and
whoever is told are handed in, so that the whole can be run against a network that exists only in a
test, faster than any clock.
"""

import math
from collections import deque
from collections.abc import Callable, Generator
from typing import Protocol

from tojimari.core.message import Message, mark
from tojimari.scan.book import Checked, Tally
from tojimari.scan.certainty import Certainty
from tojimari.scan.flow import Flow
from tojimari.scan.task import Answer, Ended, Ending, Progress, Task, Told
from tojimari.scan.timer import Timer

BATCH = 1024  # probes in one call of the kernel; more made nothing faster
_PENDING = 8192  # answers after which they are taken in though there is something to send
_LOOK = 0.02  # seconds after which they are, however few
_REPORT = 0.1  # seconds from one report to the next
_CHECK_EVERY = 64  # probes, once something has stayed without an answer
CHECKS = 16  # checks at once; more would be a burst of their own
_SUSPICIOUS = 0.01  # share of probes without an answer from which it is asked why
_PATIENT = 2.0  # times the patience for an answer, before a check counts as lost
_JUDGED = 40  # checks that make a judgement
_UNDECIDED = 1.0  # seconds in which checks of open doors are awaited where closed ones say little
_EARLY = 1 << 17  # probes, twice a host's doors, before which an open door may yet be found
_PROXY = 100  # open doors of a host, with none closed, that look like a proxy's


class Doors(Protocol):
    """What is known of each door, and what is still to be asked; see ``book.Book``."""

    left: int
    unanswered: int
    opens: int
    answering: int
    sent: int

    def begin(self, attempt: int) -> int:
        """Get everything ready that is unanswered."""
        ...

    def knock(self, count: int, checks: int = 0) -> int:
        """Send the next probes, and checks among them."""
        ...

    def checked(self, before: float) -> list[Checked]:
        """The checks sent before a time."""
        ...

    def arrived(self) -> int:
        """How many answers have come."""
        ...

    def collect(self) -> Tally:
        """Take in what has come."""
        ...

    def wait(self, seconds: float) -> None:
        """Until something comes, or the time is over."""
        ...

    def lost(self) -> int:
        """Answers that found no room here since the last time."""
        ...

    def tell_rest(self, answer: Answer) -> None:
        """Say of everything that never answered what that means."""
        ...


class Sweep:
    """One run over one task."""

    def __init__(
        self,
        task: Task,
        book: Doors,
        flow: Flow,
        timer: Timer,
        clock: Callable[[], float],
        told: Told,
        before: int = 0,
        batch: int = BATCH,
    ) -> None:
        """Get ready.

        Args:
            task: What is asked for.
            book: The doors.
            flow: How fast.
            timer: How long an answer is waited for.
            clock: Seconds, the same as the book's.
            told: Who is told, and says when to stop.
            before: Doors of the task that were told of before, and are not in the book.
            batch: Probes in one go.
        """
        self._task, self._book, self._flow, self._timer = task, book, flow, timer
        self._clock, self._told = clock, told
        self._batch = batch
        self._certainty = Certainty()
        self._judged = Checked()
        self._judged_from = 0, 0  # answers, and probes sent, at the last judgement
        self._blind = False  # whether it was judged by closed doors alone, which may answer less
        self._changed = -math.inf
        self._started = self._looked = self._reported = clock()
        self._attempt = 0
        self._under_way = self._arrived = self._unheard = self._taken = 0
        self._recent: deque[tuple[float, int]] = deque()  # when, and how many had been sent then
        self._expired = self._asked = 0
        self._last = -math.inf
        self._lost_here = 0
        self._total = before + book.unanswered
        self._rate = 0.0
        self._rate_from = (self._started, 0)
        self._hasty = False  # whether the last answers of a pass were not waited for

    def run(self) -> Ending:
        """Do it."""
        steps = self.steps()
        while True:
            try:
                self._book.wait(next(steps))
            except StopIteration as end:
                ending: Ending = end.value
                return ending

    def steps(self) -> Generator[float, None, Ending]:
        """Do it, but leave the waiting for a pass's last answers to whoever asks.

        Yields:
            Seconds that may pass before it goes on; it has sent all that it had to for now.
        """
        why = yield from self._passes()
        self._collect()
        if why in {Ended.SURE, Ended.RETRIES}:
            self._book.tell_rest(Answer.FILTERED)
            self._book.unanswered = 0
        elif why is Ended.TIME:
            self._book.tell_rest(Answer.UNANSWERED)
        progress = self._progress(self._clock())
        return Ending(why, progress, self._certainty.silent, self._remarks())

    def _passes(self) -> Generator[float, None, Ended]:
        while True:
            if not self._book.begin(self._attempt):
                return Ended.SURE
            ended = yield from self._one_pass()
            if ended is not None:
                return ended
            if not self._book.unanswered:
                return Ended.SURE
            # The next pass follows at once where this one could prove nothing: then its last checks
            # are judged with the next one's, each in its time.
            self._judge(self._clock() - _PATIENT * self._timer.timeout if self._hasty else math.inf)
            if self._certainty.end_pass(self._attempt, self._book.answering):
                return Ended.SURE
            retries = self._task.limits.retries
            if retries is not None and self._attempt >= retries:
                return Ended.RETRIES
            self._attempt += 1
            self._timer.back_off()
            self._asked -= _CHECK_EVERY * CHECKS  # so that each pass begins with some

    def _one_pass(self) -> Generator[float, None, Ended | None]:
        """Ask everything once and wait for the last answer; why it ended early, or None."""
        book, flow = self._book, self._flow
        began = self._clock()
        while book.left and book.unanswered:
            now = self._clock()
            self._hear(now)
            if (ended := self._over(now)) is not None:
                return ended
            wanted = min(book.left, self._batch)
            room = min(flow.room(now, self._under_way), wanted)
            least = flow.least(wanted)
            if room >= least:
                self._send(room, now)
            else:
                book.wait(flow.pause(least))
        self._hasty = self._may_hurry(began)
        while book.unanswered and not self._hasty:
            now = self._clock()
            rest = self._last + self._timer.timeout - now
            self._hear(now)
            if rest <= 0:
                break
            if (ended := self._over(now)) is not None:
                return ended
            self._collect()
            if book.unanswered:
                yield rest
        self._collect()
        return None

    def _may_hurry(self, began: float) -> bool:
        """Whether the next pass may follow at once.

        Not after the first, of which most answers may still be on their way; not where the first
        doors of this pass have not had their time yet; and not where this may be the last.
        """
        if not self._attempt or self._clock() - began < self._timer.timeout:
            return False
        limits = self._task.limits
        if limits.retries is not None and self._attempt >= limits.retries:
            return False
        self._collect()
        return self._certainty.proves_nothing_yet(self._attempt, self._book.answering)

    def _send(self, count: int, now: float) -> None:
        book = self._book
        checks = 0
        if self._expired > max(_CHECK_EVERY, _SUSPICIOUS * book.sent):
            checks = min((book.sent - self._asked) // _CHECK_EVERY, CHECKS)
            if checks:
                self._asked = book.sent
        self._note(book.knock(count, checks), now)

    def _note(self, sent: int, now: float) -> None:
        self._flow.sent(sent)
        self._under_way += sent
        self._last = now
        self._recent.append((now, self._book.sent))

    def _hear(self, now: float) -> None:
        """Count what has come and what has stayed out; take it in where there is much of it."""
        arrived = self._book.arrived()
        new = arrived - self._arrived
        self._arrived = arrived
        if new:
            self._under_way = max(0, self._under_way - new)
            self._flow.answered(new)
        before = now - self._timer.timeout
        recent = self._recent
        while recent and recent[0][0] < before:
            self._taken = recent.popleft()[1]
        late = self._under_way - (self._book.sent - self._taken)
        if late > 0:
            self._under_way -= late
            self._expired += late
        self._unheard += new
        if self._unheard >= _PENDING or now - self._looked >= _LOOK:
            self._collect()
            # A late answer taken for a lost one slows everything down; a judgement can wait.
            self._judge(now - _PATIENT * self._timer.timeout)

    def _collect(self) -> None:
        tally = self._book.collect()
        self._unheard = 0
        self._looked = self._clock()
        self._timer.measure(tally.trips)
        self._certainty.saw(tally)

    def _judge(self, before: float) -> None:
        """Learn from the checks whose time is over."""
        certainty, limited = self._certainty, self._certainty.resets_limited
        for checked in self._book.checked(before):
            certainty.saw_checks(checked)
            if checked.since > self._changed:
                self._judged.add(checked)
        if (certainty.resets_limited and not limited) or (self._blind and self._book.opens):
            # What closed doors alone seemed to say of the way they may have said of themselves.
            self._flow.forget()
            self._blind = False
            self._rate_changed()
        judged = self._judged
        sent, heard = certainty.of(judged)
        rate = judged.rate
        if sent < _JUDGED or rate is None or self._undecided(judged):
            return
        self._blind = self._blind or (not self._book.opens and certainty.may_be_resets(judged))
        arrived, knocked = self._judged_from
        self._judged_from = self._book.arrived(), self._book.sent
        answered = (self._judged_from[0] - arrived) / max(1, self._judged_from[1] - knocked)
        if self._flow.judge(sent - heard, sent, rate, min(answered, 1.0)):
            self._rate_changed()
        self._judged = Checked()

    def _undecided(self, judged: Checked) -> bool:
        """Whether it is worth waiting for open doors to tell loss from a limit of resets."""
        if not self._certainty.may_be_resets(judged):
            return False
        if self._book.opens:
            return judged.until - judged.since < _UNDECIDED
        return not self._attempt and self._book.sent < _EARLY

    def _rate_changed(self) -> None:
        """Compare nothing before with anything after."""
        self._changed = self._clock()
        self._judged = Checked()
        self._certainty.rate_changed()

    def _over(self, now: float) -> Ended | None:
        """Why to end now; None to go on. Reports on the way."""
        if now - self._reported >= _REPORT:
            self._told.progress(self._progress(now))
            self._reported = now
        limit = self._task.limits.seconds
        if limit is not None and now - self._started >= limit:
            return Ended.TIME
        return Ended.STOPPED if self._told.stopped() else None

    def _progress(self, now: float) -> Progress:
        since, sent = self._rate_from
        if now > since:
            self._rate = (self._book.sent - sent) / (now - since)
            self._rate_from = (now, self._book.sent)
        done = not self._book.unanswered
        return Progress(
            sent=self._book.sent,
            settled=self._total - self._book.unanswered,
            total=self._total,
            sweep=self._attempt + 1,
            loss=self._certainty.loss,
            rate=self._rate,
            position=self._task.end if done else self._task.first,
        )

    def _remarks(self) -> tuple[Message, ...]:
        found: list[Message] = []
        book = self._book
        if book.opens >= _PROXY * self._task.space.hosts and book.opens == book.answering:
            found.append(Message("everything-open", _EVERYTHING_OPEN, {"count": book.opens}))
        if self._certainty.resets_limited:
            found.append(Message("resets-limited", _RESETS_LIMITED))
        rate = self._flow.crowded
        if rate is not None:
            found.append(Message("slowed", _SLOWED, {"rate": round(rate)}))
        self._lost_here += book.lost()
        if self._lost_here:
            found.append(Message("no-room", _NO_ROOM, {"count": self._lost_here}))
        return tuple(found)


_EVERYTHING_OPEN = mark(
    "All {count} doors that answered are open: a SYN proxy or a tarpit may answer in their place."
)
_RESETS_LIMITED = mark(
    "The target says of only so many doors a second that they are closed;"
    " a silent one may be closed too."
)
_SLOWED = mark("Probes got lost, and fewer at a lower rate: about {rate} a second were taken.")
_NO_ROOM = mark("{count} answers found no room on this machine; what they said was asked again.")
