"""Which line decides for a port, and which lines it comes before."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tojimari.core.endpoint import Endpoint, Transport
from tojimari.core.intent import Intent
from tojimari.core.message import Message
from tojimari.policy.matching import candidates


@dataclass(frozen=True, slots=True)
class Passed:
    """A line that speaks of the port too, and does not decide.

    Attributes:
        intent: The line.
        because: Why it does not, in a whole sentence.
    """

    intent: Intent
    because: Message


@dataclass(frozen=True, slots=True)
class Answer:
    """The line that decides at one address, or at all that no other answer names.

    Attributes:
        intent: The line. Its address and its container say where it decides.
        passed: The other lines that speak of the port there, the next best first.
    """

    intent: Intent
    passed: tuple[Passed, ...] = ()


def explain(
    intents: Sequence[Intent],
    port: int,
    transports: Iterable[Transport],
    address: str | None = None,
) -> tuple[Answer, ...]:
    """Who decides for a port.

    Args:
        intents: The lines of the policy.
        port: The number.
        transports: The ways of speaking that are asked for.
        address: Canonical; None for an answer for each address that a line names.

    Returns:
        For each transport: first the line for any address of the machine, then those for one
        address, then those for containers. Empty where no line speaks of the port.
    """
    found: list[Answer] = []
    for transport in transports:
        lines = [one for one in intents if one.transport is transport and port in one.ports]
        if address is not None:
            lines = [*candidates(lines, Endpoint(transport, address, port))]
        places = {(one.container or "", one.address or "") for one in lines}
        if address is not None:
            places = {max(place for place in places if place[0] == name) for name, _ in places}
        found.extend(_answer(lines, *place) for place in sorted(places))
    return tuple(found)


def _answer(lines: Sequence[Intent], container: str, address: str) -> Answer:
    here = [
        one
        for one in lines
        if (one.container or "") == container and (one.address or "") in {address, ""}
    ]
    first, *others = sorted(here, key=lambda one: (one.address is None, len(one.ports)))
    return Answer(first, tuple(Passed(one, _because(first, one)) for one in others))


def _because(first: Intent, other: Intent) -> Message:
    values: dict[str, str | int] = {"line": other.line, "ports": f"{other.ports}/{other.transport}"}
    if first.address is not None and other.address is None:
        return Message(
            "has-no-address",
            "Line {line} ({ports}) speaks of it too, but names no address.",
            values,
        )
    return Message(
        "is-wider", "Line {line} ({ports}) speaks of it too, but names more ports.", values
    )
