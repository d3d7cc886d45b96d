"""The end of the round, for a person: one sentence, then the doors by who can reach them."""

from collections.abc import Iterator
from typing import NamedTuple

from tojimari.core.door import Door
from tojimari.core.exposure import Zone
from tojimari.core.finding import Finding, Severity
from tojimari.core.message import Message, mark
from tojimari.core.text import printable
from tojimari.core.verdict import Verdict
from tojimari.report import columns, folding
from tojimari.report.columns import Cell
from tojimari.report.folding import Fold
from tojimari.report.language import Language
from tojimari.report.naming import SHOWN_NAME, keeper, program, service, target
from tojimari.report.rules import words
from tojimari.report.since import since
from tojimari.report.style import Style
from tojimari.report.view import View

CALM_ROWS = 20  # doors without a finding that a group shows before it only counts: one screen

TITLES = {
    Zone.INTERNET: mark("From the internet"),
    Zone.LAN: mark("From the local network (LAN)"),
    Zone.CONTAINERS: mark("From containers"),
    Zone.THIS_MACHINE: mark("From this machine only"),
}
# Where nobody knows whether a firewall keeps them out.
PERHAPS = {
    Zone.INTERNET: mark("Perhaps from the internet"),
    Zone.LAN: mark("Perhaps from the local network (LAN)"),
    Zone.CONTAINERS: mark("Perhaps from containers"),
}
IDLE_RULES = 3  # rules that do no harm; more of them would hide the doors


class Entry(NamedTuple):
    """One row: a door, or several that differ in nothing but their address.

    Attributes:
        fold: The doors.
        findings: What was found of each of them.
    """

    fold: Fold
    findings: tuple[Finding, ...]

    @property
    def door(self) -> Door:
        """Any of them."""
        return self.fold.door

    @property
    def grave(self) -> tuple[Finding, ...]:
        """The findings to act on."""
        return tuple(one for one in self.findings if one.is_grave)


def text(verdict: Verdict, view: View) -> Iterator[str]:
    """The whole report, line by line."""
    style = Style.ALARM if verdict.grave else Style.STRONG
    for line in columns.wrapped(sentence(verdict, view.language), view.columns):
        yield view.paint(line, style)
    entries = folded(verdict)
    widths = columns.widest([_cells(entry, verdict, view) for entry in entries])
    for title, group in _groups(entries):
        yield ""
        yield view.paint(view.language.text(title), Style.STRONG)
        yield from _group(group, verdict, view, widths)
    yield from _shut(verdict, view)
    yield from _rules(verdict, view)
    yield from _unseen(verdict, view)
    yield from _advice(verdict, view)


def _groups(entries: list[Entry]) -> Iterator[tuple[str, list[Entry]]]:
    """The rows by who can reach them, those first that the most can; each part with its title."""
    for zone in reversed(Zone):
        there = [entry for entry in entries if entry.door.exposure.farthest is zone]
        sure = [entry for entry in there if entry.door.exposure.widest is zone]
        if sure:
            yield TITLES[zone], sure
        perhaps = [entry for entry in there if entry.door.exposure.widest is not zone]
        if perhaps:
            yield PERHAPS[zone], perhaps


def sentence(verdict: Verdict, language: Language) -> str:
    """The verdict in one sentence."""
    # A person counts rows: a program at its IPv4 and its IPv6 door is one of them.
    values: dict[str, str | int] = {"doors": len(folded(verdict)), "findings": len(verdict.grave)}
    if verdict.policy is not None and verdict.grave:
        message = Message(
            "not-as-intended",
            "Tojimari: open doors: {doors}. Not as intended: {findings}.",
            values,
        )
    elif verdict.policy is not None:
        message = Message("as-intended", "Tojimari: open doors: {doors}. All as intended.", values)
    elif verdict.grave:
        message = Message(
            "alarming",
            "Tojimari: open doors: {doors}. No policy says which were meant. Alarming: {findings}.",
            values,
        )
    else:
        message = Message(
            "no-policy",
            "Tojimari: open doors: {doors}. No policy says which were meant. None is alarming.",
            values,
        )
    return language.say(message)


def folded(verdict: Verdict) -> list[Entry]:
    """The doors as rows, the gravest first; doors that differ only in address are one row."""
    by_door: dict[int, list[Finding]] = {}
    for finding in verdict.findings:
        if finding.door is not None:
            by_door.setdefault(id(finding.door), []).append(finding)

    def found(door: Door) -> tuple[Finding, ...]:
        return tuple(by_door.get(id(door), ()))

    def judged(door: Door) -> object:
        return (
            door.exposure.widest,
            door.exposure.farthest,
            tuple((one.check, one.severity, one.message.code) for one in found(door)),
            door.intent,
        )

    folds = folding.folded(verdict.doors, judged)
    return sorted((Entry(fold, found(fold.door)) for fold in folds), key=_rank)


def _rank(entry: Entry) -> tuple[int, bool, str, int, str, str]:
    worst = min((one.severity.rank for one in entry.grave), default=len(Severity))
    endpoint, namespace = entry.door.endpoint, entry.door.namespace
    inside = "" if namespace.is_host else namespace.name
    return worst, bool(inside), inside, endpoint.port, endpoint.transport, endpoint.address


def _group(group: list[Entry], verdict: Verdict, view: View, widths: list[int]) -> Iterator[str]:
    calm = 0
    left_out = 0
    for entry in group:
        if not entry.grave:
            calm += 1
            if calm > CALM_ROWS and not view.whole:
                left_out += 1
                continue
        row = _cells(entry, verdict, view)
        yield columns.aligned([row], paint=view.paint, least=widths, limit=view.columns)[0]
        for finding in entry.grave:
            yield from _explained(finding, view)
    if left_out:
        yield from _more(left_out, view)


