"""What a scan has found: how many doors of each kind, and a row for each that is listed."""

from array import array
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from tojimari.core.endpoint import Endpoint, Transport
from tojimari.core.observation import Observation, State, Witness
from tojimari.scan.intervals import shown
from tojimari.scan.listed import Listed
from tojimari.scan.plan import Plan
from tojimari.scan.task import Answer, Answers, Ended, Ending, Progress, Reason, Space

Kind = tuple[Transport, Answer, Reason]

STATES = {
    Answer.UNANSWERED: State.UNKNOWN,
    Answer.OPEN: State.OPEN,
    Answer.CLOSED: State.CLOSED,
    Answer.FILTERED: State.FILTERED,
    Answer.UNFILTERED: State.UNKNOWN,
    Answer.OPEN_OR_FILTERED: State.OPEN_OR_FILTERED,
}


class Row(NamedTuple):
    """A door that is listed; a tuple, because there may be a hundred thousand.

    Attributes:
        part: Which part of the plan, from 0.
        place: Its place in the space of the part.
        transport: How it was knocked at.
        version: 4 or 6.
        address: As a number.
        port: Its number.
        answer: What became of it.
        reason: Why.
        ttl: Of the answer; 0 where none was seen.
        seconds: From the probe to its answer; not a number where not known.
        tries: Which probe was answered, or how many there were.
    """

    part: int
    place: int
    transport: Transport
    version: int
    address: int
    port: int
    answer: Answer
    reason: Reason
    ttl: int
    seconds: float
    tries: int

    @property
    def host(self) -> str:
        """Its address as text."""
        return shown(self.version, self.address)

    def observation(self, at: float, vantage: str) -> Observation:
        """What the witness says.

        Args:
            at: Seconds since the epoch.
            vantage: Where it was knocked from.
        """
        return Observation(
            endpoint=Endpoint(self.transport, self.host, self.port),
            netns=0,
            witness=Witness.SCAN,
            state=STATES[self.answer],
            evidence=code(self.reason),
            vantage=vantage,
            at=at,
        )


def code(one: Answer | Reason) -> str:
    """An answer or a reason as the field writes it: ``open|filtered``, ``port-unreachable``."""
    return (_ANSWERS if isinstance(one, Answer) else _REASONS)[one]


def _code(one: Answer | Reason) -> str:
    if one is Answer.OPEN_OR_FILTERED:
        return "open|filtered"
    return one.name.lower().replace("_", "-")


# Looked up by number, since asking a member for its name takes as long as all else of a row.
_ANSWERS, _REASONS = tuple(map(_code, Answer)), tuple(map(_code, Reason))
_ANSWER, _REASON = tuple(Answer), tuple(Reason)


def _alike(answers: Answers) -> Iterator[tuple[tuple[int, int], int]]:
    """How many doors of some have the same answer for the same reason."""
    # As two long numbers, so that no door is looked at by itself: an answer and a reason are less
    # than 16 each, and together a byte.
    both = int.from_bytes(answers.answers.tobytes(), "little") << 4
    both |= int.from_bytes(answers.reasons.tobytes(), "little")
    held = both.to_bytes(len(answers.answers) + 1, "little")[:-1]
    for one in set(held):
        yield (one >> 4, one & 15), held.count(one)


def runs(space: Space) -> Iterator[tuple[int, int]]:
    """Of each run of addresses: what a rank is less than its address; and where its ranks end."""
    rank = 0
    for first, last in space.addresses:
        end = rank + last - first + 1
        yield first - rank, end
        rank = end


def place_of(space: Space, address: int, port: int) -> int | None:
    """The place of a door in a space; None where it is not in it."""
    at = bisect_left(space.ports, port)
    if at == len(space.ports) or space.ports[at] != port:
        return None
    rank = 0
    for first, last in space.addresses:
        if first <= address <= last:
            return (rank + address - first) * len(space.ports) + at
        rank += last - first + 1
    return None


def gathered(part: int, rows: Sequence[Row]) -> Listed:
    """Rows of one part as columns: what ``Tally.rows_of`` undoes."""
    answers = Answers(
        array("Q", [one.place for one in rows]),
        array("B", [one.answer for one in rows]),
        array("B", [one.reason for one in rows]),
        array("B", [one.ttl for one in rows]),
        array("f", [one.seconds for one in rows]),
        array("B", [one.tries for one in rows]),
    )
    return Listed(part, answers)


