"""A saved scan as documents: what is to be done and how far it is, written and read again."""

from dataclasses import dataclass
from typing import Final, Literal

from tojimari.app.scan_plan import choose, payloads
from tojimari.core.endpoint import Transport
from tojimari.core.errors import HostError, UsageError
from tojimari.core.message import mark
from tojimari.report.scan_document import ScanDoorDocument
from tojimari.scan import ports, targets, ways
from tojimari.scan.intervals import merged, shown
from tojimari.scan.plan import Part, Plan
from tojimari.scan.tally import Row, code, place_of
from tojimari.scan.task import Answer, Limits, Reason, Space, Task

PLAN_SCHEMA: Final = "tojimari.scan-plan/1"
CHECKPOINT_SCHEMA: Final = "tojimari.scan-checkpoint/1"
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


def document_of(plan: Plan) -> ScanPlanDocument:
    """What is to be done, as it is written."""
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


def plan_of(document: ScanPlanDocument, seconds: float | None) -> Plan:
    """What is to be done, read again.

    Args:
        document: As it was written.
        seconds: At most so long this time; None for no bound.

    Raises:
        HostError: There is no way to some addresses any more.
    """
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


def row_of(door: ScanDoorDocument, plan: Plan) -> Row:
    """A door that was listed, read again.

    Raises:
        UsageError: The plan has no such door.
    """
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
