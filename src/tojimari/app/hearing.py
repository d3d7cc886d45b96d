"""What speaks behind this machine's doors: a short conversation with each, joined into the door."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from tojimari.app import identify
from tojimari.core.door import Door
from tojimari.core.endpoint import Transport
from tojimari.core.meaning import Meaning
from tojimari.core.observation import Observation, State, Witness
from tojimari.core.service import Confidence, Identification, Outcome, Service
from tojimari.core.socket import InsideView, Listener, Unseen
from tojimari.registry import words
from tojimari.services import catalogue

Progress = Callable[[int, int], None]

_STATES = {
    Outcome.REFUSED: State.CLOSED,
    Outcome.UNREACHABLE: State.FILTERED,
}


@dataclass(frozen=True, slots=True)
class Heard:
    """The doors after the conversations.

    Attributes:
        doors: The same doors in the same order, with what spoke behind them.
        unseen: What was not spoken with.
    """

    doors: tuple[Door, ...]
    unseen: tuple[Unseen, ...]


def listen(seen: InsideView, doors: Sequence[Door], progress: Progress | None = None) -> Heard:
    """Speak with every one of some doors that waits for others.

    A conversation takes up to some seconds, and daemons note it in their logs.

    Args:
        seen: What the kernel said; it tells which namespace we speak from.
        doors: With whom.
        progress: Is told how many are known, of how many.
    """
    held = tuple(door.listener for door in doors if door.listener is not None)
    plan = identify.here(replace(seen, listeners=held, unseen=()))
    told: dict[object, Identification] = {}
    for number, one in enumerate(identify.identify(plan.targets), 1):
        told[one.endpoint] = one
        if progress is not None:
            progress(number, len(plan.targets))
    at = time.time()
    ours = identify.own_namespace(seen.namespaces)
    return Heard(tuple(_joined(door, ours, told, at) for door in doors), plan.unseen)


def _joined(door: Door, ours: int, told: dict[object, Identification], at: float) -> Door:
    """The same door with what was heard behind it."""
    found = told.get(_endpoint(door.listener, ours))
    if found is None:
        return door
    service = found.service
    evidence = f"{service.protocol}: {service.evidence}" if service is not None else found.outcome
    said = Observation(
        endpoint=door.endpoint,
        netns=door.namespace.inode,
        witness=Witness.CONVERSATION,
        state=_state(found),
        evidence=evidence,
        vantage="inside",
        at=at,
    )
    return replace(
        door,
        service=service,
        meaning=_meaning(door, service),
        conversation=found,
        observations=(*door.observations, said),
    )


def _meaning(door: Door, service: Service | None) -> Meaning:
    """What the door is, where something speaks that is not at home at its number."""
    said = door.meaning
    if service is None or service.confidence is not Confidence.CERTAIN or said.by_program:
        return said
    port = door.endpoint.port
    at_home = any(
        one.name == service.protocol and port in one.ports | one.tls_ports
        for one in catalogue.over(door.endpoint.transport)
    )
    head = words.head_by_name(service.protocol)
    if at_home or head is None:
        return said
    return replace(said, service=head.name, by_program=True, kind=head.kind, internet=head.internet)


def _endpoint(listener: Listener | None, ours: int) -> object:
    """Where a door was spoken with; None where it was not."""
    if listener is None or listener.netns != ours:
        return None
    target = identify.target_of(listener)
    return target.endpoint if target is not None else None


def _state(found: Identification) -> State:
    if found.outcome is Outcome.SILENT and found.endpoint.transport is Transport.UDP:
        return State.OPEN_OR_FILTERED
    return _STATES.get(found.outcome, State.OPEN)