@dataclass(slots=True)
class Tally:
    """The sum of what was told.

    Attributes:
        plan: What is done.
        counts: Doors by transport, answer and reason; of one part each.
        listed: Those that are listed, in the order in which they became known.
        progress: How far each part is.
        endings: How the parts ended that are over.
    """

    plan: Plan
    counts: list["Counter[tuple[int, int]]"] = field(init=False)
    listed: list[Listed] = field(default_factory=list[Listed])
    progress: dict[int, Progress] = field(default_factory=dict[int, Progress])
    endings: dict[int, Ending] = field(default_factory=dict[int, Ending])

    def __post_init__(self) -> None:
        """Nothing is known of any part."""
        self.counts = [Counter() for _ in self.plan.parts]

    def found(self, part: int, answers: Answers) -> Listed:
        """Some doors are known; those of them that are listed."""
        counts = self.counts[part]
        for (answer, reason), number in _alike(answers):
            counts[answer, reason] += number
        listed = Listed(part, answers)
        if not self.plan.lists_all:
            listed = listed.only_open()
        if len(listed):
            self.listed.append(listed)
        return listed

    def going(self, part: int, progress: Progress) -> None:
        """So far a part is."""
        self.progress[part] = progress

    def done(self, part: int, ending: Ending) -> None:
        """A part is over."""
        self.endings[part] = ending
        self.progress[part] = ending.progress

    @property
    def rows(self) -> list[Row]:
        """A row for each door that is listed, in the order in which they became known."""
        return [row for listed in self.listed for row in self.rows_of(listed)]

    def rows_of(self, listed: Listed) -> list[Row]:
        """A row for each of some doors."""
        answers, part = listed.answers, listed.part
        task = self.plan.parts[part].task
        space, transport, version = task.space, task.transport, task.space.family
        ports, width = space.ports, len(space.ports)
        shifts = list(runs(space))
        ends = [end for _, end in shifts]
        rows: list[Row] = []
        for place, answer, reason, ttl, seconds, tries in zip(
            answers.places,
            answers.answers,
            answers.reasons,
            answers.ttls,
            answers.seconds,
            answers.tries,
            strict=True,
        ):
            rank, port = divmod(place, width)
            rows.append(
                Row(
                    part,
                    place,
                    transport,
                    version,
                    rank + shifts[bisect_right(ends, rank)][0],
                    ports[port],
                    _ANSWER[answer],
                    _REASON[reason],
                    ttl,
                    seconds,
                    tries,
                )
            )
        return rows

    @property
    def totals(self) -> Counter[Kind]:
        """Doors by transport, answer and reason, of all parts."""
        return self._kinds(enumerate(self.counts))

    @property
    def shown(self) -> Counter[Kind]:
        """The same of those that are listed."""
        return self._kinds((one.part, dict(_alike(one.answers))) for one in self.listed)

    def _kinds(self, counts: Iterable[tuple[int, Mapping[tuple[int, int], int]]]) -> Counter[Kind]:
        found: Counter[Kind] = Counter()
        for part, alike_ones in counts:
            transport = self.plan.parts[part].task.transport
            for (answer, reason), number in alike_ones.items():
                found[transport, Answer(answer), Reason(reason)] += number
        return found

    @property
    def settled(self) -> int:
        """How many doors are known."""
        return sum(one.total() for one in self.counts)

    @property
    def opened(self) -> int:
        """How many of them are open."""
        return sum(
            number
            for counts in self.counts
            for (answer, _), number in counts.items()
            if answer == Answer.OPEN
        )

    @property
    def ended(self) -> Ended:
        """Why it ended: of several reasons the one that left most undone."""
        order = (Ended.STOPPED, Ended.TIME, Ended.RETRIES)
        found = {one.why for one in self.endings.values()}
        if len(self.endings) < len(self.plan.parts):
            found.add(Ended.TIME if Ended.TIME in found else Ended.STOPPED)
        return next((one for one in order if one in found), Ended.SURE)
