"""``tojimari allow``: a door open to those for whom it is meant, and to nobody else."""

import click

from tojimari.cli import changing
from tojimari.cli.command import Command, Example
from tojimari.core.message import mark


def _run(  # noqa: PLR0917 - click hands each option on by name
    words: tuple[str, ...],
    sources: tuple[str, ...],
    by: str,
    why: str,
    policy: str | None,
    dry_run: bool,  # noqa: FBT001 - click's flag
    length: str,
    yes: bool,  # noqa: FBT001 - the same
    even_if_locked_out: bool,  # noqa: FBT001 - the same
) -> int:
    from tojimari.app.request import Request  # noqa: PLC0415 - so that the help starts at once

    request = Request(
        words=words,
        allowed=sources,
        by=by,
        seconds=changing.seconds(length),
        why=why,
        policy=policy,
        command=changing.typed(),
    )
    return changing.changed(
        request, dry_run=dry_run, yes=yes, even_if_locked_out=even_if_locked_out
    )


COMMAND = Command(
    name="allow",
    callback=_run,
    params=[
        click.Argument(["words"], nargs=-1, required=True, metavar="PORT..."),
        click.Option(
            ["--from", "sources"],
            multiple=True,
            required=True,
            metavar="SOURCE",
            help=mark("Who may come: a zone (lan, containers), an address, a network."),
        ),
        click.Option(
            ["--by"],
            type=click.Choice(["firewall", "ufw", "firewalld"]),
            default="firewall",
            show_default=True,
            help=mark("Whose rules close it to all others: tojimari's own table, or the owner's."),
        ),
        click.Option(
            ["--why"],
            required=True,
            metavar="REASON",
            help=mark("Why it is meant to be open; it is written into the policy."),
        ),
        click.Option(
            ["--policy"],
            metavar="FILE",
            help=mark("The policy that the line is written into; otherwise the one in force."),
        ),
        *changing.options(),
    ],
    help=mark(
        "Leave a door open to those for whom it is meant, close it to all others by tojimari's own"
        " table of the firewall, and write the line into the policy. What other rules close stays"
        " closed."
    ),
    examples=(
        Example(
            'sudo tojimari allow 5432 --from 192.0.2.0/24 --why "the shop"',
            mark("the database for one network"),
        ),
        Example(
            'sudo tojimari allow 22 --from lan --why "care" --dry-run',
            mark("only the plan for it"),
        ),
    ),
)
