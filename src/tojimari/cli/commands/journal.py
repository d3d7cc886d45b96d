"""``tojimari journal``: what was changed on this machine."""

import click

from tojimari.cli import output, settings
from tojimari.cli.command import Command, Example
from tojimari.core.message import mark


def _run(names: tuple[str, ...]) -> None:
    from tojimari.app import changes  # noqa: PLC0415 - so that the help starts at once
    from tojimari.report import journal  # noqa: PLC0415 - the same

    found = changes.records(names)
    chosen = settings.current()
    if chosen.json:
        from tojimari.report import journal_document  # noqa: PLC0415 - the same

        output.json(journal_document.document(found))
    elif chosen.plain:
        output.lines(journal.plain(found))
    elif names:
        for one in found:
            output.lines(journal.whole(one, output.view()))
    else:
        output.lines(journal.rows(found, output.view()))


COMMAND = Command(
    name="journal",
    callback=_run,
    params=[click.Argument(["names"], nargs=-1, metavar="[ID...]")],
    help=mark(
        "Show what tojimari has changed on this machine: when, by whom, what was done, how it is"
        " undone, and what was seen afterwards."
    ),
    examples=(
        Example("sudo tojimari journal", mark("every change, a row each")),
        Example("sudo tojimari journal 3fa2c1", mark("one change in full, with the proof")),
    ),
)
