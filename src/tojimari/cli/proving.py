"""``tojimari policy prove``: the policy against the firewall."""

from pathlib import Path

import click

from tojimari.cli import output, settings
from tojimari.cli.command import Command, Example
from tojimari.core.errors import UsageError
from tojimari.core.message import mark

_CODES = {"proved": 0, "refuted": 1, "undecided": 2}


def _prove(policy: str | None, files: tuple[Path, ...], own: tuple[str, ...]) -> int:
    from tojimari.app import firewall as walls  # noqa: PLC0415 - so that the help starts at once
    from tojimari.app import policy as policies  # noqa: PLC0415 - the same
    from tojimari.app import prove  # noqa: PLC0415 - the same
    from tojimari.report import proof  # noqa: PLC0415 - the same

    found = policies.in_force(policy)
    if found.policy is None:
        raise UsageError(
            mark("there is no policy to prove"), hint=mark("tojimari policy init writes one")
        )
    firewall = (
        walls.from_files(map(walls.text_of, files), own, map(str, files)) if files else walls.live()
    )
    proved = [
        proof.Line(
            one.transport,
            one.first,
            one.last,
            one.outcome,
            one.source,
            one.source_port,
            one.destination,
            one.interface,
            one.decider,
            one.doubts,
        )
        for one in prove.proofs(firewall, found.policy.intents)
    ]
    chosen = settings.current()
    if chosen.json:
        output.json(proof.document(proved))
    elif chosen.plain:
        output.lines(proof.plain(proved))
    else:
        output.lines(proof.lines(proved, chosen.language, output.paint))
    for one in firewall.unseen:
        output.note(chosen.language.say(one.message))
    return _CODES[proof.worst(proved)]


def command(policy_option: click.Option) -> Command:
    """The command, anew.

    Args:
        policy_option: The option that names the policy file.
    """
    return Command(
        name="prove",
        callback=_prove,
        help=mark(
            "Prove for every port, by the firewall's rules, that nobody reaches it but those whom"
            " the policy names; or show a packet that does. Exits with 0 when all is proved, with 1"
            " when a packet arrives, and with 2 when rules are not modelled or cannot be read."
        ),
        examples=(
            Example("tojimari policy prove", mark("this machine, and the policy in force")),
            Example(
                "tojimari policy prove --ruleset rules.txt",
                mark("the rules of another machine"),
            ),
        ),
        params=[
            policy_option,
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
        ],
    )
