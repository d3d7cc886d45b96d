"""Does a container's rule open a door that the firewall's manager keeps shut?"""

from collections.abc import Iterator

from tojimari.audit import check, mending
from tojimari.core.door import Door, Forwarding
from tojimari.core.exposure import Decider, Zone
from tojimari.core.finding import Finding, Severity
from tojimari.core.message import Message, mark

NAME = "published-past"

_SEVERITY = {Zone.INTERNET: Severity.HIGH, Zone.LAN: Severity.MEDIUM}


def ask(scene: check.Scene) -> Iterator[Finding]:
    """Every door that a container's runtime opens before the manager's rule is reached.

    What the policy means to be open there is in order, whichever rule opens it.
    """
    for door in scene.doors:
        sent = door.forwarding
        severity = _SEVERITY.get(door.exposure.widest)
        if sent is None or sent.past is None or severity is None or door.intent is not None:
            continue
        yield check.about(
            door,
            check=NAME,
            severity=severity,
            message=_message(door, sent, sent.past),
            rules=tuple(one for one in (sent.to.decider, sent.past) if one is not None),
        )


def _message(door: Door, sent: Forwarding, past: Decider) -> Message:
    by = sent.to.decider
    return Message(
        "published-past",
        "{manager} keeps {number} shut, yet it is open: {publisher}'s rule comes first and"
        " sends what arrives on to {target}.",
        {
            "manager": past.owner,
            "number": door.number,
            "publisher": by.owner if by is not None else "?",
            "target": f"{sent.to.address}:{sent.to.port}" if sent.to.address else "?",
        },
    )


CHECK = check.Check(
    NAME,
    mark("Does a container's rule open a door that the firewall's manager keeps shut?"),
    ask,
    mending.drop,
)
