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
from typing import BinaryIO, Final, Literal

import msgspec

from tojimari.app.scan_plan import choose, payloads
from tojimari.core.endpoint import Transport
from tojimari.core.errors import HostError, UsageError
from tojimari.core.message import mark
from tojimari.report import scan_document
from tojimari.report.scan import Service
from tojimari.report.scan_document import ScanDoorDocument, ScanEndDocument
from tojimari.scan import ports, targets, ways
from tojimari.scan.intervals import merged, shown
from tojimari.scan.permutation import Permutation
from tojimari.scan.plan import Part, Plan
from tojimari.scan.tally import Row, Tally, code, place_of
from tojimari.scan.task import Answer, Answers, Ending, Limits, Progress, Reason, Space, Task

PLAN_SCHEMA: Final = "tojimari.scan-plan/1"
CHECKPOINT_SCHEMA: Final = "tojimari.scan-checkpoint/1"
SUFFIX = ".checkpoint"
OFTEN = 1.0  # seconds between two checkpoints
WORTH_NUMPY = 64  # places from which columns are quicker, where numpy is there anyway
_LINK_LOCAL = 0xFE80 >> 6  # the ten bits of fe80::/10 (RFC 4291, section 2.4)

ANSWERS = {code(one): one for one in Answer}
REASONS = {code(one): one for one in Reason}


@dataclass(slots=True)
class PlanPartDocument:
    """One stretch of a scan that is to be done.

    Attributes:
        transport: How it is knocked at.
        version: 4 or 6.
        addresses: First and last address of each run.
        zone: The interface of link-local addresses; empty for others.
        ports: Numbers and ranges.
        method: The way of knocking.
        own: Whether the addresses are this machine's.
        seed: Of the order, decimal: it may be larger than other programs' numbers.
        first: Where in the order it begins.
        end: Where it ends, exclusive.
        rate: Probes a second at most; null for no bound.
        retries: How often the silent are asked again at most; null for as often as is needed.
    """

    transport: str
    version: int
    addresses: list[list[str]]
    zone: str
    ports: str
    method: str
    own: bool
    seed: str
    first: int
    end: int
    rate: float | None
    retries: int | None


@dataclass(slots=True)
class ScanPlanDocument:
    """The first line of a saved scan: what is to be done.

    Attributes:
        schema: The name and version of this form.
        parts: One after the other.
        names: What people called addresses.
        lists_all: Whether each door is listed, the shut ones too.
        usual: Whether nobody chose the numbers.
    """

    schema: Literal["tojimari.scan-plan/1"]
    parts: list[PlanPartDocument]
    names: dict[str, str]
    lists_all: bool
    usual: bool


@dataclass(slots=True)
class CheckpointPartDocument:
    """How far one stretch is.

    Attributes:
        position: Every door before it in the order is told.
        counts: Answer, reason, and how many doors before the position are so.
        sent: Probes.
    """

    position: int
    counts: list[tuple[str, str, int]]
    sent: int


@dataclass(slots=True)
class ScanCheckpointDocument:
    """How far a saved scan is.

    Attributes:
        schema: The name and version of this form.
        length: Bytes of the file that count.
        seconds: How long the scan has taken so far.
        parts: As in the plan.
    """

    schema: Literal["tojimari.scan-checkpoint/1"]
    length: int
    seconds: float
    parts: list[CheckpointPartDocument]


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

    def found(self, part: int, answers: Answers) -> list[Row]:
        """Some doors are known; the rows of those that are listed and were not before."""
        beyond = self._beyond[part]
        if beyond.written:
            answers = self._unwritten(part, answers)
        rows = self.tally.found(part, answers)
        beyond.indices += _indices(beyond.order, answers.places)
        beyond.answers += zip(answers.answers, answers.reasons, strict=True)
        for row in rows:
            self._write(scan_document.door(row, self.tally, self._service))
        return rows

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
        return Answers(
            array("Q", [answers.places[at] for at in kept]),
            array("B", [answers.answers[at] for at in kept]),
            array("B", [answers.reasons[at] for at in kept]),
            array("B", [answers.ttls[at] for at in kept]),
            array("f", [answers.seconds[at] for at in kept]),
            array("B", [answers.tries[at] for at in kept]),
        )

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
            self._write(scan_document.end(self.tally, self.elapsed))
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

    def _write(self, document: object) -> None:
        assert self._file is not None  # noqa: S101 - begin and resume have opened it
        self._file.write(msgspec.json.encode(document) + b"\n")

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
        for line in doors:
            door = msgspec.json.decode(line, type=ScanDoorDocument)
            row = _row(door, self.tally.plan)
            self.tally.rows.append(row)
            beyond = self._beyond[row.part]
            if beyond.order.index(row.place) >= beyond.position:
                beyond.written[row.place] = (row.answer, row.reason)

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
    line = msgspec.json.encode(_document(plan)) + b"\n"
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
    saved = Saved(path, _plan(document, seconds), service)
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


