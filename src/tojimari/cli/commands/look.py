"""``tojimari look``: the open doors of this machine, and who holds them."""

import click

from tojimari.cli import output, settings
from tojimari.cli.command import Command, Example
from tojimari.core.message import mark

NOTHING_THERE = 1
NOT_SURE = 2


def _run(doors: tuple[str, ...], clients: bool, namespace: str | None, watch: bool) -> int:  # noqa: FBT001 - click's flags
    from tojimari.app import look  # noqa: PLC0415 - so that the help starts at once

    queries = [look.question(door) for door in doors]
    if watch:
        from tojimari.cli import watching  # noqa: PLC0415 - the same

        return watching.run(queries, clients=clients, namespace=namespace)
    found = look.look(queries, clients=clients, namespace=namespace)
    chosen = settings.current()
    if chosen.json:
        from tojimari.cli import looking  # noqa: PLC0415 - the same

        output.json(looking.document(found, queries))
    elif chosen.plain:
        from tojimari.report.doors import plain  # noqa: PLC0415 - the same

        output.lines(plain(found))
    else:
        from tojimari.cli import looking  # noqa: PLC0415 - the same

        output.lines(looking.lines(found, queries))
    if queries and not found.doors:
        return NOTHING_THERE if found.is_whole else NOT_SURE
    return 0


COMMAND = Command(
    name="look",
    callback=_run,
    help=mark(
        "List the open doors of this machine and who holds them. With a number it shows that door"
        " in full: the program, its threads, who started it and which package it came with."
        " Exits with 0; with 1 when nobody waits at the doors that were asked for; with 2 when"
        " nobody was seen there, but not everything could be seen."
    ),
    examples=(
        Example("tojimari look", mark("every open door")),
        Example("tojimari look 80", mark("one door in full")),
        Example("tojimari look 53/udp 8000-8100", mark("some doors")),
        Example("tojimari look nginx", mark("the doors of a program, unit, container or user")),
        Example("tojimari look --watch", mark("again whenever a door opens or shuts; Ctrl-C ends")),
        Example("tojimari look --json", mark("for programs")),
    ),
    params=[
        click.Argument(["doors"], nargs=-1, metavar="[DOOR]..."),
        click.Option(
            ["-a", "--all", "clients"],
            is_flag=True,
            help=mark("Also list UDP sockets that only wait for an answer."),
        ),
        click.Option(
            ["--namespace"],
            metavar="NAME",
            help=mark("Only the doors in this network namespace; host is the machine itself."),
        ),
        click.Option(
            ["--watch"],
            is_flag=True,
            help=mark(
                "Show it again on every change. In a file or a pipe: a line a change, with --json"
                " a document a line."
            ),
        ),
    ],
)
