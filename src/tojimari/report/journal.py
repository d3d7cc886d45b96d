"""The journal, as people read it: a row a change, or one change in full."""

import datetime as dt
import difflib
import shlex
from collections.abc import Iterator, Sequence

from tojimari.core.message import Message, mark
from tojimari.core.plan import Deed, Kind
from tojimari.core.record import Record, State
from tojimari.core.text import printable
from tojimari.report.columns import Cell, aligned
from tojimari.report.language import Language
from tojimari.report.style import Style
from tojimari.report.view import View

WORDS = {
    State.APPLYING: mark("begun"),
    State.PENDING: mark("not confirmed"),
    State.CONFIRMED: mark("in force"),
    State.UNDOING: mark("being undone"),
    State.UNDONE: mark("undone"),
    State.STUCK: mark("not wholly undone"),
}
_STYLES = {State.PENDING: Style.ALARM, State.STUCK: Style.ALARM, State.UNDONE: Style.FAINT}


def rows(records: Sequence[Record], view: View) -> Iterator[str]:
    """A row a change, the newest last."""
    language = view.language
    if not records:
        yield language.text(mark("No door was ever changed with tojimari on this machine."))
        return
    yield from aligned(
        [
            [
                Cell(one.id, Style.STRONG),
                _when(one.at),
                Cell(language.text(WORDS[one.state]), _STYLES.get(one.state, Style.PLAIN)),
                ", ".join(map(str, one.targets)),
                one.move,
                printable(one.command),
            ]
            for one in records
        ],
        paint=view.paint,
    )


def plain(records: Sequence[Record]) -> Iterator[str]:
    """One row a line, cells separated by tabs: id, time, state, targets, move, who, command."""
    for one in records:
        cells = (
            *(one.id, _when(one.at), str(one.state), ",".join(map(str, one.targets)), one.move),
            *(one.operator, one.command),
        )
        yield "\t".join(printable(cell) for cell in cells)


def whole(record: Record, view: View) -> Iterator[str]:
    """One change in full: what was done, how it is undone, and what was seen afterwards."""
    language = view.language
    state = language.text(WORDS[record.state])
    yield f"{view.paint(record.id, Style.STRONG)}  {state}  {', '.join(map(str, record.targets))}"
    yield f"  {_when(record.at)}  {printable(record.operator)}  {printable(record.command)}"
    for deed in record.deeds:
        yield from deed_lines(deed, language)
    for message in (*record.proof, *record.notes):
        yield f"  {language.say(message)}"


def deed_lines(deed: Deed, language: Language) -> Iterator[str]:
    """What one deed does and how it is undone, as a person would type it."""
    if deed.kind is Kind.RUN:
        if deed.command:
            yield f"  $ {printable(deed.typed)}"
        if deed.reverse:
            undoing = printable(shlex.join(deed.reverse))
            yield "      " + language.say(
                Message("undone-by", mark("undone by: {command}"), {"command": undoing})
            )
    elif deed.kind is Kind.WRITE:
        yield from (f"  {printable(line)}" for line in difference(deed))
    elif deed.kind is Kind.SHUT:
        limit = f" timeout {deed.seconds}s" if deed.seconds else ""
        for one in deed.elements:
            yield f"  $ nft add element inet tojimari {one.set} '{{ {one.text}{limit} }}'"
    else:
        yield f"  $ kill -{deed.signal} {deed.pid}"


def difference(deed: Deed) -> list[str]:
    """What a deed changes in its file, as ``diff -u`` shows it."""
    old, new = (
        (content or b"").decode("utf-8", "surrogateescape").splitlines()
        for content in (deed.before, deed.after)
    )
    return list(difflib.unified_diff(old, new, deed.path, deed.path, n=1, lineterm=""))


def _when(at: float) -> str:
    return dt.datetime.fromtimestamp(at).astimezone().strftime("%Y-%m-%d %H:%M:%S")
