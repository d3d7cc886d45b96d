"""``tojimari close --json``: the plan, and what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from tojimari.core.plan import Plan, Step
from tojimari.core.record import Record
from tojimari.report import journal_document, rule_document
from tojimari.report.encodable import text
from tojimari.report.journal_document import ChangeDocument, DeedDocument, TargetDocument
from tojimari.report.language import Language
from tojimari.report.reach_document import PortDocument

SCHEMA: Final = "tojimari.plan/1"


@dataclass(slots=True)
class HolderDocument:
    """Who waits at a door.

    Attributes:
        transport: ``tcp`` or ``udp``.
        address: Where.
        port: The number.
        pid: The process; null for the kernel.
        name: Its name.
        unit: Its unit.
        container: Its container.
    """

    transport: str
    address: str
    port: int
    pid: int | None
    name: str | None
    unit: str | None
    container: str | None


@dataclass(slots=True)
class StepDocument:
    """One way to do it.

    Attributes:
        move: ``unit``, ``config``, ``firewall`` or ``process``.
        does: What it does, in English.
        breaks: What else stops working, in English.
        deeds: Everything that is done, in order.
        undone: What undoing does, in English; empty where it cannot be done.
        difference: What changes in files, as ``diff -u`` shows it.
        refused: Why it cannot be done in this way, in English; null where it can.
        stops: Other doors that go with it.
    """

    move: str
    does: str
    breaks: Sequence[str]
    deeds: Sequence[DeedDocument]
    undone: str
    difference: str
    refused: str | None
    stops: Sequence[TargetDocument]


@dataclass(slots=True)
class PlanDocument:
    """A plan, and what came of it.

    Attributes:
        schema: Name and version of this form.
        host: The machine's name.
        at: Seconds since the epoch.
        targets: What is to be closed.
        sources: To whom, or but for whom; empty for everybody.
        holders: Who waits there.
        exposures: Who can reach it, and by which rule.
        connected: Addresses that are connected there now.
        steps: The ways, the smallest first.
        chosen: Position of the way that is taken; null where there is none.
        danger: Why the operator would be locked out, in English.
        change: What was done; null where nothing was.
    """

    schema: Literal["tojimari.plan/1"]
    host: str
    at: float
    targets: Sequence[TargetDocument]
    sources: Sequence[str]
    holders: Sequence[HolderDocument]
    exposures: Sequence[PortDocument]
    connected: Sequence[str]
    steps: Sequence[StepDocument]
    chosen: int | None
    danger: Sequence[str]
    change: ChangeDocument | None


def document(plan: Plan, record: Record | None = None) -> PlanDocument:
    """The document.

    Args:
        plan: What was thought over.
        record: What was done; None where nothing was.
    """
    return PlanDocument(
        schema=SCHEMA,
        host=text(plan.host),
        at=plan.at,
        targets=journal_document.targets(plan.targets),
        sources=list(plan.sources),
        holders=[
            HolderDocument(
                door.endpoint.transport,
                door.endpoint.address,
                door.endpoint.port,
                owner.pid,
                text(owner.name) if owner.name else None,
                text(owner.unit) if owner.unit else None,
                owner.container.name or owner.container.id if owner.container else None,
            )
            for door in plan.doors
            for owner in door.owners
        ],
        exposures=[
            PortDocument(
                target.transport,
                target.port,
                target.port,
                [rule_document.reach(one) for one in exposure.reaches],
            )
            for target, exposure in plan.exposures
        ],
        connected=[one.remote.address for one in plan.connections],
        steps=[_step(one) for one in plan.steps],
        chosen=plan.chosen,
        danger=[Language.ENGLISH.say(one) for one in plan.danger],
        change=None if record is None else journal_document.change(record),
    )


def _step(step: Step) -> StepDocument:
    say = Language.ENGLISH.say
    return StepDocument(
        step.move,
        say(step.does),
        [say(one) for one in step.breaks],
        [journal_document.deed(one) for one in step.deeds],
        say(step.undone) if step.undone else "",
        text(step.difference),
        say(step.refused) if step.refused else None,
        journal_document.targets(step.stops),
    )
