"""One question after another, on standard error, so that standard output stays for data."""

from collections.abc import Sequence
from dataclasses import replace

import click

from tojimari.app import policy as app
from tojimari.cli import output, settings
from tojimari.core.errors import UsageError
from tojimari.core.message import Message, mark
from tojimari.policy.draft import Proposal
from tojimari.policy.writing import Line
from tojimari.report import policy_file


def about(
    proposals: Sequence[Proposal],
) -> tuple[list[tuple[Line, Proposal]], list[Proposal]]:
    """Ask of each door whether it is meant to be open, to whom and why.

    Returns:
        The lines that somebody meant, each with its doors; and the doors that nobody meant.

    Raises:
        click.Abort: The person left, or the input ended.
    """
    language = settings.current().language
    meant: list[tuple[Line, Proposal]] = []
    refused: list[Proposal] = []
    for position, proposal in enumerate(proposals, 1):
        output.note("")
        output.note(f"[{position}/{len(proposals)}] {policy_file.described(proposal, language)}")
        if not click.confirm(
            language.text(mark("Is this door meant to be open?")), default=False, err=True
        ):
            refused.append(proposal)
            continue
        sources = _sources(proposal)
        line = replace(proposal.line, sources=sources, why=_why())
        meant.append((line, proposal))
    return meant, refused


def _sources(proposal: Proposal) -> tuple[str, ...]:
    language = settings.current().language
    question = language.text(
        mark("Who may come (this-machine, containers, lan, internet, or networks)?")
    )
    while True:
        typed = str(click.prompt(question, default=str(proposal.suggested), err=True))
        try:
            return app.sources(typed)
        except UsageError as error:
            output.failure(error, settings.current())


def _why() -> str:
    language = settings.current().language
    question = language.text(mark("Why? Who needs it, and what for?"))
    while True:
        typed = str(click.prompt(question, default="", show_default=False, err=True)).strip()
        if typed:
            return typed
        output.note(
            language.say(
                Message("no-reason", "A door without a reason is not meant. Say it in a few words.")
            )
        )
