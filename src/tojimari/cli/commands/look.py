"""``tojimari look``: the open doors of this machine, and who holds them."""

from typing import TYPE_CHECKING

import click

from tojimari.cli import output, settings
from tojimari.cli.command import Command, Example
from tojimari.core.errors import UsageError
from tojimari.core.message import mark

if TYPE_CHECKING:
    from tojimari.core.look import Look
    from tojimari.registry.query import Query

NOTHING_THERE = 1
NOT_SURE = 2


def _run(
    doors: tuple[str, ...],
    clients: bool,  # noqa: FBT001 - click hands options on by name
    namespace: str | None,
    identify: bool,  # noqa: FBT001 - the same
    scan: bool,  # noqa: FBT001 - the same
    watch: bool,  # noqa: FBT001 - the same
) -> int:
    from tojimari.app import look  # noqa: PLC0415 - so that the help starts at once

    if watch and scan:
        raise UsageError(
            "Whoever watches cannot knock at every door again and again.",
            hint=mark("tojimari look --watch, or tojimari look --scan"),
        )
    if watch and identify:
        raise UsageError(
            "Whoever watches cannot speak with every door again and again.",
            hint=mark("tojimari look --watch, or tojimari look --identify"),
        )
    queries = [look.question(door) for door in doors]
    if watch:
        from tojimari.cli import watching  # noqa: PLC0415 - the same

        return watching.run(queries, clients=clients, namespace=namespace)
    found = (
        _asked(queries, clients, namespace, identify=identify, scan=scan)
        if identify or scan
        else look.look(queries, clients=clients, namespace=namespace)
    )
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


def _asked(
    queries: "list[Query]",
    clients: bool,  # noqa: FBT001 - handed on
    namespace: str | None,
    *,
    identify: bool,
    scan: bool,
) -> "Look":
    """A look, and a conversation with each door of it, or a knock at it from outside."""
    from tojimari.app import look  # noqa: PLC0415 - so that the help starts at once
    from tojimari.cli import hearing  # noqa: PLC0415 - only where somebody asks for it

    try:
        return look.look(
            queries,
            clients=clients,
            namespace=namespace,
            identify=identify,
            scan=scan,
            progress=hearing.progress,
        )
    finally:
        hearing.hide()


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
        Example("tojimari look 80 --identify", mark("one door, and what really speaks there")),
        Example("sudo tojimari look 80 --scan", mark("one door, and how it looks from outside")),
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
            ["--identify"],
            is_flag=True,
            help=mark(
                "Also ask each door what really speaks there. It takes up to some seconds, and"
                " daemons note the conversation in their logs."
            ),
        ),
        click.Option(
            ["--scan"],
            is_flag=True,
            help=mark(
                "Also knock at each door from outside, by the real interfaces. It takes some"
                " seconds and root's rights; nothing is on the wire."
            ),
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
