"""The end of the round, a line a thing: for ``grep``, ``cut`` and monitoring."""

from collections.abc import Iterable, Iterator

from tojimari.core.door import Door
from tojimari.core.finding import Finding, Severity
from tojimari.core.text import printable
from tojimari.core.verdict import Verdict
from tojimari.report.language import Language
from tojimari.report.naming import service

NAMED = 5  # findings that a monitoring line names; the rest is in the count


def plain(verdict: Verdict, language: Language) -> Iterator[str]:
    """One row a line, cells separated by tabs, for ``grep`` and ``cut``.

    The cells: ``finding`` or ``ok`` or ``open``, severity or ``-``, port/transport, address, the
    widest zone, service, program, unit or container or ``-``, pid or ``-``, what is wrong.
    """
    by_door: dict[int, list[Finding]] = {}
    for finding in verdict.findings:
        by_door.setdefault(id(finding.door), []).append(finding)
    for door in sorted(verdict.doors, key=lambda one: (one.endpoint.port, one.endpoint)):
        grave = [one for one in by_door.get(id(door), ()) if one.is_grave]
        for finding in grave:
            yield _tabbed("finding", finding.severity, door, language.say(finding.message))
        if not grave:
            yield _tabbed("open" if door.intent is None else "ok", "-", door, "")
    for finding in verdict.grave:
        if finding.door is None:
            meant = finding.intent
            where = f"{meant.ports}/{meant.transport}" if meant is not None else "-"
            said = language.say(finding.message)
            yield "\t".join(("finding", finding.severity, where, *["-"] * 6, said))
    for one in verdict.unseen:
        yield "\t".join(("unseen", "-", *["-"] * 7, language.say(one.message)))


def _tabbed(word: str, severity: str, door: Door, said: str) -> str:
    owner = door.owners[0] if door.owners else None
    home = (owner.container.name or owner.container.id) if owner and owner.container else None
    cells: Iterable[str | int | None] = (
        word,
        severity,
        door.number,
        door.endpoint.address,
        door.exposure.widest,
        service(door),
        owner.name if owner else None,
        home or (owner.unit if owner else None),
        owner.pid if owner else None,
        said,
    )
    return "\t".join("-" if cell is None else printable(str(cell)) for cell in cells)


def nagios(verdict: Verdict) -> tuple[str, int]:
    """One line in the manner of monitoring plug-ins, and the exit code that goes with it.

    Source: Monitoring Plugins Development Guidelines: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.
    """
    worst = min((one.severity.rank for one in verdict.grave), default=None)
    if worst is not None:
        word, code = ("CRITICAL", 2) if worst <= Severity.HIGH.rank else ("WARNING", 1)
    else:
        word, code = ("UNKNOWN", 3) if not verdict.is_whole else ("OK", 0)
    names = ", ".join(
        f"{one.door.number} {one.message.code}"
        if one.door is not None
        else f"{one.intent.ports if one.intent else 'firewall'} {one.message.code}"
        for one in verdict.grave[:NAMED]
    )
    said = f"TOJIMARI {word} - {len(verdict.doors)} doors open, {len(verdict.grave)} findings"
    performance = f"doors={len(verdict.doors)} findings={len(verdict.grave)}"
    return f"{said}{': ' + names if names else ''} | {performance}", code
