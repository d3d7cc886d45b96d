"""A scan that is kept in a file, and gone on with after whatever ended it.

The file is lines of JSON: what is to be done, then each listed door as it becomes known, then the
end. Beside it stands a checkpoint, replaced as a whole every second: how long the file was, and up
to where in its order each part had told everything. Whoever goes on cuts the file to that length.
Doors beyond that place may be told a second time; those that stand in the file already are known
by it and written once.
"""

import contextlib
import os
import sys
import time
from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import msgspec

from tojimari.app.scan_record import (
    ANSWERS,
    CHECKPOINT_SCHEMA,
    REASONS,
    CheckpointPartDocument,
    ScanCheckpointDocument,
    ScanPlanDocument,
    document_of,
    plan_of,
    row_of,
)
from tojimari.core.errors import UsageError
from tojimari.report import scan_document
from tojimari.report.scan import Service
from tojimari.report.scan_document import ScanDoorDocument, ScanEndDocument
from tojimari.scan.listed import Listed, picked
from tojimari.scan.permutation import Permutation
from tojimari.scan.plan import Plan
from tojimari.scan.tally import Row, Tally, code, gathered
from tojimari.scan.task import Answer, Answers, Ending, Progress, Reason

SUFFIX = ".checkpoint"
OFTEN = 1.0  # seconds between two checkpoints
WORTH_NUMPY = 64  # places from which columns are quicker, where numpy is there anyway


@dataclass(slots=True)
class _Beyond:
    """What is known of a part beyond its position."""

    order: Permutation
    position: int
    done: Counter[tuple[int, int]] = field(default_factory=Counter[tuple[int, int]])
    indices: list[int] = field(default_factory=list[int])
    answers: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    written: dict[int, tuple[int, int]] = field(default_factory=dict[int, tuple[int, int]])
    sent: int = 0

    def settle(self) -> None:
        """Count what the position has passed."""
        indices, answers = self.indices, self.answers
        self.indices, self.answers = [], []
        for index, answer in zip(indices, answers, strict=True):
            if index < self.position:
                self.done[answer] += 1
            else:
                self.indices.append(index)
                self.answers.append(answer)


