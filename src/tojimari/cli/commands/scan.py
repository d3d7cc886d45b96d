"""``tojimari scan``: which doors answer from outside."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from tojimari.cli.command import Command, Example
from tojimari.core.endpoint import Transport
from tojimari.core.errors import UsageError
from tojimari.core.message import mark

if TYPE_CHECKING:
    from tojimari.app.scan_plan import Wish
    from tojimari.scan.task import Limits

STREAM = "-"
HINT = mark("tojimari scan --shard 1/4 192.0.2.0/24")


def _run(**given: object) -> int:
    from tojimari.app import scan_plan  # noqa: PLC0415 - so that the help starts at once
    from tojimari.cli import scanning  # noqa: PLC0415 - the same

    lines, only_open = bool(given["lines"]), bool(given["only_open"])
    if given["resume"]:
        return _go_on(given)
    if given["outside"] or given["interface"]:
        return _from_outside(given)
    plan = scan_plan.plan(_wish(given))
    saved = None
    if given["save"]:
        from tojimari.app import scan_file  # noqa: PLC0415 - for those who keep a scan

        saved = scan_file.begin(Path(str(given["save"])), plan, scanning.service)
    return scanning.run(plan, saved=saved, lines=lines, only_open=only_open)


def _from_outside(given: "dict[str, object]") -> int:
    """Scan this machine as somebody outside would.

    Raises:
        UsageError: The options do not go together.
    """
    from tojimari.app import outside  # noqa: PLC0415 - for those who want to be seen from outside
    from tojimari.cli import scanning  # noqa: PLC0415 - so that the help starts at once

    if not given["outside"]:
        raise UsageError(
            "--interface says by which interface to come from outside.",
            hint="tojimari scan --from-outside --interface {name}",
            name=str(given["interface"]),
        )
    if given["save"] or given["shard"] or _strings(given["lists"]):
        raise UsageError(
            "A scan from outside cannot be kept or shared: it is over in seconds.",
            hint="tojimari scan --from-outside",
        )
    with outside.opened(_wish(given), str(given["interface"] or "")) as (plan, places):
        return scanning.run(
            plan, places=places, lines=bool(given["lines"]), only_open=bool(given["only_open"])
        )


def _go_on(given: "dict[str, object]") -> int:
    """Go on with a scan that a file keeps.

    Raises:
        UsageError: There are targets, too; or it is no such file.
    """
    from tojimari.app import scan_file  # noqa: PLC0415 - for those who keep a scan
    from tojimari.cli import scanning  # noqa: PLC0415 - so that the help starts at once

    if _strings(given["targets"]) or _strings(given["lists"]) or given["save"] or given["outside"]:
        raise UsageError(
            "The file says what is scanned; give no targets with --resume.",
            hint="tojimari scan --resume FILE",
        )
    seconds = given["seconds"]
    saved = scan_file.resume(
        Path(str(given["resume"])),
        scanning.service,
        seconds=None if seconds is None else float(str(seconds)),
    )
    lines, only_open = bool(given["lines"]), bool(given["only_open"])
    return scanning.run(saved.tally.plan, saved=saved, lines=lines, only_open=only_open)


def _wish(given: "dict[str, object]") -> "Wish":
    from tojimari.app.scan_plan import Wish  # noqa: PLC0415 - so that the help starts at once

    words = _strings(given["targets"])
    files = [*_strings(given["lists"]), *(one for one in words if one == STREAM)]
    versions = tuple(version for version, name in ((4, "ipv4"), (6, "ipv6")) if given[name])
    transports = tuple(
        one for one, name in ((Transport.TCP, "tcp"), (Transport.UDP, "udp")) if given[name]
    )
    return Wish(
        targets=tuple(one for one in words if one != STREAM),
        lists=tuple((one, _content(one)) for one in files),
        excluded=_strings(given["excluded"]),
        ports=str(given["ports"] or ""),
        top=int(str(given["top"] or 0)),
        transports=transports,
        versions=versions or (4, 6),
        method=str(given["method"] or ""),
        limits=_limits(given),
        may_scan=bool(given["may_scan"]),
        everything=bool(given["everything"]),
        only_open=bool(given["only_open"]),
        seed=None if given["seed"] is None else int(str(given["seed"])),
        share=_share(str(given["shard"] or "1/1")),
        discover=not given["everywhere"],
    )


def _limits(given: "dict[str, object]") -> "Limits":
    from tojimari.scan import pace  # noqa: PLC0415 - so that the help starts at once
    from tojimari.scan.task import Limits  # noqa: PLC0415 - the same

    rate, retries, seconds = given["rate"], given["retries"], given["seconds"]
    if given["polite"] and rate is None:
        rate = pace.POLITE
    return Limits(
        rate=None if rate is None else float(str(rate)),
        retries=None if retries is None else int(str(retries)),
        seconds=None if seconds is None else float(str(seconds)),
    )


def _strings(value: object) -> tuple[str, ...]:
    return tuple(map(str, cast("tuple[object, ...]", value)))


def _content(name: str) -> str:
    """What a list holds.

    Raises:
        UsageError: It cannot be read.
    """
    try:
        if name == STREAM:
            return sys.stdin.read()
        return Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError("{file} cannot be read: {why}", file=name, why=str(error)) from error


def _share(text: str) -> tuple[int, int]:
    """Which share of how many: ``2/5``.

    Raises:
        UsageError: There is no such share.
    """
    number, _, count = text.partition("/")
    if not (number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count)):
        raise UsageError("A share is written NUMBER/COUNT, from 1: {text}", text=text, hint=HINT)
    return int(number), int(count)


COMMAND = Command(
    name="scan",
    callback=_run,
    help=mark(
        "Knock at doors and say which answer: open, closed or filtered, and why. Without a target:"
        " this machine, at each of its addresses and every number. Public networks are left alone"
        " unless you say that you may. Exits with 0; with 1 when no door was open; with 2 when not"
        " every door became known."
    ),
    examples=(
        Example("tojimari scan", mark("every door of this machine")),
        Example("tojimari scan --from-outside", mark("the same, as a neighbour would see it")),
        Example("tojimari scan 192.0.2.7", mark("the usual numbers of another machine")),
        Example("tojimari scan 192.0.2.7 -p -", mark("every number")),
        Example("tojimari scan 192.0.2.0/24 -p http,https,8000-8100", mark("a whole network")),
        Example("tojimari scan 192.0.2.7 --udp --top 50", mark("by UDP")),
        Example("tojimari scan 192.0.2.0/24 --save scan.jsonl", mark("kept, to be gone on with")),
        Example("tojimari scan - --lines < hosts.txt", mark("from a list, one JSON line a door")),
    ),
    params=[
        click.Argument(["targets"], nargs=-1, metavar="[TARGET]..."),
        click.Option(
            ["-p", "--ports"],
            metavar="PORTS",
            help=mark("Numbers, ranges and names: 22,8000-8100,https,53/udp; - for every number."),
        ),
        click.Option(
            ["--top"],
            type=click.IntRange(1),
            metavar="N",
            help=mark("The N numbers at which something is met most often, by our own ranking."),
        ),
        click.Option(["--tcp"], is_flag=True, help=mark("Knock by TCP; so it is anyway.")),
        click.Option(["-u", "--udp"], is_flag=True, help=mark("Knock by UDP; with --tcp by both.")),
        click.Option(
            ["--from-outside", "outside"],
            is_flag=True,
            help=mark(
                "This machine as somebody outside sees it: the knocks come in by its real"
                " interfaces, and meet every rule for them; nothing of it is on the wire."
            ),
        ),
        click.Option(
            ["--interface"],
            metavar="NAME",
            help=mark("With --from-outside: come only by this network interface."),
        ),
        click.Option(
            ["--targets-from", "lists"],
            multiple=True,
            metavar="FILE",
            help=mark("Targets from a list, or from a report of nmap (-oX); - for standard input."),
        ),
        click.Option(
            ["--exclude", "excluded"],
            multiple=True,
            metavar="TARGET",
            help=mark("Never these; may be given again, or with commas between."),
        ),
        click.Option(["-4", "ipv4"], is_flag=True, help=mark("Only IPv4.")),
        click.Option(["-6", "ipv6"], is_flag=True, help=mark("Only IPv6.")),
        click.Option(
            ["--method"],
            metavar="NAME",
            help=mark("The way of knocking; otherwise the best that can be used here."),
        ),
        click.Option(
            ["--rate"],
            type=click.FloatRange(0.1),
            metavar="N",
            help=mark("At most so many probes a second."),
        ),
        click.Option(
            ["--max-retries", "retries"],
            type=click.IntRange(0, 20),
            metavar="N",
            help=mark("Ask the silent at most so many times more, sure or not."),
        ),
        click.Option(
            ["--time-limit", "seconds"],
            type=click.FloatRange(0.1),
            metavar="SECONDS",
            help=mark("End after so long, with what is known."),
        ),
        click.Option(["--polite"], is_flag=True, help=mark("Slowly: 100 probes a second at most.")),
        click.Option(
            ["--i-may-scan", "may_scan"],
            is_flag=True,
            help=mark("You have the leave of those to whom the public addresses belong."),
        ),
        click.Option(
            ["--no-discovery", "everywhere"],
            is_flag=True,
            help=mark("Knock at every address of a network, also where nobody seems to be."),
        ),
        click.Option(["--open", "only_open"], is_flag=True, help=mark("List only open doors.")),
        click.Option(
            ["-a", "--all", "everything"],
            is_flag=True,
            help=mark("List every door, however many there are."),
        ),
        click.Option(
            ["--lines"],
            is_flag=True,
            help=mark("One JSON document a line, each door as soon as it is known."),
        ),
        click.Option(
            ["--save"],
            metavar="FILE",
            help=mark("Keep the scan in a file, so that it can be gone on with."),
        ),
        click.Option(
            ["--resume"],
            metavar="FILE",
            help=mark("Go on with a scan that a file keeps, whatever ended it."),
        ),
        click.Option(
            ["--shard"],
            metavar="I/N",
            help=mark("Only one of N equal shares; give all machines the same --seed."),
        ),
        click.Option(
            ["--seed"],
            type=click.IntRange(0, (1 << 64) - 1),
            metavar="N",
            help=mark("Of the order in which doors are knocked at; the same gives the same."),
        ),
    ],
)
