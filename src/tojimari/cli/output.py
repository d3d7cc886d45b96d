"""Where words go: data to standard output, everything else to standard error."""

import os
import shutil
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from tojimari.cli import settings
from tojimari.core.errors import TojimariError
from tojimari.core.message import mark
from tojimari.report.style import Style

if TYPE_CHECKING:
    from tojimari.report.view import View

INDENT = 2  # spaces a level, on a terminal
UNBOUND = 1000  # columns

# Of the 256-colour palette: 208 is orange, 33 is blue; both read on black and on white.
_LOOKS: dict[Style, dict[str, Any]] = {
    Style.PLAIN: {},
    Style.STRONG: {"bold": True},
    Style.FAINT: {"dim": True},
    Style.ALARM: {"fg": 208, "bold": True},
    Style.CALM: {"fg": 33},
}


def json(document: object) -> None:
    """Write one document and a line feed: indented for a person, compact for a program."""
    import msgspec  # noqa: PLC0415 - 9 ms, for those who ask for JSON

    encoded = msgspec.json.encode(document)
    if sys.stdout.isatty():
        encoded = msgspec.json.format(encoded, indent=INDENT)
    sys.stdout.buffer.write(encoded + b"\n")
    sys.stdout.buffer.flush()


def json_pieces(pieces: Iterable[bytes]) -> None:
    """Write one document that comes encoded, in pieces, as ``json`` would."""
    if sys.stdout.isatty():
        import msgspec  # noqa: PLC0415 - 9 ms, for those who ask for JSON

        pieces = (msgspec.json.format(b"".join(pieces), indent=INDENT),)
    raw(pieces)
    raw((b"\n",))


def raw(pieces: Iterable[bytes]) -> None:
    """Write what is text already, at once."""
    sys.stdout.flush()
    for piece in pieces:
        sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()


def json_line(document: object) -> None:
    """Write one document a line, at once: for whoever reads while it goes on."""
    json_lines((document,))


def json_lines(documents: Iterable[object]) -> None:
    """Write documents, one a line, all at once."""
    import msgspec  # noqa: PLC0415 - 9 ms, for those who ask for JSON

    sys.stdout.buffer.write(msgspec.json.Encoder().encode_lines(documents))
    sys.stdout.buffer.flush()


def styled(row: str) -> str:
    """A line as it goes to the terminal: with its colours, or without where none are wanted."""
    color = _color(settings.current(), os.environ.get("NO_COLOR", ""))
    return click.unstyle(row) if color is False else row


def lines(rows: Iterable[str]) -> None:
    """Write lines of text; colour is taken out where it is not wanted."""
    color = _color(settings.current(), os.environ.get("NO_COLOR", ""))
    for row in rows:
        click.echo(row, color=color)


def block(rows: Iterable[str]) -> None:
    """Write lines of text that are all known, together: a hundred thousand in a second."""
    text = "\n".join(rows)
    if text:
        lines([text])


def _color(chosen: settings.Settings, no_color: str) -> bool | None:
    """False for never, None where the terminal decides (no-color.org: only when non-empty)."""
    if chosen.plain or no_color:
        return False
    return chosen.color


def paint(text: str, style: Style) -> str:
    """Text with its style as terminal colours: orange and blue, which nobody confuses."""
    return click.style(text, **_LOOKS[style])


def columns() -> int:
    """Width of the terminal; of a file or a pipe, so much that nothing is clipped."""
    if not sys.stdout.isatty():
        return UNBOUND
    return shutil.get_terminal_size().columns


def view() -> "View":
    """How reports are shown to the person at this terminal."""
    from tojimari.report.view import View  # noqa: PLC0415 - not needed for help and errors

    chosen = settings.current()
    return View(chosen.language, columns(), paint, whole=chosen.verbosity > 0)


def note(text: str) -> None:
    """Say something beside the data."""
    click.echo(text, err=True)


def failure(error: TojimariError, chosen: settings.Settings) -> None:
    """Say what failed and what to type next."""
    language = chosen.language
    click.echo(f"{language.text(mark('error'))}: {language.say(error.message)}", err=True)
    hint = language.say(error.hint)
    if hint:
        click.echo(f"{language.text(mark('hint'))}: {hint}", err=True)
