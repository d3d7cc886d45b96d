"""``tojimari check``: the round of the house."""

from typing import TYPE_CHECKING

import click

from tojimari.cli import output, settings
from tojimari.cli.command import Command, Example
from tojimari.core.message import mark

if TYPE_CHECKING:
    from tojimari.core.verdict import Verdict

FINDINGS = 1
INCOMPLETE = 2


def _run(
    policy: str | None,
    identify: bool,  # noqa: FBT001 - click hands options on by name
    scan: bool,  # noqa: FBT001 - the same
    nagios: bool,  # noqa: FBT001 - the same
    accept_partial: bool,  # noqa: FBT001 - the same
    fix: bool,  # noqa: FBT001 - the same
) -> int:
    from tojimari.app.check import check  # noqa: PLC0415 - so that the help starts at once
    from tojimari.core.verdict import Outcome  # noqa: PLC0415 - the same

    if fix:
        from tojimari.cli import fixing  # noqa: PLC0415 - only where somebody asks for it

        fixing.ready()
    if identify or scan:
        from tojimari.cli import hearing  # noqa: PLC0415 - only where somebody asks for it

        try:
            found = check(policy, identify=identify, scan=scan, progress=hearing.progress)
        finally:
            hearing.hide()
    else:
        found = check(policy)
    if nagios:
        from tojimari.report import lines  # noqa: PLC0415 - only what is printed is loaded

        line, code = lines.nagios(found)
        output.lines([line])
        return code
    _print(found)
    if fix and found.grave:
        from tojimari.cli import fixing  # noqa: PLC0415 - the same

        return fixing.walk(found)
    if found.outcome is Outcome.FINDINGS:
        return FINDINGS
    if found.outcome is Outcome.PARTIAL and not accept_partial:
        return INCOMPLETE
    return 0


def _print(found: "Verdict") -> None:
    chosen = settings.current()
    if chosen.json:
        from tojimari.report import check_document  # noqa: PLC0415 - only what is printed is loaded

        output.json(check_document.document(found))
    elif chosen.plain:
        from tojimari.report import lines  # noqa: PLC0415 - the same

        output.lines(lines.plain(found, chosen.language))
    else:
        from tojimari.report import verdict  # noqa: PLC0415 - the same

        output.lines(verdict.text(found, output.view()))


COMMAND = Command(
    name="check",
    callback=_run,
    help=mark(
        "Judge every open door of this machine. Groups them by who can reach them and compares"
        " them with the policy (doors.toml); without a policy it names what is alarming."
        " Exits with 0 when all is as intended, 1 when something was found, 2 when it could not"
        " be checked, or not all of it."
    ),
    examples=(
        Example("tojimari check", mark("the round, by ./doors.toml if there is one")),
        Example("tojimari check --policy web.toml", mark("by another policy")),
        Example("tojimari check --identify", mark("also by what really speaks behind each door")),
        Example("sudo tojimari check --scan", mark("also by what answers from outside")),
        Example("sudo tojimari check --fix", mark("and mend what is found, asked one by one")),
        Example("tojimari check --json", mark("for programs")),
        Example("tojimari check --nagios", mark("one line for monitoring; exits with 0 to 3")),
    ),
    params=[
        click.Option(
            ["--fix"],
            is_flag=True,
            help=mark(
                "Go through what was found, one by one: show the plan that mends it, ask, and do it"
                " as close or allow would. Needs root and a terminal."
            ),
        ),
        click.Option(
            ["--policy"],
            metavar="FILE",
            help=mark("The policy file, instead of the usual places."),
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
            ["--nagios"], is_flag=True, help=mark("One line in the manner of monitoring plug-ins.")
        ),
        click.Option(
            ["--accept-partial"],
            is_flag=True,
            help=mark("Exit with 0 also when something could not be seen, if nothing was found."),
        ),
    ],
)
