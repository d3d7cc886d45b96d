"""``tojimari close``: a door shut, and proved to be."""

import click

from tojimari.cli import changing
from tojimari.cli.command import Command, Example
from tojimari.core.message import mark


def _run(  # noqa: PLR0917 - click hands each option on by name
    words: tuple[str, ...],
    sources: tuple[str, ...],
    by: str | None,
    addresses: tuple[str, ...],
    mask: bool,  # noqa: FBT001 - click's flag
    kill: bool,  # noqa: FBT001 - the same
    end_sessions: bool,  # noqa: FBT001 - the same
    dry_run: bool,  # noqa: FBT001 - the same
    length: str,
    yes: bool,  # noqa: FBT001 - the same
    even_if_locked_out: bool,  # noqa: FBT001 - the same
) -> int:
    from tojimari.app.request import Request  # noqa: PLC0415 - so that the help starts at once

    request = Request(
        words=words,
        sources=sources,
        by=by,
        addresses=addresses,
        seconds=changing.seconds(length),
        mask=mask,
        kill=kill,
        end_sessions=end_sessions,
        command=changing.typed(),
    )
    return changing.changed(
        request, dry_run=dry_run, yes=yes, even_if_locked_out=even_if_locked_out
    )


COMMAND = Command(
    name="close",
    callback=_run,
    params=[
        click.Argument(["words"], nargs=-1, required=True, metavar="PORT..."),
        click.Option(
            ["--from", "sources"],
            multiple=True,
            metavar="SOURCE",
            help=mark("Only to these: a zone (internet, lan, containers), an address, a network."),
        ),
        click.Option(
            ["--by"],
            metavar="WAY",
            help=mark(
                "In this way: unit, config, firewall or process, otherwise the smallest; or by a"
                " rule of ufw or firewalld, where that owns the firewall."
            ),
        ),
        click.Option(
            ["--listen", "addresses"],
            multiple=True,
            metavar="ADDRESS",
            help=mark("With --by config: where it may go on listening; otherwise this machine."),
        ),
        click.Option(
            ["--mask"], is_flag=True, help=mark("Keep the unit from being started in any way.")
        ),
        click.Option(
            ["--kill"],
            is_flag=True,
            help=mark("With --by process: end it at once, without asking it first."),
        ),
        click.Option(
            ["--end-sessions"],
            is_flag=True,
            help=mark("End the sessions that exist at these doors, too."),
        ),
        *changing.options(),
    ],
    help=mark(
        "Close a door: stop its unit, have it listen to this machine alone, drop what comes to it,"
        " or end its process; the smallest way first. Before anything is changed the plan is shown,"
        " afterwards sockets and rules are looked at again. It undoes itself unless confirmed."
    ),
    examples=(
        Example("sudo tojimari close 6379 --dry-run", mark("the plan with its exact commands")),
        Example("sudo tojimari close 6379", mark("close it in the smallest way")),
        Example("sudo tojimari close 6379 --by config", mark("let this machine alone come")),
        Example("sudo tojimari close 8080 --from internet", mark("close it to the internet alone")),
        Example("sudo tojimari confirm", mark("keep it, from a new session")),
    ),
)
