"""``tojimari latch``: what was closed for good falls shut again."""

import click

from tojimari.cli import output, settings
from tojimari.cli.command import Command, Example
from tojimari.core.message import Message, mark


def _run(once: bool) -> int:  # noqa: FBT001 - click's flag
    from tojimari.app import latch  # noqa: PLC0415 - so that the help starts at once

    if not once:
        latch.watch(_tell)
        return 0
    held = latch.once()
    if settings.current().json:
        from tojimari.report import latch_document  # noqa: PLC0415 - the same

        output.json(latch_document.document(held.missing))
    else:
        output.lines(f"{one.set} {one.text}" for one in held.missing)
    return 0


def _tell(message: Message) -> None:
    output.note(settings.current().language.say(message))


COMMAND = Command(
    name="latch",
    callback=_run,
    params=[
        click.Option(
            ["--once"], is_flag=True, help=mark("Close what is open that should not be, and end.")
        ),
    ],
    help=mark(
        "Hold closed what the firewall closes for good: after a boot, and whenever somebody flushes"
        " the rules. Where systemd runs, a unit of tojimari's own does this for as long as it is"
        " needed; elsewhere have this command started at boot. It ends when nothing is left to"
        " hold."
    ),
    examples=(
        Example("sudo tojimari latch --once", mark("put back what is missing, and end")),
        Example("sudo tojimari latch", mark("hold it from now on")),
    ),
)
