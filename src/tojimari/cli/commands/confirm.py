"""``tojimari confirm``: a change kept for good."""

import click

from tojimari.cli import changing
from tojimari.cli.command import Command, Example
from tojimari.core.message import mark


def _run(name: str | None, from_here: bool) -> int:  # noqa: FBT001 - click's flag
    from tojimari.app import changes, closing  # noqa: PLC0415 - so that the help starts at once

    session = None if from_here else closing.session()
    return changing.told(changes.confirm(name, session=session))


COMMAND = Command(
    name="confirm",
    callback=_run,
    params=[
        click.Argument(["name"], required=False, metavar="[ID]"),
        click.Option(
            ["--from-here"],
            is_flag=True,
            help=mark("Also from a session that is older than the change."),
        ),
    ],
    help=mark(
        "Keep a change that would undo itself. Type it in a new session: that you could log in"
        " shows that you are not locked out. Without ID: the last change that waits."
    ),
    examples=(
        Example("sudo tojimari confirm", mark("keep the last change")),
        Example("sudo tojimari confirm 3fa2c1", mark("keep this one")),
    ),
)
