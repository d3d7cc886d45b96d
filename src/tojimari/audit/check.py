"""What a check is, and how all of them are asked."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tojimari.audit import mending
from tojimari.core import catalog
from tojimari.core.door import Door
from tojimari.core.exposure import Decider, Zone
from tojimari.core.finding import Finding, Severity
from tojimari.core.intent import Intent
from tojimari.core.message import Message

if TYPE_CHECKING:
    from tojimari.firewall.wall import Wall

CHECKS = "tojimari.audit.checks"


@dataclass(frozen=True, slots=True)
class Scene:
    """What a check looks at: the joined doors and what was meant.

    Attributes:
        doors: Every door of the machine that serves somebody.
        intents: Every line of the policy; empty where there is none.
        has_policy: Whether there is a policy. Without one only what is alarming is said.
        today: The date that ``until`` is held against.
        networks: The networks that are the whole of a zone here, as far as they are known.
        walls: By inode of the namespace: the firewalls that have rules and were read.
        policy: The policy file as it was asked for; empty for the usual one.
    """

    doors: tuple[Door, ...]
    intents: tuple[Intent, ...]
    has_policy: bool
    today: dt.date
    networks: Mapping[Zone, tuple[str, ...]] = field(default_factory=dict[Zone, tuple[str, ...]])
    walls: "Mapping[int, Wall]" = field(default_factory=dict[int, "Wall"])
    policy: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """One question.

    Attributes:
        name: The name of its file, in kebab case.
        question: What it asks, a marked English sentence.
        ask: Gives the findings.
        mend: Gives the command that mends one of them.
    """

    name: str
    question: str
    ask: Callable[[Scene], Iterator[Finding]]
    mend: mending.Mending = mending.nothing


def checks() -> tuple[Check, ...]:
    """Every check that there is."""
    return catalog.entries(CHECKS, "CHECK", Check)


def judge(scene: Scene) -> tuple[Finding, ...]:
    """Ask everything; the gravest first, then by port."""
    found = [
        mending.mended(finding, check.mend, scene.doors, scene.policy)
        for check in checks()
        for finding in check.ask(scene)
    ]
    return tuple(sorted(found, key=_order))


def _order(finding: Finding) -> tuple[int, int, str, str]:
    if finding.door is not None:
        port = finding.door.endpoint.port
        where = str(finding.door.endpoint)
    else:
        port = finding.intent.ports.first if finding.intent is not None else 0
        where = ""
    return finding.severity.rank, port, where, finding.check


def about(
    door: Door,
    *,
    check: str,
    severity: Severity,
    message: Message,
    intent: Intent | None = None,
    extra: tuple[str, ...] = (),
    is_certain: bool = True,
    rules: tuple[Decider, ...] = (),
    next: str | None = None,  # noqa: A002 - as the finding calls it
) -> Finding:
    """A finding about a door that is there, with what every witness said of it.

    Args:
        door: The door.
        check: Name of the check.
        severity: How soon somebody should look.
        message: What is wrong.
        intent: The line of the policy that it disagrees with.
        extra: Evidence beside the witnesses' own.
        is_certain: Whether it was seen, and not only could not be ruled out.
        rules: The rules of the firewall that make it so.
        next: The command to type; None for the one that shows the door in full.
    """
    seen = tuple(f"{one.witness}: {one.state} ({one.evidence})" for one in door.observations)
    return Finding(
        check=check,
        severity=severity,
        message=message,
        door=door,
        intent=intent,
        evidence=seen + tuple(map(spoken, rules)) + extra,
        next=look_at(door) if next is None else next,
        is_certain=is_certain,
        rules=rules,
    )


def spoken(rule: Decider) -> str:
    """A rule as evidence: where it stands, then its owner's words."""
    said = rule.words.text.format_map(rule.words.values)
    return f"firewall: {rule.family} {rule.table} {rule.chain}: {said}"


def look_at(door: Door) -> str:
    """The command that shows one door in full."""
    return f"tojimari look {asked(door)}"


def asked(door: Door) -> str:
    """How a door is asked for: ``22``, ``53/udp``."""
    suffix = "" if door.endpoint.transport == "tcp" else f"/{door.endpoint.transport}"
    return f"{door.endpoint.port}{suffix}"


def program(door: Door) -> str:
    """The name to call whoever holds a door by: the program, else the unit, else "?"."""
    units = tuple(owner.unit for owner in door.owners if owner.unit)
    return next(iter(door.programs + units), "?")
