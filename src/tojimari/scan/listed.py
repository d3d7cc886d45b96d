"""Doors that are listed, many at a time, in the columns in which they were told."""

import sys
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tojimari.scan.task import Answer, Answers

# Doors from which columns are quicker than one document after the other: where numpy is there, and
# where it must be loaded.
WORTH_COLUMNS, WORTH_NUMPY = 64, 1 << 14


@dataclass(frozen=True, slots=True)
class Listed:
    """Some doors of one part.

    Attributes:
        part: Which part of the plan, from 0.
        answers: What became of them.
    """

    part: int
    answers: Answers

    def __len__(self) -> int:
        """How many there are."""
        return len(self.answers.places)

    def only_open(self) -> "Listed":
        """Those of them that are open."""
        held = self.answers.answers.tobytes()
        opens = held.count(Answer.OPEN)
        if opens == len(held):
            return self
        kept: list[int] = []
        at = -1
        for _ in range(opens):
            at = held.index(Answer.OPEN, at + 1)
            kept.append(at)
        return Listed(self.part, picked(self.answers, kept))


def picked(answers: Answers, rows: Sequence[int]) -> Answers:
    """Some rows of columns."""
    return Answers(
        array("Q", [answers.places[at] for at in rows]),
        array("B", [answers.answers[at] for at in rows]),
        array("B", [answers.reasons[at] for at in rows]),
        array("B", [answers.ttls[at] for at in rows]),
        array("f", [answers.seconds[at] for at in rows]),
        array("B", [answers.tries[at] for at in rows]),
    )


def joined(found: Iterable[Answers]) -> Answers:
    """All columns one after the other."""
    whole = picked(EMPTY, ())
    for one in found:
        whole.places.extend(one.places)
        whole.answers.extend(one.answers)
        whole.reasons.extend(one.reasons)
        whole.ttls.extend(one.ttls)
        whole.seconds.extend(one.seconds)
        whole.tries.extend(one.tries)
    return whole


EMPTY = Answers(array("Q"), array("B"), array("B"), array("B"), array("f"), array("B"))


def in_columns(count: int) -> bool:
    """Whether so many doors are told more quickly by columns of numpy."""
    return count >= (WORTH_COLUMNS if "numpy" in sys.modules else WORTH_NUMPY)
