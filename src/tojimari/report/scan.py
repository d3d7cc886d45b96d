"""What a scan found, for people: machines with their doors, in columns that users of nmap know."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from tojimari.core.endpoint import Transport
from tojimari.core.message import Message, mark
from tojimari.core.text import printable
from tojimari.report import columns
from tojimari.report.columns import Cell, Row
from tojimari.report.language import Language
from tojimari.report.style import Style
from tojimari.scan.intervals import shown
from tojimari.scan.listed import Listed, in_columns
from tojimari.scan.plan import Part, Plan
from tojimari.scan.tally import Row as Door
from tojimari.scan.tally import Tally, code
from tojimari.scan.task import Answer, Ended, Reason

if TYPE_CHECKING:
    from tojimari.report.view import View

Service = Callable[[int, Transport], str]

HEADINGS = (mark("PORT"), mark("STATE"), mark("SERVICE"), mark("REASON"))
INDENT = 2
BAR = 24  # columns of the progress bar
MINUTE, HOUR = 60, 3600
SOON = 100  # seconds that are told as seconds

ENDS = {
    Ended.TIME: mark("The time that was given is over."),
    Ended.STOPPED: mark("Stopped."),
    Ended.RETRIES: mark(
        "Whoever did not answer was not asked as often as certainty needs (--max-retries)."
    ),
}


def plan(found: Plan, language: Language) -> Iterator[str]:
    """What is about to be done: whose addresses, which numbers, and how."""
    for part in found.parts:
        yield language.say(_part(part))
        for name, why in part.passed[:1]:
            yield (
                " " * INDENT
                + language.say(Message("passed", "{name} cannot be used here:", {"name": name}))
                + " "
                + language.say(why)
            )
    if found.usual:
        most = max(len(part.task.space.ports) for part in found.parts)
        if most < len(range(1, 0xFFFF)):
            yield language.text(
                mark("Only the numbers where something is usually met; -p- knocks at every one.")
            )
    for remark in found.remarks:
        yield language.say(remark)


def _part(part: Part) -> Message:
    """One task in a sentence."""
    space = part.task.space
    values: dict[str, str | int] = {
        "hosts": space.hosts,
        "ports": len(space.ports),
        "transport": part.task.transport.upper(),
        "method": part.method.name,
        "interface": part.task.way.interface,
        "version": space.family,
    }
    if part.outside:
        values["interface"] = part.outside
        values["source"] = shown(space.family, part.task.way.source)
        return Message(
            "part-outside",
            mark(
                "This machine as {source} sees it by {interface} (IPv{version}): addresses:"
                " {hosts}; numbers of {transport} at each: {ports}; knocked at by {method}."
            ),
            values,
        )
    if part.own:
        return Message(
            "part-own",
            mark(
                "This machine's own addresses (IPv{version}): {hosts}; numbers of {transport} at"
                " each: {ports}; knocked at by {method}."
            ),
            values,
        )
    if part.task.way.gateway is None and part.task.way.link == "ethernet":
        return Message(
            "part-near",
            mark(
                "Addresses on the link {interface} (IPv{version}): {hosts}; numbers of {transport}"
                " at each: {ports}; knocked at by {method}."
            ),
            values,
        )
    return Message(
        "part-far",
        mark(
            "Addresses beyond {interface} (IPv{version}): {hosts}; numbers of {transport} at each:"
            " {ports}; knocked at by {method}."
        ),
        values,
    )


def machines(tally: Tally, service: Service, view: "View", *, only_open: bool) -> Iterator[str]:
    """Each machine of which a door is listed, with its doors."""
    shown = [one for one in tally.rows if one.answer is Answer.OPEN or not only_open]
    shown.sort(key=lambda one: (one.version, one.address, one.transport, one.port))
    for (version, address), doors in groupby(shown, key=lambda one: (one.version, one.address)):
        yield from _machine(tally.plan, version, address, list(doors), service, view)
        yield ""


def _machine(
    found: Plan, version: int, address: int, doors: list[Door], service: Service, view: "View"
) -> Iterator[str]:
    name = found.names.get((version, address), "")
    title = doors[0].host + (f" ({printable(name)})" if name else "")
    yield view.paint(title, Style.STRONG)
    headings: Row = [Cell(view.language.text(one), Style.FAINT) for one in HEADINGS]
    rows: list[Row] = [headings, *(_door(one, service) for one in doors)]
    yield from columns.aligned(rows, paint=view.paint, indent=INDENT, limit=view.columns)


def _door(door: Door, service: Service) -> Row:
    is_open = door.answer is Answer.OPEN
    return [
        Cell(f"{door.port}/{door.transport}", Style.STRONG if is_open else Style.PLAIN),
        Cell(code(door.answer), Style.CALM if is_open else Style.FAINT),
        service(door.port, door.transport),
        _reason(door),
    ]


def _reason(door: Door) -> str:
    told = code(door.reason)
    if door.ttl:
        told += f" ttl {door.ttl}"
    if not math.isnan(door.seconds):
        told += f" {1000 * door.seconds:.1f} ms"
    return told


def summary(tally: Tally, seconds: float, view: "View") -> Iterator[str]:
    """What is not listed, how sure it is, and how long it took."""
    language = view.language
    for (transport, answer, reason), count in sorted((tally.totals - tally.shown).items()):
        yield language.say(_hidden(transport, answer, reason, count))
    yield from _sure(tally, language)
    for ending in tally.endings.values():
        for remark in ending.remarks:
            yield from columns.wrapped(language.say(remark), view.columns)
    ended = tally.ended
    if ended in ENDS:
        yield view.paint(language.text(ENDS[ended]), Style.ALARM)
    yield language.say(
        Message(
            "scanned",
            "Doors known: {known} of {doors}; open: {open}; probes: {sent}; seconds: {seconds}.",
            {
                "known": tally.settled,
                "doors": tally.plan.doors,
                "open": tally.opened,
                "sent": sum(one.sent for one in tally.progress.values()),
                "seconds": f"{seconds:.2f}",
            },
        )
    )


def unfinished(path: Path, language: Language) -> str:
    """How to go on with a scan that is not done."""
    return language.say(
        Message("unfinished", "To go on: tojimari scan --resume {file}", {"file": str(path)})
    )


def _hidden(transport: Transport, answer: Answer, reason: Reason, count: int) -> Message:
    templates = {
        Answer.OPEN: mark("Not listed: {count} of {transport} open ({reason})."),
        Answer.CLOSED: mark(
            "Not listed: {count} of {transport} closed, nobody is there ({reason})."
        ),
        Answer.FILTERED: mark(
            "Not listed: {count} of {transport} filtered, something keeps us out ({reason})."
        ),
        Answer.UNFILTERED: mark("Not listed: {count} of {transport} unfiltered ({reason})."),
        Answer.OPEN_OR_FILTERED: mark(
            "Not listed: {count} of {transport} open or filtered, nothing answered ({reason})."
        ),
        Answer.UNANSWERED: mark("Not listed: {count} of {transport} not known ({reason})."),
    }
    values: dict[str, str | int] = {
        "count": count,
        "transport": transport.upper(),
        "reason": code(reason),
    }
    return Message("not-listed", templates[answer], values)


def _sure(tally: Tally, language: Language) -> Iterator[str]:
    """How sure it is that the silent are kept from us."""
    silent = sum(
        count
        for (_, answer, reason), count in tally.totals.items()
        if answer is Answer.FILTERED and reason is Reason.NO_RESPONSE
    )
    passes = min((one.passes for one in tally.endings.values()), default=0)
    if silent and passes:
        yield language.say(
            Message(
                "silent-passes",
                "How sure that is: passes over the silent in which nobody answered: {passes}.",
                {"passes": passes},
            )
        )


def plain(listed: Listed, tally: Tally, service: Service) -> bytes:
    """Some doors, a line each, in ASCII, its cells separated by tabs.

    The cells: address, port/transport, state, service, reason, time to live or ``-``, milliseconds
    or ``-``, try.
    """
    if in_columns(len(listed)):
        from tojimari.report import scan_columns  # noqa: PLC0415 - numpy: 60 ms

        return b"".join(scan_columns.plain(listed, tally.plan, service))
    rows = tally.rows_of(listed)
    return "".join(plain_row(one, service(one.port, one.transport)) + "\n" for one in rows).encode()


def plain_row(door: Door, service: str) -> str:
    """One of them, without its end."""
    cells = (
        door.host,
        f"{door.port}/{door.transport}",
        code(door.answer),
        service or "-",
        code(door.reason),
        str(door.ttl or "-"),
        "-" if math.isnan(door.seconds) else f"{1000 * door.seconds:.2f}",
        str(door.tries),
    )
    return "\t".join(printable(one) for one in cells)


def progress(tally: Tally, elapsed: float, language: Language, *, width: int = 80) -> str:
    """How far it is: a bar, the rate, the loss, what is open, and the time left."""
    doors, settled = tally.plan.doors, tally.settled
    share = settled / doors if doors else 1.0
    filled = int(BAR * share)
    now = list(tally.progress.values())
    values: dict[str, str | int] = {
        "percent": int(100 * share),
        "rate": int(now[-1].rate) if now else 0,
        "open": tally.opened,
        "loss": _loss(now[-1].loss if now else None),
        "left": _left(share, elapsed),
    }
    said = language.say(
        Message(
            "scanning",
            "{percent} %  {rate} a second  open {open}  loss {loss}  left {left}",
            values,
        )
    )
    return columns.clipped(f"[{'#' * filled}{'.' * (BAR - filled)}] {said}", width - 1)


def _loss(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f} %"


def _left(share: float, elapsed: float) -> str:
    if share <= 0:
        return "-"
    seconds = elapsed * (1 - share) / share
    if seconds < SOON:
        return f"{seconds:.0f} s"
    if seconds < HOUR:
        return f"{seconds / MINUTE:.0f} min"
    return f"{seconds / HOUR:.1f} h"


def whose(parts: Sequence[Part]) -> Iterable[str]:
    """For programs: ``own``, ``link`` or ``beyond`` for each part."""
    for part in parts:
        near = part.task.way.gateway is None and part.task.way.link == "ethernet"
        yield "own" if part.own else "link" if near else "beyond"
