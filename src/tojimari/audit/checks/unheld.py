"""Does something answer from outside where no socket of this machine is?"""

from collections.abc import Iterator

from tojimari.audit import check, mending
from tojimari.core.exposure import Zone
from tojimari.core.finding import Finding, Severity
from tojimari.core.message import Message, mark
from tojimari.core.observation import State

NAME = "unheld"

_SEVERITY = {Zone.INTERNET: Severity.HIGH, Zone.LAN: Severity.MEDIUM}


def ask(scene: check.Scene) -> Iterator[Finding]:
    """Every number that answered though neither a socket nor a rule that was read explains it."""
    for door in scene.doors:
        if door.listener is not None or door.forwarding is not None:
            continue
        found = [one for one in door.sightings if one.state is State.OPEN]
        if not found:
            continue
        one = found[0]
        where = f"[{one.address}]" if ":" in one.address else one.address
        yield check.about(
            door,
            check=NAME,
            severity=_SEVERITY.get(door.exposure.widest, Severity.LOW),
            message=Message(
                "unheld",
                "{number} answers {source} at {address} by {interface}, and no socket of this"
                " machine is there: what arrives is taken or sent on by something that was not"
                " read, such as a load balancer in the kernel (IPVS), eBPF, or a proxy in another"
                " network namespace.",
                {
                    "number": door.number,
                    "source": one.source,
                    "interface": one.interface,
                    "address": ", ".join(dict.fromkeys(each.address for each in found)),
                },
            ),
            intent=door.intent,
            next=f"tojimari identify {where}:{door.endpoint.port}",
        )


CHECK = check.Check(
    NAME,
    mark("Does something answer from outside where no socket of this machine is?"),
    ask,
    mending.drop,
)