class Saved:
    """A scan and its file.

    Attributes:
        path: The file.
        tally: What is known.
        positions: Where each part goes on.
        seconds: How long the scan took before.
        complete: Whether nothing is left to do.
    """

    def __init__(self, path: Path, plan: Plan, service: Service) -> None:
        """Prepare; see ``begin`` and ``resume``, which make one.

        Args:
            path: The file.
            plan: What is done.
            service: Gives IANA's name for a number.
        """
        self.tally = Tally(plan)
        self.seconds = 0.0
        self.complete = False
        self.path = path
        self._service = service
        self._file: BinaryIO | None = None
        self._beyond = [
            _Beyond(Permutation(part.task.space.size, part.task.seed), part.task.first)
            for part in plan.parts
        ]
        self._began = self._last = time.monotonic()

    @property
    def positions(self) -> list[int]:
        """Where in its order each part goes on."""
        return [one.position for one in self._beyond]

    def found(self, part: int, answers: Answers) -> Listed:
        """Some doors are known; those of them that are listed and were not before."""
        beyond = self._beyond[part]
        if beyond.written:
            answers = self._unwritten(part, answers)
        listed = self.tally.found(part, answers)
        beyond.indices += _indices(beyond.order, answers.places)
        beyond.answers += zip(answers.answers, answers.reasons, strict=True)
        if len(listed):
            self._append(scan_document.lines(listed, self.tally, self._service))
        return listed

    def _unwritten(self, part: int, answers: Answers) -> Answers:
        """The answers without those that stand in the file; as those stand there, they count."""
        beyond = self._beyond[part]
        kept = [at for at, place in enumerate(answers.places) if place not in beyond.written]
        for place in answers.places:
            known = beyond.written.pop(place, None)
            if known is not None:
                self.tally.counts[part][known] += 1
                beyond.indices.append(beyond.order.index(place))
                beyond.answers.append(known)
        return picked(answers, kept)

    def going(self, part: int, progress: Progress) -> None:
        """So far it is; a checkpoint where one is due."""
        self.tally.going(part, progress)
        beyond = self._beyond[part]
        beyond.position = progress.position
        now = time.monotonic()
        if now - self._last >= OFTEN:
            self._last = now
            self._checkpoint()

    def done(self, part: int, ending: Ending) -> None:
        """A part is over."""
        self.tally.done(part, ending)
        self._beyond[part].position = ending.progress.position
        self._checkpoint()

    def end(self) -> None:
        """All is over: write the end, and leave no checkpoint; or leave one to go on from."""
        if self._file is None:
            return
        self._checkpoint()
        if all(
            one.position >= part.task.end
            for one, part in zip(self._beyond, self.tally.plan.parts, strict=True)
        ):
            end = scan_document.end(self.tally, self.elapsed)
            self._append(msgspec.json.encode(end) + b"\n")
            self._flush()
            self._beside.unlink(missing_ok=True)
            self.complete = True
        self.close()

    def close(self) -> None:
        """Leave the file as it is; a second time does nothing."""
        if self._file is not None:
            self._file.close()
            self._file = None

    @property
    def elapsed(self) -> float:
        """Seconds that the scan has taken, all its runs together."""
        return self.seconds + time.monotonic() - self._began

    @property
    def _beside(self) -> Path:
        return self.path.with_name(self.path.name + SUFFIX)

    def _append(self, text: bytes) -> None:
        assert self._file is not None  # noqa: S101 - begin and resume have opened it
        self._file.write(text)

    def _flush(self) -> None:
        assert self._file is not None  # noqa: S101 - the same
        self._file.flush()
        os.fsync(self._file.fileno())

    def _checkpoint(self) -> None:
        """Replace the checkpoint: first what it counts on is on the disk, then it."""
        if self._file is None:
            return  # it was complete before
        self._flush()
        parts: list[CheckpointPartDocument] = []
        for number, beyond in enumerate(self._beyond):
            beyond.settle()
            counts = [
                (code(Answer(answer)), code(Reason(reason)), count)
                for (answer, reason), count in sorted(beyond.done.items())
            ]
            progress = self.tally.progress.get(number)
            sent = beyond.sent + (progress.sent if progress else 0)
            parts.append(CheckpointPartDocument(beyond.position, counts, sent))
        length = self._file.tell()
        document = ScanCheckpointDocument(CHECKPOINT_SCHEMA, length, self.elapsed, parts)
        _replace(self._beside, msgspec.json.encode(document) + b"\n")

    def open_at(self, length: int) -> None:
        """Go on writing after so many bytes; what follows them is cut off."""
        self._file = self.path.open("r+b")
        self._file.truncate(length)
        self._file.seek(length)

    def load(self, checkpoint: ScanCheckpointDocument | None, doors: Sequence[bytes]) -> None:
        """Take up what was known.

        Args:
            checkpoint: How far it was; None where there was no checkpoint yet.
            doors: The lines of the file that count, without the first.
        """
        if checkpoint is not None:
            self.seconds = checkpoint.seconds
            for number, part in enumerate(checkpoint.parts):
                beyond = self._beyond[number]
                beyond.position, beyond.sent = part.position, part.sent
                for answer, reason, count in part.counts:
                    beyond.done[ANSWERS[answer], REASONS[reason]] = count
                self.tally.counts[number].update(beyond.done)
        known: dict[int, list[Row]] = {}
        for line in doors:
            door = msgspec.json.decode(line, type=ScanDoorDocument)
            row = row_of(door, self.tally.plan)
            known.setdefault(row.part, []).append(row)
            beyond = self._beyond[row.part]
            if beyond.order.index(row.place) >= beyond.position:
                beyond.written[row.place] = (row.answer, row.reason)
        self.tally.listed += [gathered(part, rows) for part, rows in known.items()]

    def load_end(self, end: ScanEndDocument, doors: Sequence[bytes]) -> None:
        """Take up what a scan that is over has found; nothing is left to do."""
        self.complete = True
        self.seconds = end.seconds
        self.load(None, doors)
        parts = self.tally.plan.parts
        for beyond, part in zip(self._beyond, parts, strict=True):
            beyond.position = part.task.end
        for one in end.counts:
            at = next(at for at, part in enumerate(parts) if part.task.transport == one.transport)
            self.tally.counts[at][ANSWERS[one.state], REASONS[one.reason]] += one.count


