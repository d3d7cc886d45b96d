"""``tojimari move``: a door at another number."""

import click

from tojimari.cli import changing
from tojimari.cli.command import Command, Example
from tojimari.core.endpoint import MAX_PORT
from tojimari.core.message import mark


def _run(
    word: str,
    port: int,
    dry_run: bool,  # noqa: FBT001 - click's flag
    length: str,
    yes: bool,  # noqa: FBT001 - the same
    even_if_locked_out: bool,  # noqa: FBT001 - the same
) -> int:
    from tojimari.app.request import Request  # noqa: PLC0415 - so that the help starts at once

    request = Request(
        words=(word,),
        by="config",
        port=port,
        seconds=changing.seconds(length),
        command=changing.typed(),
    )
    return changing.changed(
        request, dry_run=dry_run, yes=yes, even_if_locked_out=even_if_locked_out
    )


COMMAND = Command(
    name="move",
    callback=_run,
    params=[
        click.Argument(["word"], metavar="PORT"),
        click.Argument(["port"], metavar="NEW", type=click.IntRange(1, MAX_PORT)),
        *changing.options(),
    ],
    help=mark(
        "Move a door to another number: in the service's own configuration, tested by the service"
        " itself, and looked at again: the new door must be open, the old one not, and the same"
        " speak there. Otherwise everything is undone."
    ),
    examples=(
        Example(
            "sudo tojimari move 22 2222 --dry-run", mark("which line would be changed, and how")
        ),
        Example("sudo tojimari move 22 2222", mark("have sshd wait at 2222")),
    ),
)
