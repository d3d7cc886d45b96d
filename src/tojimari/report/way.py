"""The way of a packet, chain by chain."""

from collections.abc import Iterator
from dataclasses import dataclass

from tojimari.core.exposure import Decider, Passage
from tojimari.core.message import Message, mark
from tojimari.core.text import printable
from tojimari.report import rule_document
from tojimari.report.encodable import text
from tojimari.report.language import Language
from tojimari.report.reach import passage_line
from tojimari.report.reach_document import StepDocument, WayDocument
from tojimari.report.rules import words


@dataclass(frozen=True, slots=True)
class Step:
    """One rule that matched.

    Attributes:
        hook: Where: ``prerouting``, ``input``, ….
        verdict: What it did: ``accept``, ``jump DOCKER``, ``mark``.
        decider: The rule.
    """

    hook: str
    verdict: str
    decider: Decider


@dataclass(frozen=True, slots=True)
class Shown:
    """A way, ready to be shown.

    Attributes:
        source: The address that stands for its like.
        steps: What it met, in order.
        passage: What became of it.
    """

    source: str
    steps: tuple[Step, ...]
    passage: Passage


def lines(label: str, way: Shown, language: Language) -> Iterator[str]:
    """The way as people read it.

    Args:
        label: The port, such as ``22/tcp``.
        way: What is shown.
        language: What people read.
    """
    passage = way.passage
    yield language.say(
        Message(
            "way",
            mark("A packet to {label} at {destination}, from {source} by {interface}:"),
            {
                "label": label,
                "destination": passage.destination,
                "source": way.source,
                "interface": passage.interface or "?",
            },
        )
    )
    hook = chain = ""
    for step in way.steps:
        decider = step.decider
        here = f"{decider.family} {decider.table} {decider.chain}"
        if (step.hook, here) != (hook, chain):
            yield f"  {step.hook}: {printable(here)}"
            hook, chain = step.hook, here
        if decider.number:
            yield f"    {decider.number}. {printable(decider.text)}  -> {printable(step.verdict)}"
            if decider.owner != "hand-written":
                yield f"       = {words(decider, language)}"
        else:
            yield f"    {printable(step.verdict)}"
    yield f"  = {passage_line(passage, language)}"
    yield ""


def document(label: str, way: Shown) -> WayDocument:
    """The way for programs."""
    steps = [
        StepDocument(step.hook, text(step.verdict), rule_document.decider(step.decider))
        for step in way.steps
    ]
    return WayDocument(label, way.source, steps, rule_document.passage(way.passage))