def _cells(entry: Entry, verdict: Verdict, view: View) -> list[Cell | str]:
    door = entry.door
    return [
        _mark(entry, verdict, view),
        Cell(door.number, Style.STRONG),
        _addresses(entry, view.language),
        service(door),
        held_by(door, view.language),
        _since(door, verdict, view.language),
        _remark(entry, view.language),
    ]


def _mark(entry: Entry, verdict: Verdict, view: View) -> Cell | str:
    if entry.grave:
        return Cell("!", Style.ALARM)
    if verdict.policy is not None and entry.door.intent is not None:
        return Cell(view.language.text(mark("OK")), Style.CALM)
    return "-"


def _addresses(entry: Entry, language: Language) -> str:
    shown, space = entry.fold.address(language), entry.door.namespace
    return shown if space.is_host else f"{shown} ({printable(space.name, SHOWN_NAME)})"


def held_by(door: Door, language: Language) -> str:
    """The program, and where it is at home."""
    if not door.owners:
        return program(door, language)
    first = door.owners[0]
    home = first.container.name or first.container.id[:12] if first.container else first.unit
    name = first.name or home or "?"
    inside = [printable(home, SHOWN_NAME)] if home and home != name else []
    if first.pid is not None:
        inside.append(f"pid {first.pid}")
    more = len({one.pid for one in door.owners}) - 1
    if more > 0:
        inside.append(f"+{more}")
    shown = printable(name, SHOWN_NAME)
    return f"{shown} ({', '.join(inside)})" if inside else shown


def _since(door: Door, verdict: Verdict, language: Language) -> str:
    started = door.owners[0].started if door.owners else None
    return since(started, verdict.at, language) if started is not None else ""


def _remark(entry: Entry, language: Language) -> Cell | str:
    intent, sent = entry.door.intent, entry.door.forwarding
    if entry.grave:
        return ""
    if intent is not None:
        said = Message("intended", "as intended: {why}", {"why": intent.why})
    elif sent is not None:
        said = Message("goes-to", "sent on to {target}", {"target": target(sent.to)})
    elif keeper(entry.door):
        said = Message("kept", "{owner} keeps others out", {"owner": keeper(entry.door)})
    else:
        return ""
    return Cell(language.say(said), Style.FAINT)


def _explained(finding: Finding, view: View) -> Iterator[str]:
    yield from columns.wrapped(view.language.say(finding.message), view.columns, 4)
    yield from _named(finding, view)
    for command in (finding.next, finding.mend.typed if finding.mend else ""):
        if command:
            yield "    " + view.paint(f"> {printable(command)}", Style.CALM)


def _named(finding: Finding, view: View) -> Iterator[str]:
    """The rules of the firewall that make it so, in their owners' words."""
    for rule in finding.rules:
        said = Message("rule", "rule: {rule}", {"rule": words(rule, view.language)})
        for line in columns.wrapped(view.language.say(said), view.columns, 4):
            yield view.paint(line, Style.FAINT)


def _rules(verdict: Verdict, view: View) -> Iterator[str]:
    """Rules of the firewall that do nothing: those that were to keep somebody out, then a few."""
    found = [one for one in verdict.findings if one.door is None and one.rules]
    if not found:
        return
    yield ""
    yield view.paint(view.language.text(mark("Rules of the firewall")), Style.STRONG)
    idle = [one for one in found if not one.is_grave]
    shown = idle if view.whole else idle[:IDLE_RULES]
    for finding in [*(one for one in found if one.is_grave), *shown]:
        sign = "!" if finding.is_grave else "-"
        first, *rest = _explained(finding, view)
        yield sign + first[1:]
        yield from rest
    if len(shown) < len(idle):
        yield from _more(len(idle) - len(shown), view)


def _more(count: int, view: View) -> Iterator[str]:
    message = Message("more-doors", "... and {count} more: -v shows them.", {"count": count})
    yield "    " + view.paint(view.language.say(message), Style.FAINT)


def _shut(verdict: Verdict, view: View) -> Iterator[str]:
    shut = [one for one in verdict.grave if one.door is None and one.intent is not None]
    if shut:
        yield ""
        yield view.paint(view.language.text(mark("Meant to be open, but shut")), Style.STRONG)
    for finding in shut:
        lines = columns.wrapped(view.language.say(finding.message), view.columns, 4)
        yield "!" + lines[0][1:]
        yield from lines[1:]
        if finding.next:
            yield "    " + view.paint(f"> {printable(finding.next)}", Style.CALM)


def _unseen(verdict: Verdict, view: View) -> Iterator[str]:
    if verdict.unseen or verdict.unsure:
        yield ""
        yield view.paint(view.language.text(mark("What could not be seen")), Style.STRONG)
    for finding in verdict.unsure:
        yield from _explained(finding, view)
    for one in verdict.unseen:
        yield from columns.wrapped(view.language.say(one.message), view.columns, 4)
        if one.next:
            yield "    " + view.paint(f"> {printable(one.next)}", Style.CALM)


def _advice(verdict: Verdict, view: View) -> Iterator[str]:
    if not any(door.conversation is not None for door in verdict.doors):
        said = mark("What really speaks behind them was not asked: tojimari check --identify does.")
        yield ""
        for line in columns.wrapped(view.language.text(said), view.columns):
            yield view.paint(line, Style.FAINT)
    if verdict.policy is None:
        message = mark("Write down which doors are meant to be open, and the next round can tell:")
        lines = columns.wrapped(view.language.text(message), view.columns)
        yield from ["", *lines, "    " + view.paint("> tojimari policy init", Style.CALM)]
