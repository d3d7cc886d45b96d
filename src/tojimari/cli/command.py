"""How a command looks: examples first, the reader's language, the common options everywhere.

Help texts stand in the code in English, marked for translation, and are translated when shown.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import click

from tojimari.cli import settings
from tojimari.core import catalog
from tojimari.core.message import mark
from tojimari.report import columns

COMMANDS = "tojimari.cli.commands"
WIDEST_TERM = 34  # columns of an example or option beside which its meaning still stands


@dataclass(frozen=True, slots=True)
class Example:
    """A line to type, and what it does.

    Attributes:
        line: The whole command line.
        meaning: English template, marked for translation.
    """

    line: str
    meaning: str


class Formatter(click.HelpFormatter):
    """Help within the width of the terminal, also where a character is two columns wide."""

    def write_text(self, text: str) -> None:
        """A paragraph."""
        for line in columns.wrapped(" ".join(text.split()), self.width, self.current_indent):
            self.write(line + "\n")

    def write_dl(
        self, rows: Iterable[tuple[str, str]], col_max: int = WIDEST_TERM, col_spacing: int = 2
    ) -> None:
        """Terms with their meanings beside them; below them where a term is long."""
        rows = list(rows)
        widths = [columns.width(term) for term, _ in rows]
        room = min(max((one for one in widths if one <= col_max), default=0), col_max)
        second = self.current_indent + room + col_spacing
        for (term, meaning), taken in zip(rows, widths, strict=True):
            lines = columns.wrapped(meaning, self.width, second)
            start = " " * self.current_indent + term
            if taken > room:
                self.write(start + "\n")
            elif lines:
                self.write(start + lines.pop(0)[self.current_indent + taken :] + "\n")
            else:
                self.write(start + "\n")
            for line in lines:
                self.write(line + "\n")


class Context(click.Context):
    """As click's, with our way of setting the help."""

    formatter_class = Formatter


class _Translated(click.Command):
    """Help as a person reads it."""

    context_class = Context

    def __init__(
        self,
        *arguments: Any,  # noqa: ANN401 - handed on; the signature is click's own
        examples: Sequence[Example] = (),
        **keywords: Any,  # noqa: ANN401 - the same
    ) -> None:
        super().__init__(*arguments, **keywords)
        self.examples = tuple(examples)
        self.params.extend(settings.options())

    def get_short_help_str(self, limit: int = 45) -> str:
        """The first sentence of the help, whole: a clipped sentence helps nobody."""
        del limit
        return first_sentence(translated(self.help or ""))

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The examples, then the text."""
        del ctx
        text = translated(self.help or "")
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(text)
        if self.examples:
            with formatter.section(translated(mark("Examples"))):
                formatter.write_dl([(one.line, translated(one.meaning)) for one in self.examples])

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The command's own options, then the common ones."""
        common = {str(option.name) for option in settings.options()} | {"help"}
        records: dict[bool, list[tuple[str, str]]] = {False: [], True: []}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None and isinstance(parameter, click.Option):
                names, text = record
                bare = parameter.help or ""
                shown = text.replace(bare, translated(bare)) if bare else text
                records[parameter.name in common].append((names, shown))
        for is_common, title in ((False, mark("Options")), (True, mark("Common options"))):
            if records[is_common]:
                with formatter.section(translated(title)):
                    formatter.write_dl(records[is_common])


class Command(_Translated):
    """One command."""


class Group(_Translated, click.Group):
    """A command with commands of its own."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The options, then the commands."""
        super().format_options(ctx, formatter)
        self.format_commands(ctx, formatter)


class Root(Group):
    """``tojimari`` itself: its commands are the files of ``cli/commands``."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, from the files."""
        del ctx
        return list(catalog.names(COMMANDS))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of one file; only that file is imported."""
        del ctx
        if cmd_name not in catalog.names(COMMANDS):
            return None
        return catalog.entry(COMMANDS, cmd_name, "COMMAND", click.Command)


def translated(text: str) -> str:
    """Text in the language of the running command."""
    return settings.current().language.text(text)


def first_sentence(text: str) -> str:
    """Up to the first full stop, Western or Japanese."""
    flat = " ".join(text.split())
    for stop in (". ", "。"):
        head, found, _ = flat.partition(stop)
        if found:
            return head + stop.strip()
    return flat
