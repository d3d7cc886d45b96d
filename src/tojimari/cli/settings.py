"""The options that every command takes, before its name and after it."""

from dataclasses import dataclass

import click

from tojimari.core.message import mark
from tojimari.report.language import Language


@dataclass(slots=True)
class Settings:
    """What the person asked of every command.

    Attributes:
        json: One JSON document on standard output instead of text.
        plain: ASCII only, no colour, one row a line: for ``grep`` and old terminals.
        language: What people read; JSON stays English.
        color: Whether colour may be used; None lets the terminal and ``NO_COLOR`` decide.
        verbosity: How often ``-v`` was given.
    """

    json: bool = False
    plain: bool = False
    language: Language = Language.ENGLISH
    color: bool | None = None
    verbosity: int = 0


def current() -> Settings:
    """The settings of the command that is running."""
    settings = click.get_current_context().find_root().ensure_object(Settings)
    assert isinstance(settings, Settings)  # noqa: S101 - ensure_object made it
    return settings


def options() -> list[click.Option]:
    """The options anew, since a click parameter belongs to one command."""
    return [
        click.Option(
            ["--json"],
            is_flag=True,
            default=None,
            expose_value=False,
            callback=_keep,
            help=mark("Print one JSON document; its schema is in docs/reference."),
        ),
        click.Option(
            ["--plain"],
            is_flag=True,
            default=None,
            expose_value=False,
            callback=_keep,
            help=mark("ASCII only, no colour, one row a line."),
        ),
        click.Option(
            ["--lang", "language"],
            type=click.Choice([str(language) for language in Language]),
            default=None,
            expose_value=False,
            callback=_keep,
            help=mark("Language of the text; otherwise LC_ALL, LC_MESSAGES or LANG decides."),
        ),
        click.Option(
            ["--no-color", "color"],
            is_flag=True,
            flag_value=False,
            default=None,
            expose_value=False,
            callback=_keep,
            help=mark("No colour; NO_COLOR in the environment does the same."),
        ),
        click.Option(
            ["-v", "--verbose", "verbosity"],
            count=True,
            default=None,
            expose_value=False,
            callback=_keep,
            help=mark("Say more; twice for how it was found."),
        ),
    ]


def _keep(context: click.Context, parameter: click.Parameter, value: object) -> None:
    if value is None:
        return
    settings = context.find_root().ensure_object(Settings)
    kept = Language(str(value)) if parameter.name == "language" else value
    setattr(settings, str(parameter.name), kept)
