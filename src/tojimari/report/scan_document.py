"""``tojimari scan --json`` and ``--lines``: what a scan found."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from tojimari.report.language import Language
from tojimari.report.scan import Service, whose
from tojimari.scan.intervals import shown
from tojimari.scan.listed import Listed, in_columns
from tojimari.scan.tally import Row, Tally, code
from tojimari.scan.task import Answer

SCHEMA: Final = "tojimari.scan/1"
DOOR_SCHEMA: Final = "tojimari.scan-door/1"
END_SCHEMA: Final = "tojimari.scan-end/1"


@dataclass(slots=True)
class ScanDoorDocument:
    """One door that is listed; with ``--lines``, a line of its own as soon as it is known.

    Attributes:
        schema: The name and version of this form.
        transport: ``tcp``, ``udp``.
        address: Canonical text.
        name: What the person called the machine; null where it was an address.
        port: The number.
        state: ``open``, ``closed``, ``filtered``, ``unfiltered``, ``open|filtered``.
        reason: ``syn-ack``, ``rst``, ``connected``, ``refused``, ``no-response``, ``udp-response``,
            ``port-unreachable``, ``admin-prohibited``, ``host-unreachable``, ``net-unreachable``
            and the like.
        service: IANA's name for the number: a habit, not what speaks there.
        ttl: Time to live or hop limit of the answer; null where none was seen.
        seconds: From the probe to its answer; null where not known.
        tries: Which probe was answered; for the silent, how many there were.
    """

    schema: Literal["tojimari.scan-door/1"]
    transport: str
    address: str
    name: str | None
    port: int
    state: str
    reason: str
    service: str | None
    ttl: int | None
    seconds: float | None
    tries: int


@dataclass(slots=True)
class CountDocument:
    """How many doors are alike, the listed ones included.

    Attributes:
        transport: ``tcp``, ``udp``.
        state: As of a door.
        reason: As of a door.
        count: How many.
    """

    transport: str
    state: str
    reason: str
    count: int


@dataclass(slots=True)
class PartDocument:
    """One stretch of the scan.

    Attributes:
        transport: How it was knocked at.
        whose: ``own`` for this machine's addresses, ``link`` for neighbours, ``beyond`` for others.
        addresses: First and last address of each run.
        ports: How many numbers of each address.
        interface: By which the packets went; from outside, by which they came in.
        from_outside: Whether they came in as from outside this machine.
        source: The address that they came from; null where each address is its own.
        method: The way of knocking.
        seed: Of the order.
        first: Where in the order it began.
        end: Where it was to end, exclusive.
        ended: ``sure``, ``max-retries``, ``time-limit``, ``stopped``; null where it never began.
        passes: Passes over the silent in which nobody answered.
        sent: Probes.
        loss: Share of the probes to answering doors that was lost; null where not known.
        remarks: What was noticed, in English.
    """

    transport: str
    whose: str
    addresses: list[list[str]]
    ports: int
    interface: str
    from_outside: bool
    source: str | None
    method: str
    seed: int
    first: int
    end: int
    ended: str | None
    passes: int
    sent: int
    loss: float | None
    remarks: list[str]


@dataclass(slots=True)
class ScanEndDocument:
    """The end of a scan; with ``--lines``, the last line.

    Attributes:
        schema: The name and version of this form.
        ended: ``sure``, ``max-retries``, ``time-limit``, ``stopped``.
        seconds: How long it took.
        doors: How many there were.
        known: How many of them are known.
        open: How many of them are open.
        counts: How many doors are alike.
        parts: How it was done.
        remarks: What was left out, in English.
    """

    schema: Literal["tojimari.scan-end/1"]
    ended: str
    seconds: float
    doors: int
    known: int
    open: int
    counts: list[CountDocument]
    parts: list[PartDocument]
    remarks: list[str]


@dataclass(slots=True)
class ScanDocument:
    """A whole scan.

    Attributes:
        schema: The name and version of this form.
        doors: Those that are listed, by address, transport and number.
        end: What can be said of the whole.
    """

    schema: Literal["tojimari.scan/1"]
    doors: list[ScanDoorDocument]
    end: ScanEndDocument


def door(row: Row, tally: Tally, service: Service) -> ScanDoorDocument:
    """One door."""
    return ScanDoorDocument(
        schema=DOOR_SCHEMA,
        transport=row.transport,
        address=row.host,
        name=tally.plan.names.get((row.version, row.address)),
        port=row.port,
        state=code(row.answer),
        reason=code(row.reason),
        service=service(row.port, row.transport) or None,
        ttl=row.ttl or None,
        seconds=None if math.isnan(row.seconds) else round(row.seconds, 6),
        tries=row.tries,
    )


def lines(listed: Listed, tally: Tally, service: Service) -> bytes:
    """Some doors as JSON, one a line."""
    if in_columns(len(listed)):
        from tojimari.report import scan_columns  # noqa: PLC0415 - numpy: 60 ms

        return b"".join(scan_columns.json(listed, tally.plan, service, b"\n"))
    import msgspec  # noqa: PLC0415 - 9 ms, for those who ask for JSON

    rows = tally.rows_of(listed)
    return msgspec.json.Encoder().encode_lines([door(one, tally, service) for one in rows])


def encoded(tally: Tally, service: Service, seconds: float, *, only_open: bool) -> Iterator[bytes]:
    """``document`` as JSON, piece by piece."""
    import msgspec  # noqa: PLC0415 - 9 ms, for those who ask for JSON

    pieces = _many(tally, service, only_open=only_open)
    held = next(pieces, None)
    if held is None:
        yield msgspec.json.encode(document(tally, service, seconds, only_open=only_open))
        return
    yield f'{{"schema":"{SCHEMA}","doors":['.encode()
    for piece in pieces:
        yield held
        held = piece
    yield held.removesuffix(b",")
    yield b'],"end":' + msgspec.json.encode(end(tally, seconds)) + b"}"


def _many(tally: Tally, service: Service, *, only_open: bool) -> Iterator[bytes]:
    """The listed doors in their order, a comma after each; nothing where columns do not help."""
    if not in_columns(sum(map(len, tally.listed))):
        return
    from tojimari.report import scan_columns  # noqa: PLC0415 - numpy: 60 ms

    for one in scan_columns.ordered(tally, only_open=only_open) or ():
        yield from scan_columns.json(one, tally.plan, service, b",")


def document(tally: Tally, service: Service, seconds: float, *, only_open: bool) -> ScanDocument:
    """The whole."""
    rows = [one for one in tally.rows if one.answer is Answer.OPEN or not only_open]
    rows.sort(key=lambda one: (one.version, one.address, one.transport, one.port))
    return ScanDocument(
        schema=SCHEMA, doors=[door(one, tally, service) for one in rows], end=end(tally, seconds)
    )


def end(tally: Tally, seconds: float) -> ScanEndDocument:
    """What can be said of the whole."""
    return ScanEndDocument(
        schema=END_SCHEMA,
        ended=tally.ended,
        seconds=round(seconds, 3),
        doors=tally.plan.doors,
        known=tally.settled,
        open=tally.opened,
        counts=[
            CountDocument(transport, code(answer), code(reason), count)
            for (transport, answer, reason), count in sorted(tally.totals.items())
        ],
        parts=parts(tally),
        remarks=[Language.ENGLISH.say(one) for one in tally.plan.remarks],
    )


def parts(tally: Tally) -> list[PartDocument]:
    """How it was done, part by part."""
    found: list[PartDocument] = []
    owners: Sequence[str] = list(whose(tally.plan.parts))
    for number, part in enumerate(tally.plan.parts):
        task, space = part.task, part.task.space
        ending, progress = tally.endings.get(number), tally.progress.get(number)
        found.append(
            PartDocument(
                transport=task.transport,
                whose=owners[number],
                addresses=[
                    [shown(space.family, low), shown(space.family, high)]
                    for low, high in space.addresses
                ],
                ports=len(space.ports),
                interface=part.outside or task.way.interface,
                from_outside=bool(part.outside),
                source=shown(space.family, task.way.source) if task.way.source else None,
                method=part.method.name,
                seed=task.seed,
                first=task.first,
                end=task.end,
                ended=ending.why if ending else None,
                passes=ending.passes if ending else 0,
                sent=progress.sent if progress else 0,
                loss=progress.loss if progress else None,
                remarks=[Language.ENGLISH.say(one) for one in ending.remarks] if ending else [],
            )
        )
    return found
