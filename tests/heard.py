"""Somebody who is told of a scan, and remembers."""

import math
from dataclasses import dataclass, field

from tojimari.core.endpoint import Transport
from tojimari.scan.task import Answer, Answers, Limits, Progress, Reason, Space, Task, Way

NO_LIMITS = Limits()


@dataclass(slots=True)
class Heard:
    """What was told.

    Attributes:
        answers: By place: what, why, at which try and after how long.
        progress: Everything that was said of how far it is.
        stop_after: So many words of progress are heard until it is stopped; None for never.
    """

    answers_of: dict[int, tuple[Answer, Reason, int, float]] = field(
        default_factory=dict[int, tuple[Answer, Reason, int, float]]
    )
    said: list[Progress] = field(default_factory=list[Progress])
    stop_after: int | None = None

    def answers(self, answers: Answers) -> None:
        """No door may be told twice."""
        columns = zip(
            answers.places,
            answers.answers,
            answers.reasons,
            answers.tries,
            answers.seconds,
            answers.ttls,
            strict=True,
        )
        for place, answer, reason, tries, seconds, _ in columns:
            assert place not in self.answers_of
            self.answers_of[place] = (Answer(answer), Reason(reason), tries, seconds)

    def progress(self, progress: Progress) -> None:
        """It never goes back."""
        if self.said:
            before = self.said[-1]
            assert before.position <= progress.position
            assert before.settled <= progress.settled
        self.said.append(progress)

    def stopped(self) -> bool:
        """Whether it was enough."""
        return self.stop_after is not None and len(self.said) >= self.stop_after

    def ports(self, task: Task, answer: Answer) -> list[int]:
        """The numbers that were so answered, ascending."""
        found = (place for place, told in self.answers_of.items() if told[0] is answer)
        return sorted(task.space.door(place)[1] for place in found)

    def timed(self) -> bool:
        """Whether each open door has a time."""
        opened = (one for one in self.answers_of.values() if one[0] is Answer.OPEN)
        return all(not math.isnan(one[3]) for one in opened)


def task(
    space: Space,
    way: Way,
    *,
    transport: Transport = Transport.TCP,
    limits: Limits = NO_LIMITS,
    payloads: dict[int, tuple[bytes, ...]] | None = None,
    first: int = 0,
    end: int | None = None,
) -> Task:
    """A task of a whole space."""
    last = space.size if end is None else end
    return Task(transport, space, way, 7, first, last, limits, payloads or {})
