"""Where words go: data to standard output, everything else to standard error."""

import sys
from collections.abc import Iterable

import click

from tojimari.cli import settings
from tojimari.core.errors import TojimariError
from tojimari.core.message import mark

INDENT = 2  # spaces a level, on a terminal


def json(document: object) -> None:
    """Write one document and a line feed: indented for a person, compact for a program."""
    import msgspec  # noqa: PLC0415 - 9 ms, for those who ask for JSON

    encoded = msgspec.json.encode(document)
    if sys.stdout.isatty():
        encoded = msgspec.json.format(encoded, indent=INDENT)
    sys.stdout.buffer.write(encoded + b"\n")
    sys.stdout.buffer.flush()


def lines(rows: Iterable[str]) -> None:
    """Write lines of text; colour is taken out where it is not wanted."""
    color = False if settings.current().plain else settings.current().color
    for row in rows:
        click.echo(row, color=color)


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