def begin(path: Path, plan: Plan, service: Service) -> Saved:
    """Keep a scan in a new file.

    Args:
        path: The file; there must be none.
        plan: What is done.
        service: Gives IANA's name for a number.

    Raises:
        UsageError: There is such a file, or it cannot be made.
    """
    if path.exists():
        raise UsageError(
            "{file} is there already.", hint="tojimari scan --resume {file}", file=str(path)
        )
    line = msgspec.json.encode(document_of(plan)) + b"\n"
    try:
        _replace(path, line)
        saved = Saved(path, plan, service)
        saved.open_at(len(line))
    except OSError as error:
        raise UsageError(
            "{file} cannot be written: {why}", file=str(path), why=str(error.strerror)
        ) from error
    return saved


def resume(path: Path, service: Service, *, seconds: float | None = None) -> Saved:
    """Go on with a scan.

    Args:
        path: Its file.
        service: Gives IANA's name for a number.
        seconds: At most so long this time; None for no bound.

    Raises:
        UsageError: It is no such file.
        HostError: It cannot be gone on with here.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(
            "{file} cannot be read: {why}", file=str(path), why=str(error.strerror)
        ) from error
    first, found, _ = data.partition(b"\n")
    beside = path.with_name(path.name + SUFFIX)
    checkpoint: ScanCheckpointDocument | None = None
    try:
        document = msgspec.json.decode(first, type=ScanPlanDocument)
        with contextlib.suppress(FileNotFoundError):
            checkpoint = msgspec.json.decode(beside.read_bytes(), type=ScanCheckpointDocument)
    except (msgspec.MsgspecError, ValueError) as error:
        raise _no_scan(path) from error
    if not found:
        raise _no_scan(path)
    lines = data.splitlines()
    is_over = checkpoint is None and _is_end(lines[-1])
    saved = Saved(path, plan_of(document, seconds), service)
    length = len(first) + 1
    if is_over:
        saved.load_end(msgspec.json.decode(lines[-1], type=ScanEndDocument), lines[1:-1])
        return saved
    if checkpoint is not None:
        length = checkpoint.length
    saved.load(checkpoint, data[len(first) + 1 : length].splitlines())
    saved.open_at(length)
    return saved


def _no_scan(path: Path) -> UsageError:
    return UsageError(
        "{file} holds no scan that could be gone on with.",
        hint="tojimari scan 192.0.2.7 --save {file}",
        file=str(path),
    )


def _is_end(line: bytes) -> bool:
    return line.startswith(b'{"schema":"' + scan_document.END_SCHEMA.encode() + b'"')


def _indices(order: Permutation, places: "array[int]") -> list[int]:
    if len(places) >= WORTH_NUMPY and "numpy" in sys.modules:
        import numpy as np  # noqa: PLC0415 - it is there

        found: list[int] = order.indices(np.frombuffer(places, np.uint64)).tolist()
        return found
    return [order.index(one) for one in places]


def _replace(path: Path, content: bytes) -> None:
    """Put a whole file in the place of another: whoever looks sees one of them, never a part."""
    made = path.with_name(f".{path.name}.{os.getpid()}")
    with made.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    made.replace(path)
