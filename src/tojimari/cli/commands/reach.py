"""Who can reach it?"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tojimari.cli import hearing, output, settings
from tojimari.cli.command import Command, Example
from tojimari.core.endpoint import MAX_PORT, Transport
from tojimari.core.errors import UsageError
from tojimari.core.exposure import Zone
from tojimari.core.message import mark

if TYPE_CHECKING:
    from tojimari.app.firewall import Firewall
    from tojimari.app.reach import Asked, Row, Run
    from tojimari.report.reach_document import (
        PortDocument,
        ReachesDocument,
        WayDocument,
    )


def _run(
    *,
    ports: tuple[str, ...],
    origin: str | None,
    files: tuple[Path, ...],
    own: tuple[str, ...],
    to: str | None,
    namespace: str | None,
    why: bool,
    elsewhere: bool,
    every: bool,
) -> int:
    from tojimari.app import reach  # noqa: PLC0415 - so that the help starts at once

    asked = [one for text in ports for one in _ports(text)]
    alone = not (asked or elsewhere or every)
    firewall, doors = _standing(files, own, namespace, alone=alone)
    names = _names(origin)
    wanted = doors if alone and doors is not None else asked
    if elsewhere:
        _print_rows(firewall, list(reach.open_elsewhere(firewall)), None)
    elif why:
        _print_ways(firewall, wanted, names, to)
    elif origin is None or origin in list(Zone):
        rows = _rows(firewall, wanted, whole=every or doors is None, to=to)
        _print_rows(firewall, rows, None if origin is None else Zone(origin))
    else:
        found = [reach.asked(firewall, origin, way, port, to, names) for port, way in wanted]
        if not wanted and (every or doors is None):
            found = list(_told(reach.every_port_from(firewall, origin, to, names)))
        _print_asked(firewall, found)
    return 2 if firewall.unseen else 0


def _standing(
    files: tuple[Path, ...], own: tuple[str, ...], namespace: str | None, *, alone: bool
) -> "tuple[Firewall, list[tuple[int, Transport]] | None]":
    """The firewall that is asked, and the doors behind it; None for a dump, or where not needed."""
    from tojimari.app import firewall as walls  # noqa: PLC0415 - so that the help starts at once
    from tojimari.app import standing  # noqa: PLC0415 - the same

    if files and namespace is not None:
        raise UsageError(
            "--ruleset asks a file, and --namespace this machine",
            hint="tojimari reach --namespace {name}",
            name=namespace,
        )
    if files:
        return walls.from_files(map(walls.text_of, files), own, map(str, files)), None
    if namespace is None and not alone:
        return walls.live(), None
    stands = standing.here() if namespace is None else standing.there(namespace)
    return stands.firewall, list(stands.doors)


def _names(origin: str | None) -> tuple[str, ...]:
    """The zones and networks that a source stands for; none where none was given."""
    from tojimari.app import standing  # noqa: PLC0415 - so that the help starts at once

    if origin is None or origin in list(Zone) or any(letter in origin for letter in ".:"):
        return () if origin is None else (origin,)
    from tojimari.app import policy as policies  # noqa: PLC0415 - only for the name of a group

    found = policies.in_force().policy
    return standing.members(origin, {} if found is None else found.groups)


def _rows(
    firewall: "Firewall", wanted: list[tuple[int, Transport]], *, whole: bool, to: str | None
) -> "list[Row]":
    from tojimari.app import reach  # noqa: PLC0415 - so that the help starts at once

    if wanted or not whole:
        return [reach.row(firewall, transport, port, to) for port, transport in wanted]
    return list(_told(reach.every_port(firewall)))


def _told(runs: "Iterator[Run]") -> "Iterator[Run]":
    """The same, and on a terminal how far they are: a large dump takes its time."""
    for run in runs:
        if sys.stderr.isatty():
            click.echo(f"{hearing.HIDE}{run.label} ", nl=False, err=True)
        yield run
    hearing.hide()


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
        output.lines([f"{one.label}  {one.text}"])
        output.lines(report.passages(one.passages, chosen.language))
    _print_unseen(firewall)


def _print_ways(
    firewall: "Firewall",
    wanted: list[tuple[int, Transport]],
    names: tuple[str, ...],
    to: str | None,
) -> None:
    from tojimari.app import reach  # noqa: PLC0415 - so that the help starts at once
    from tojimari.report import way  # noqa: PLC0415 - the same

    chosen = settings.current()
    names = names or (Zone.INTERNET, Zone.LAN)
    found = [
        (f"{port}/{transport}", one)
        for port, transport in wanted
        for one in reach.ways(firewall, transport, port, names, to)
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
    return reach_document.PortDocument(asked.transport, asked.port, asked.last, [found])


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
            help=mark(
                "Only from there: a zone (internet, lan), an address, a network, or a group of"
                " doors.toml."
            ),
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
        click.Option(
            ["--namespace"],
            metavar="NAME",
            help=mark(
                "Another network namespace of this machine: its name, a container's, or the number"
                " of a process in it."
            ),
        ),
        click.Option(["--why"], is_flag=True, help=mark("Show the packet's way, rule by rule.")),
        click.Option(
            ["--ports", "elsewhere"],
            is_flag=True,
            help=mark("List the ports that are open without any program of this machine behind."),
        ),
        click.Option(
            ["--all", "every"],
            is_flag=True,
            help=mark("List every port, not only those where somebody waits."),
        ),
    ],
    help=mark(
        "Say who can reach a port: this machine, its containers, the local network, the internet."
        " The firewall's rules are read and reasoned over; the rule that decides is named."
        " Without a port it lists those where somebody waits, and of a dump every port."
    ),
    examples=(
        Example("tojimari reach 22", mark("who can reach port 22, and by which rule")),
        Example("tojimari reach 8080 --why", mark("the way of a packet, chain by chain")),
        Example("tojimari reach --from internet", mark("every door, as the internet sees it")),
        Example("tojimari reach 22 --from office", mark("from the group office of doors.toml")),
        Example("tojimari reach --namespace shop", mark("the doors of a container")),
        Example("tojimari reach --ports", mark("what is sent on to containers and elsewhere")),
        Example(
            "tojimari reach 22 --ruleset rules.txt",
            mark("ask a dump of another machine (iptables-save, nft -j list ruleset)"),
        ),
    ),
)
