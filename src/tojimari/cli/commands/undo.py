"""``tojimari undo``: a change taken back."""

import click

from tojimari.cli import changing
from tojimari.cli.command import Command, Example
from tojimari.core.message import mark


def _run(name: str | None, automatic: bool) -> int:  # noqa: FBT001 - click's flag
    from tojimari.app import changes  # noqa: PLC0415 - so that the help starts at once

    record = changes.undo(name, automatic=automatic)
    return 0 if record is None else changing.told(record)


COMMAND = Command(
    name="undo",
    callback=_run,
    params=[
        click.Argument(["name"], required=False, metavar="[ID]"),
        click.Option(
            ["--if-not-confirmed", "automatic"],
            is_flag=True,
            help=mark("Only if nobody has confirmed it: what the timer types."),
        ),
    ],
    help=mark(
        "Take back a change: files byte for byte, units, and tojimari's own rules of the firewall."
        " What others have changed since is left as it is. Without ID: the last change in force."
    ),
    examples=(
        Example("sudo tojimari undo", mark("take back the last change")),
        Example("sudo tojimari undo 3fa2c1", mark("take back this one")),
    ),
)
