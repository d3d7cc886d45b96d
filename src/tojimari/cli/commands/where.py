"""``tojimari where``: the file and the line in which a door's number is written."""

import click

from tojimari.cli import output, settings
from tojimari.cli.command import Command, Example
from tojimari.core.message import mark

NOTHING = 1  # no file was found


def _run(words: tuple[str, ...]) -> int:
    from tojimari.app.where import where  # noqa: PLC0415 - so that the help starts at once
    from tojimari.report import where as report  # noqa: PLC0415 - the same

    found = where(words)
    chosen = settings.current()
    if chosen.json:
        output.json(report.document(found.lines))
    elif chosen.plain:
        output.lines(report.plain(found.lines))
    elif found.lines:
        output.lines(report.texts(found.lines, output.view()))
    else:
        output.lines([report.nothing(found.targets, output.view())])
    return 0 if found.lines else NOTHING


COMMAND = Command(
    name="where",
    callback=_run,
    params=[click.Argument(["words"], nargs=-1, required=True, metavar="PORT...")],
    help=mark(
        "Show the file and the line in which the number of a door is written. Understood are the"
        " files of some twenty servers, of systemd's sockets and of Docker Compose."
    ),
    examples=(
        Example("sudo tojimari where 22", mark("which line makes sshd listen at 22")),
        Example("sudo tojimari where 53/udp", mark("the same of a door of datagrams")),
    ),
)
