"""How far the conversations are, on a terminal."""

import sys

import click

from tojimari.cli import settings

HIDE = "\r\x1b[K"  # back to the begin of the line, and the rest of it away (ECMA-48, EL)


def progress(done: int, total: int) -> None:
    """Show how many doors were spoken with; takes itself away after the last.

    Args:
        done: How many.
        total: Of how many.
    """
    if not sys.stderr.isatty():
        return
    from tojimari.report import services  # noqa: PLC0415 - only for a terminal

    if done < total:
        text = services.progress(done, total, settings.current().language)
        click.echo(f"{HIDE}{text} ", nl=False, err=True)
    else:
        hide()


def hide() -> None:
    """Take it away."""
    if sys.stderr.isatty():
        click.echo(HIDE, nl=False, err=True)
