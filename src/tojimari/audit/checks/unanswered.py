"""Does nobody answer from outside, where somebody waits and the rules let others in?"""

from collections.abc import Iterator

from tojimari.audit import check
from tojimari.core.door import Door
from tojimari.core.endpoint import Transport
from tojimari.core.exposure import Certainty
from tojimari.core.finding import Finding, Severity
from tojimari.core.message import Message, Value, mark
from tojimari.core.observation import State
from tojimari.core.sighting import Sighting

NAME = "unanswered"

_SHUT = frozenset({State.FILTERED, State.CLOSED})


def ask(scene: check.Scene) -> Iterator[Finding]:
    """Every door with a listener that a knock from outside did not open, though no rule says so."""
    for door in scene.doors:
        if door.listener is None:
            continue
        shut = [
            one
            for one in door.sightings
            if one.expected is Certainty.YES and one.state in _SHUT and not one.sent_on
        ]
        if shut:
            yield _finding(door, shut)


def _finding(door: Door, shut: list[Sighting]) -> Finding:
    one = shut[0]
    values: dict[str, Value] = {
        "program": check.program(door),
        "number": door.number,
        "source": one.source,
        "interface": one.interface,
        "address": ", ".join(dict.fromkeys(each.address for each in shut)),
        "reason": one.reason,
    }
    return check.about(
        door,
        check=NAME,
        severity=Severity.LOW,
        message=_datagram(values)
        if door.endpoint.transport is Transport.UDP
        else Message(
            "unanswered",
            "{program} waits at {number}, and the rules let {source} in by {interface}; yet nothing"
            " opens at {address} ({reason}). Something stands between that is no rule of the"
            " firewall (a program at the interface, such as eBPF or traffic control), or it takes"
            " no more connections.",
            values,
        ),
        next=f"tojimari reach {check.asked(door)} --from {one.source} --why",
    )


def _datagram(values: dict[str, Value]) -> Message:
    """Of UDP only a refusal says anything: who is silent may have taken what was sent."""
    return Message(
        "unanswered-datagram",
        mark(
            "{program} waits at {number}, and the rules let {source} in by {interface}; yet a"
            " datagram is refused at {address} ({reason}). Something stands between that is no rule"
            " of the firewall (a program at the interface, such as eBPF or traffic control, or a"
            " route), or the socket hears only certain senders."
        ),
        values,
    )


CHECK = check.Check(
    NAME,
    mark("Does nobody answer from outside, where somebody waits and the rules let others in?"),
    ask,
)
