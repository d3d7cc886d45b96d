"""``tojimari connections``: which program talks with which."""

import gc
from typing import TYPE_CHECKING

import click

from tojimari.cli import output, settings
from tojimari.cli.command import Command, Example
from tojimari.core.message import mark

if TYPE_CHECKING:
    from tojimari.core.intent import PortRange


def _run(
    ports: tuple[str, ...],
    pids: tuple[int, ...],
    peers: tuple[str, ...],
    each: bool,  # noqa: FBT001 - click's flag
) -> None:
    from tojimari.app.connections import connections  # noqa: PLC0415 - so that the help starts at once
    from tojimari.core.conversations import Filter, network  # noqa: PLC0415 - the same

    wanted = Filter(
        ports=tuple(_numbers(port) for port in ports),
        pids=frozenset(pids),
        networks=tuple(network(peer) for peer in peers),
    )
    # A hundred thousand conversations are half a million objects, none of which refers back: the
    # search for circles would take a third of the time.
    gc.disable()
    found = connections(wanted)
    chosen = settings.current()
    if chosen.json:
        from tojimari.report import connections_document  # noqa: PLC0415 - the same

        output.json(connections_document.document(found))
        return
    from tojimari.report import conversations  # noqa: PLC0415 - the same

    if chosen.plain:
        output.lines(conversations.plain(found, each=each))
    else:
        output.lines(conversations.text(found, output.view(), each=each))


def _numbers(text: str) -> "PortRange":
    """``443`` or ``8000-8100``.

    Raises:
        UsageError: It is neither.
    """
    from tojimari.core.errors import UsageError  # noqa: PLC0415 - the same
    from tojimari.registry.query import parse  # noqa: PLC0415 - the same

    asked = parse(text)
    if asked.ports is None or asked.transport is not None:
        raise UsageError(
            "--port takes a number or a range: {text}",
            hint="tojimari connections --port 443, --port 8000-8100",
            text=text,
        )
    return asked.ports


COMMAND = Command(
    name="connections",
    callback=_run,
    help=mark(
        "Say which program talks with which. Both are named where both are on this machine."
        " Conversations between the same two at the same door are one row with their number; an"
        " arrow points from the one who knocked."
    ),
    examples=(
        Example("tojimari connections", mark("who talks with whom")),
        Example("tojimari connections --port 443", mark("only at this number, on either side")),
        Example("tojimari connections --pid 812", mark("only this process")),
        Example("tojimari connections --peer 192.0.2.0/24", mark("only with these addresses")),
        Example("tojimari connections --each", mark("a row a conversation")),
    ),
    params=[
        click.Option(
            ["--port", "ports"],
            multiple=True,
            metavar="N",
            help=mark("Only with this number, or range of numbers, at either end."),
        ),
        click.Option(
            ["--pid", "pids"],
            multiple=True,
            type=click.IntRange(min=1),
            metavar="PID",
            help=mark("Only of this process, at either end."),
        ),
        click.Option(
            ["--peer", "peers"],
            multiple=True,
            metavar="ADDRESS",
            help=mark("Only with this address or network at the other end."),
        ),
        click.Option(
            ["--each"], is_flag=True, help=mark("A row a conversation, not grouped and counted.")
        ),
    ],
)
