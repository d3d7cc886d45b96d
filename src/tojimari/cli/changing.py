"""How a change is planned, asked for, made and told, by whatever command it is asked."""

import re
import shlex
import sys
from typing import TYPE_CHECKING

import click

from tojimari.cli import output, settings
from tojimari.core.errors import UsageError
from tojimari.core.message import Message, mark
from tojimari.core.record import State

if TYPE_CHECKING:
    from tojimari.app.request import Request
    from tojimari.core.plan import Plan
    from tojimari.core.record import Record

STUCK = 2  # something could not be undone, or there is no way to do it
_LENGTH = re.compile(r"(?P<count>\d+)(?P<unit>[smh]?)")
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}
MOST = 24 * 3600  # seconds; what waits longer for a confirmation is forgotten


def told(record: "Record") -> int:
    """Say how a change is now; the exit code."""
    from tojimari.report import journal  # noqa: PLC0415 - so that the help starts at once

    chosen = settings.current()
    if chosen.json:
        from tojimari.report import journal_document  # noqa: PLC0415 - the same

        output.json(journal_document.document([record]))
    elif chosen.plain:
        output.lines(journal.plain([record]))
    else:
        output.lines(journal.whole(record, output.view()))
    return STUCK if record.state is State.STUCK else 0


def options() -> list[click.Parameter]:
    """The options that every command that changes doors takes."""
    return [
        click.Option(["--dry-run"], is_flag=True, help=mark("Show the plan and change nothing.")),
        click.Option(
            ["--for", "length"],
            default="60s",
            metavar="TIME",
            help=mark(
                "Undo it after this time unless it is confirmed: 30s, 5m, 1h; 0 for never."
                " Without it: 60s."
            ),
        ),
        click.Option(["--yes"], is_flag=True, help=mark("Do it without asking.")),
        click.Option(
            ["--even-if-locked-out"],
            is_flag=True,
            help=mark("Do it although you yourself would be locked out."),
        ),
    ]


def seconds(text: str) -> int:
    """``30s``, ``5m``, ``1h`` or ``0``.

    Raises:
        UsageError: It is none of these, or more than a day.
    """
    match = _LENGTH.fullmatch(text.strip())
    length = int(match["count"]) * _UNITS[match["unit"]] if match else -1
    if not 0 <= length <= MOST:
        raise UsageError(
            "--for takes a time of at most a day: {text}",
            hint=mark("--for 30s, --for 5m, --for 0"),
            text=text,
        )
    return length


def typed() -> str:
    """The command line, as the journal keeps it."""
    return shlex.join(["tojimari", *sys.argv[1:]])


def changed(request: "Request", *, dry_run: bool, yes: bool, even_if_locked_out: bool) -> int:
    """Plan, show, ask, do, and tell.

    Returns:
        The exit code.

    Raises:
        click.Abort: The person left.
        TojimariError: It cannot be done, or was undone.
    """
    from tojimari.app import close  # noqa: PLC0415 - so that the help starts at once

    plan, seen = close.plan(request)
    chosen = settings.current()
    if dry_run:
        show(plan, every_way=True)
        return 0 if plan.step is not None and not plan.danger else STUCK
    if not chosen.json and not yes:
        show(plan, every_way=False)
    if plan.step is not None and not yes and (not plan.danger or even_if_locked_out):
        _ask()
    done = close.carry_out(request, plan, seen, even_if_locked_out=even_if_locked_out)
    for one in done.recovered:
        output.note(f"{one.id}: {chosen.language.say(one.notes[-1])}")
    if chosen.json:
        from tojimari.report import plan_document  # noqa: PLC0415 - the same

        output.json(plan_document.document(plan, done.record))
        return 0
    tell(done.record)
    return 0


def show(plan: "Plan", *, every_way: bool) -> None:
    """Show a plan.

    Args:
        plan: What was thought over.
        every_way: Whether the ways that are not taken are shown too.
    """
    from tojimari.report import plan as report  # noqa: PLC0415 - so that the help starts at once

    chosen = settings.current()
    if chosen.json:
        from tojimari.report import plan_document  # noqa: PLC0415 - the same

        output.json(plan_document.document(plan))
    elif chosen.plain:
        output.lines(report.plain(plan))
    else:
        output.lines(report.text(plan, output.view(), every_way=every_way))


def _ask() -> None:
    """Ask whether to go on.

    Raises:
        click.Abort: The answer is no, or the input ended.
    """
    language = settings.current().language
    click.confirm(language.text(mark("Do it?")), default=False, abort=True, err=True)


def tell(record: "Record") -> None:
    """Say what was seen afterwards, and how the change is kept."""
    language = settings.current().language
    output.lines(f"{record.id}  {language.say(one)}" for one in record.proof)
    if record.state is not State.PENDING or record.deadline is None:
        return
    left = {"seconds": round(record.deadline - record.at)}
    output.note(
        language.say(
            Message(
                "to-confirm",
                "This undoes itself after {seconds} seconds. To keep it, type in a new session:",
                dict(left),
            )
        )
    )
    output.note(f"> sudo tojimari confirm {record.id}")
