"""``tojimari identify``: what really speaks behind doors."""

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Self

import click

from tojimari.cli import output, settings
from tojimari.cli.command import Command, Example
from tojimari.core.message import mark

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tojimari.core.service import Identification, Outcome
    from tojimari.core.socket import Unseen

NOTHING_THERE = 1


def _run(
    targets: tuple[str, ...],
    connections: int,
    seconds: float,
    fingerprints: Path | None,
    whole: bool,  # noqa: FBT001 - click's flag
) -> int:
    from tojimari.app import identify  # noqa: PLC0415 - so that the help starts at once

    plan = identify.there(targets) if targets else identify.here()
    known = None if fingerprints is None else identify.fingerprints(fingerprints)
    found = identify.identify(plan.targets, budget=connections, seconds=seconds, fingerprints=known)
    with _Progress(len(plan.targets)) as progress:
        told = [progress.tell(one, whole=whole) for one in found]
    unseen = (*plan.unseen, *(identify.left_out(known) if known is not None else ()))
    if settings.current().json:
        from tojimari.report import services_document  # noqa: PLC0415 - the same

        output.json(services_document.document(told, unseen))
    elif not settings.current().plain:
        _end(told, unseen)
    from tojimari.report.services import SHUT  # noqa: PLC0415 - the same

    return NOTHING_THERE if all(one.outcome in SHUT for one in told) else 0


class _Progress:
    """Tells of each door as it becomes known, and of the rest how many they are."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0
        chosen = settings.current()
        self._on_terminal = sys.stderr.isatty() and not chosen.plain

    def __enter__(self) -> Self:
        """Show that it has begun."""
        from tojimari.report import services  # noqa: PLC0415 - so that the help starts at once

        chosen = settings.current()
        if not (chosen.json or chosen.plain) and self._total:
            output.lines([services.heading(output.view())])
        self._show()
        return self

    def __exit__(self, *error: object) -> None:
        """Take the count away."""
        self._hide()

    def tell(self, found: "Identification", *, whole: bool) -> "Identification":
        """One door is known."""
        from tojimari.report import services  # noqa: PLC0415 - so that the help starts at once

        self._done += 1
        self._hide()
        chosen = settings.current()
        shown = whole or found.outcome not in services.SHUT or self._total == 1
        if chosen.plain and not chosen.json:
            output.lines([services.plain(found)])
        elif shown and not chosen.json:
            output.lines(services.line(found, output.view()))
        self._show()
        return found

    def _show(self) -> None:
        if self._on_terminal:
            from tojimari.report import services  # noqa: PLC0415 - so that the help starts at once

            text = services.progress(self._done, self._total, settings.current().language)
            click.echo(f"\r{text} ", nl=False, err=True)

    def _hide(self) -> None:
        if self._on_terminal:
            click.echo("\r\x1b[K", nl=False, err=True)


def _end(told: "list[Identification]", left_out: "Sequence[Unseen]") -> None:
    """How many there were, and what was left out."""
    from tojimari.report import services, unseen  # noqa: PLC0415 - so that the help starts at once

    counts: Counter[Outcome] = Counter(one.outcome for one in told)
    output.lines(["", services.summary(counts, settings.current().language)])
    output.lines(unseen.unseen(left_out, output.view()))


COMMAND = Command(
    name="identify",
    callback=_run,
    help=mark(
        "Find out what really speaks behind doors: a number is only a habit. A short conversation"
        " tells the protocol, the software and its version, and stops before anybody would log in."
        " Without a target: every door of this machine that waits for others. Exits with 1 when"
        " every door was shut."
    ),
    examples=(
        Example("tojimari identify", mark("everything that listens on this machine")),
        Example("tojimari identify 192.0.2.7", mark("the usual numbers of another machine")),
        Example("tojimari identify 192.0.2.7:22,80,53/udp", mark("some doors")),
        Example("tojimari identify '[2001:db8::7]:443' -v", mark("one door, with all it told")),
        Example(
            "tojimari identify 192.0.2.7 --fingerprints recog/xml",
            mark("with fingerprints of your own"),
        ),
        Example("tojimari identify --json", mark("for programs")),
    ),
    params=[
        click.Argument(["targets"], nargs=-1, metavar="[HOST[:PORTS]]..."),
        click.Option(
            ["--connections"],
            type=click.IntRange(1, 16),
            default=4,
            show_default=True,
            metavar="N",
            help=mark("At most so many connections to one door, one after the other."),
        ),
        click.Option(
            ["--seconds"],
            type=click.FloatRange(0.1, 120),
            default=4.6,
            show_default=True,
            metavar="N",
            help=mark("At most so long with one door; all doors are spoken with at once."),
        ),
        click.Option(
            ["--fingerprints"],
            type=click.Path(path_type=Path),
            metavar="DIR",
            help=mark(
                "Also look up what was said in these fingerprints: your own checkout of"
                " rapid7/recog. They fill in what the greeting did not tell by itself."
            ),
        ),
        click.Option(
            ["-a", "--all", "whole"],
            is_flag=True,
            help=mark("Also list the doors that are shut."),
        ),
    ],
)
