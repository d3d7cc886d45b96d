"""Who can reach it?"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tojimari.cli import output, settings
from tojimari.cli.command import Command, Example
from tojimari.core.endpoint import MAX_PORT, Transport
from tojimari.core.errors import UsageError
from tojimari.core.exposure import Zone
from tojimari.core.message import mark

if TYPE_CHECKING:
    from tojimari.app.firewall import Firewall
    from tojimari.app.reach import Asked, Row
    from tojimari.report.reach_document import (
        PortDocument,
        ReachesDocument,
        WayDocument,
    )


def _run(
    ports: tuple[str, ...],
    origin: str | None,
    files: tuple[Path, ...],
    own: tuple[str, ...],
    to: str | None,
    why: bool,  # noqa: FBT001 - click hands options on by name
    elsewhere: bool,  # noqa: FBT001 - click hands options on by name
) -> int:
    from tojimari.app import firewall as walls  # noqa: PLC0415 - so that the help starts at once
    from tojimari.app import reach  # noqa: PLC0415 - the same

    firewall = (
        walls.from_files(map(walls.text_of, files), own, map(str, files)) if files else walls.live()
    )
    wanted = [one for text in ports for one in _ports(text)]
    if origin is not None and origin not in list(Zone):
        found = [reach.asked(firewall, origin, transport, port, to) for port, transport in wanted]
        _print_asked(firewall, found)
    elif why:
        _print_ways(firewall, wanted, origin, to)
    else:
        rows = _rows(firewall, wanted, elsewhere=elsewhere, to=to)
        _print_rows(firewall, rows, None if origin is None else Zone(origin))
    return 2 if firewall.unseen else 0


def _rows(
    firewall: "Firewall",
    wanted: list[tuple[int, Transport]],
    *,
    elsewhere: bool,
    to: str | None,
) -> "list[Row]":
    from tojimari.app import reach  # noqa: PLC0415 - so that the help starts at once

    if elsewhere:
        return list(reach.open_elsewhere(firewall))
    if wanted:
        return [reach.row(firewall, transport, port, to) for port, transport in wanted]
    return list(reach.every_port(firewall))


def _ports(text: str) -> list[tuple[int, Transport]]:
    number, _, name = text.partition("/")
    transports = [Transport.TCP, Transport.UDP] if not name else [_transport(name, text)]
    first, dash, last = number.partition("-")
    if not first.isdecimal() or (dash and not last.isdecimal()):
        raise _no_port(text)
    low, high = int(first), int(last or first)
    if not 0 <= low <= high <= MAX_PORT:
        raise _no_port(text)
    return [(port, transport) for port in range(low, high + 1) for transport in transports]


def _transport(name: str, text: str) -> Transport:
    for transport in (Transport.TCP, Transport.UDP):
        if name == transport:
            return transport
    raise _no_port(text)


def _no_port(text: str) -> UsageError:
    return UsageError(
        "not a port: {text}", hint=mark("tojimari reach 22, or 53/udp, or 8000-8010"), text=text
    )


def _print_rows(firewall: "Firewall", rows: "list[Row]", zone: Zone | None) -> None:
    from tojimari.report import reach as report  # noqa: PLC0415 - the same

    chosen = settings.current()
    if chosen.json:
        output.json(_document(firewall, [_port_document(row) for row in rows]))
        return
    labelled = [(row.label, row.exposure) for row in rows]
    if chosen.plain:
        output.lines(report.plain(labelled))
        return
    language = chosen.language
    output.lines([report.owners(firewall.owners, language), ""])
    output.lines(report.matrix(labelled, language, output.paint))
    if zone is not None or len(rows) <= _EXPLAINED:
        output.lines([""])
        for row in rows:
            output.lines(report.reasons(row.label, row.exposure, language))
    _print_unseen(firewall)


_EXPLAINED = 12  # rows up to which each is explained unasked; beyond, --why does


def _print_asked(firewall: "Firewall", found: "list[Asked]") -> None:
    from tojimari.report import reach as report  # noqa: PLC0415 - the same

    chosen = settings.current()
    if chosen.json:
        output.json(_document(firewall, [_asked_document(one) for one in found]))
        return
    for one in found:
        output.lines([f"{one.port}/{one.transport}  {one.text}"])
        output.lines(report.passages(one.passages, chosen.language))
    _print_unseen(firewall)


def _print_ways(
    firewall: "Firewall",
    wanted: list[tuple[int, Transport]],
    origin: str | None,
    to: str | None,
) -> None:
    from tojimari.app import reach  # noqa: PLC0415 - so that the help starts at once
    from tojimari.report import way  # noqa: PLC0415 - the same

    chosen = settings.current()
    zone = Zone(origin) if origin is not None else None
    found = [
        (f"{port}/{transport}", one)
        for port, transport in wanted
        for one in reach.ways(firewall, transport, port, zone, to)
    ]
    if chosen.json:
        output.json(_document(firewall, (), [way.document(label, one) for label, one in found]))
        return
    for label, one in found:
        output.lines(way.lines(label, one, chosen.language))
    _print_unseen(firewall)


def _document(
    firewall: "Firewall",
    ports: "Sequence[PortDocument]",
    ways: "Sequence[WayDocument]" = (),
) -> "ReachesDocument":
    from tojimari.report import reach_document  # noqa: PLC0415 - the same

    return reach_document.document(firewall.owners, ports, ways, firewall.unseen)


def _port_document(row: "Row") -> "PortDocument":
    from tojimari.report import reach_document, rule_document  # noqa: PLC0415 - the same

    reaches = [rule_document.reach(one) for one in row.exposure.reaches]
    return reach_document.PortDocument(row.transport, row.port, row.last, reaches)


def _asked_document(asked: "Asked") -> "PortDocument":
    from tojimari.report import reach_document, rule_document  # noqa: PLC0415 - the same

    passages = [rule_document.passage(one) for one in asked.passages]
    found = rule_document.ReachDocument(asked.text, asked.certainty, asked.whole, passages)
    return reach_document.PortDocument(asked.transport, asked.port, asked.port, [found])


def _print_unseen(firewall: "Firewall") -> None:
    language = settings.current().language
    for one in firewall.unseen:
        output.note(language.say(one.message))
        if one.next:
            output.note(f"  {one.next}")


COMMAND = Command(
    name="reach",
    callback=_run,
    params=[
        click.Argument(["ports"], nargs=-1, metavar="[PORT...]"),
        click.Option(
            ["--from", "origin"],
            metavar="SOURCE",
            help=mark("Only from there: a zone (internet, lan), an address or a network."),
        ),
        click.Option(
            ["--ruleset", "files"],
            type=click.Path(path_type=Path),
            multiple=True,
            metavar="FILE",
            help=mark("Ask a dump instead of this machine; may be given several times."),
        ),
        click.Option(
            ["--address", "own"],
            multiple=True,
            metavar="ADDRESS",
            help=mark("With --ruleset: an address of that machine, as 192.0.2.1/24@eth0."),
        ),
        click.Option(
            ["--to"],
            metavar="ADDRESS",
            help=mark("Only packets to this address; otherwise to each of the machine's."),
        ),
        click.Option(["--why"], is_flag=True, help=mark("Show the packet's way, rule by rule.")),
        click.Option(
            ["--ports", "elsewhere"],
            is_flag=True,
            help=mark("List the ports that are open without any program of this machine behind."),
        ),
    ],
    help=mark(
        "Say who can reach a port: this machine, its containers, the local network, the internet."
        " The firewall's rules are read and reasoned over; the rule that decides is named."
    ),
    examples=(
        Example("tojimari reach 22", mark("who can reach port 22, and by which rule")),
        Example("tojimari reach 8080 --why", mark("the way of a packet, chain by chain")),
        Example("tojimari reach --from internet", mark("every port, as the internet sees it")),
        Example("tojimari reach --ports", mark("what is sent on to containers and elsewhere")),
        Example(
            "tojimari reach 22 --ruleset rules.txt",
            mark("ask a dump of another machine (iptables-save, nft -j list ruleset)"),
        ),
    ),
)
