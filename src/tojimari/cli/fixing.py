"""What the round found, mended one by one: each is shown, and asked about, before it is done."""

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from tojimari.cli import changing, output, settings
from tojimari.core.errors import TojimariError, UsageError
from tojimari.core.finding import Finding
from tojimari.core.mend import Mend
from tojimari.core.message import Message, mark
from tojimari.core.text import printable

if TYPE_CHECKING:
    from tojimari.app.request import Request
    from tojimari.core.verdict import Verdict

FINDINGS = 1
SECONDS = 600  # until a change undoes itself: there may be others to answer for before it is kept


def ready() -> None:
    """See that somebody is there to be asked, and may change doors, before the round is made.

    Raises:
        UsageError: This is no terminal, or a document was asked for.
        PrivilegeError: This is not root.
    """
    from tojimari.app import changes  # noqa: PLC0415 - so that the help starts at once

    chosen = settings.current()
    if chosen.json or chosen.plain or not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError(
            mark("--fix asks at each door, and needs a terminal and no --json or --plain"),
            hint=mark("tojimari check names with each finding the command that mends it"),
        )
    changes.need_root()


def walk(found: "Verdict") -> int:
    """Ask of each door that can be mended; the exit code.

    Returns:
        0 when everything was mended that was found, 1 when not.

    Raises:
        click.Abort: The person pressed Ctrl-C, or the input ended. What was done before goes on to
            wait for its confirmation.
    """
    language = settings.current().language
    mendable = list(_once(found))
    done = 0
    for position, (finding, mend) in enumerate(mendable, 1):
        output.note("")
        output.note(f"[{position}/{len(mendable)}] {_named(finding)}")
        output.note(f"    > {printable(mend.typed)}")
        try:
            answer = _mended(mend)
        except TojimariError as error:
            output.failure(error, settings.current())
            continue
        if answer == "q":
            break
        done += answer == "d"
    left = len(found.grave) - sum(one.mend in {m for _, m in mendable} for one in found.grave)
    said = Message(
        "fixed",
        "Mended: {done} of {all}. Other findings, which closing no door would mend: {left}.",
        {"done": done, "all": len(mendable), "left": left},
    )
    output.note("")
    output.note(language.say(said))
    return 0 if done == len(mendable) and not left else FINDINGS


def _once(found: "Verdict") -> Iterator[tuple[Finding, Mend]]:
    """What can be mended, the gravest first: a door at IPv4 and at IPv6 is one."""
    seen: set[Mend] = set()
    for finding in found.grave:
        if finding.mend is not None and finding.mend not in seen:
            seen.add(finding.mend)
            yield finding, finding.mend


def _named(finding: Finding) -> str:
    number = finding.door.number if finding.door is not None else ""
    return f"{number}  {settings.current().language.say(finding.message)}"


def _mended(mend: Mend) -> str:
    """Show the plan, ask, and do it; the answer: done, skipped or left.

    Raises:
        TojimariError: It cannot be done, or was undone.
    """
    from tojimari.app import close  # noqa: PLC0415 - so that the help starts at once

    request = requested(mend)
    plan, seen = close.plan(request)
    changing.show(plan, every_way=plan.step is None)
    if plan.step is None or plan.danger:
        output.note(settings.current().language.text(mark("That is not done; the next one.")))
        return "s"
    answer = _asked()
    if answer == "d":
        changing.tell(close.carry_out(request, plan, seen).record)
    return answer


def requested(mend: Mend) -> "Request":
    """What the typed command would ask for."""
    from tojimari.app.request import Request  # noqa: PLC0415 - so that the help starts at once

    return Request(
        words=(mend.port,),
        sources=() if mend.why else mend.sources,
        allowed=mend.sources if mend.why else (),
        by="firewall" if mend.why else mend.by or None,
        seconds=SECONDS,
        command=mend.typed.removeprefix("sudo "),
        why=mend.why,
        policy=mend.policy or None,
    )


def _asked() -> str:
    question = settings.current().language.text(mark("Do it (d), skip it (s), or quit (q)?"))
    return str(click.prompt(question, type=click.Choice(["d", "s", "q"]), default="s", err=True))