def _document(plan: Plan) -> ScanPlanDocument:
    parts: list[PlanPartDocument] = []
    for part in plan.parts:
        task, space = part.task, part.task.space
        link_local = space.family == 6 and space.addresses[0][0] >> 118 == _LINK_LOCAL  # noqa: PLR2004 - IPv6
        parts.append(
            PlanPartDocument(
                transport=task.transport,
                version=space.family,
                addresses=[
                    [shown(space.family, low), shown(space.family, high)]
                    for low, high in space.addresses
                ],
                zone=task.way.interface if link_local else "",
                ports=ports.shown(space.ports),
                method=part.method.name,
                own=part.own,
                seed=str(task.seed),
                first=task.first,
                end=task.end,
                rate=task.limits.rate,
                retries=task.limits.retries,
            )
        )
    names = {shown(version, number): name for (version, number), name in plan.names.items()}
    return ScanPlanDocument(PLAN_SCHEMA, parts, names, plan.lists_all, plan.usual)


def _plan(document: ScanPlanDocument, seconds: float | None) -> Plan:
    parts = tuple(_part(one, seconds) for one in document.parts)
    names: dict[tuple[int, int], str] = {}
    for address, name in document.names.items():
        target = targets.parse(address)
        names[target.version, target.numbers[0][0]] = name
    return Plan(parts, names, (), lists_all=document.lists_all, usual=document.usual)


def _part(document: PlanPartDocument, seconds: float | None) -> Part:
    """One part again; the way to its addresses is asked of the kernel anew.

    Raises:
        HostError: There is no way any more.
    """
    spans = [
        (targets.parse(low).numbers[0][0], targets.parse(high).numbers[0][1])
        for low, high in document.addresses
    ]
    numbers = merged(spans)
    plotted = ways.plot({(document.version, document.zone): (numbers[0],)})
    if not plotted.stretches:
        raise HostError(
            mark("The kernel has no way to {address} any more."), address=document.addresses[0][0]
        )
    transport = Transport(document.transport)
    (each,) = ports.parse(document.ports, (transport,)).values()
    space = Space(document.version, numbers, each)
    task = Task(
        transport=transport,
        space=space,
        way=plotted.stretches[0].way,
        seed=int(document.seed),
        first=document.first,
        end=document.end,
        limits=Limits(document.rate, document.retries, seconds),
        payloads=payloads(space, plotted.stretches[0].way) if transport is Transport.UDP else {},
    )
    method, passed = choose(task, document.method)
    return Part(task, method, passed, own=document.own)


def _row(door: ScanDoorDocument, plan: Plan) -> Row:
    target = targets.parse(door.address)
    number = target.numbers[0][0]
    for at, part in enumerate(plan.parts):
        if part.task.transport != door.transport or part.task.space.family != target.version:
            continue
        place = place_of(part.task.space, number, door.port)
        if place is not None:
            return Row(
                part=at,
                place=place,
                transport=part.task.transport,
                version=target.version,
                address=number,
                port=door.port,
                answer=ANSWERS[door.state],
                reason=REASONS[door.reason],
                ttl=door.ttl or 0,
                seconds=float("nan") if door.seconds is None else door.seconds,
                tries=door.tries,
            )
    raise UsageError(
        "the file names a door that its plan does not: {address}", address=door.address
    )


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
