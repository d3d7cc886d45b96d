"""What a door and its holder are called, in few words."""

from tojimari.core.door import Door
from tojimari.core.exposure import Certainty, Redirection, Zone
from tojimari.core.message import mark
from tojimari.core.observation import Witness
from tojimari.core.socket import Evidence, Owner
from tojimari.core.text import printable
from tojimari.report.language import Language

SHOWN_NAME = 60  # characters of a name that a process chose for itself
SHORT_ID = 12  # characters of a container's identifier, as its runtime prints it


def service(door: Door) -> str:
    """What the door is for, as far as it is known."""
    if door.service is not None:
        from tojimari.report import services  # noqa: PLC0415 - only after a conversation

        said = f"{services.protocol(door.service)} {services.software(door.service)}"
        return printable(said.strip(), SHOWN_NAME)
    meaning = door.meaning
    return meaning.service or meaning.usual or meaning.assignment or "?"


def program(door: Door, language: Language) -> str:
    """The program. A question mark says that only the control group named it."""
    first = door.owners[0] if door.owners else None
    if first is None and door.forwarding is not None:
        return language.text(mark("sent on"))
    if first is None or (first.evidence is Evidence.CGROUP and first.name is None):
        return language.text(mark("owner not seen"))
    if first.evidence is Evidence.KERNEL:
        return language.text(mark("the kernel"))
    more = len({one.pid for one in door.owners}) - 1
    unsure = "?" if first.evidence is Evidence.CGROUP and first.name else ""
    name = printable(first.name, SHOWN_NAME) + unsure if first.name else "?"
    return f"{name} +{more}" if more > 0 else name


def target(to: Redirection) -> str:
    """Where a rule sends what arrives: ``172.17.0.2:80``, ``[fd00::2]:80``."""
    if not to.address:
        return "?"
    address = f"[{to.address}]" if ":" in to.address else to.address
    return f"{address}:{to.port}" if to.port else address


def keeper(door: Door) -> str:
    """Whose rules keep everybody out for whom the door itself is there; empty where none do."""
    if door.exposure.farthest.distance >= Zone.LAN.distance:
        return ""
    for reach in reversed(door.exposure.reaches):
        if reach.certainty is Certainty.NO and reach.by is Witness.FIREWALL:
            owners = [one.decider.owner for one in reach.passages if one.decider is not None]
            return printable(owners[0], SHOWN_NAME) if owners else ""
    return ""


def home(owner: Owner) -> str:
    """The unit and the container that it is at home in; empty where it is in neither."""
    unit = printable(owner.unit, SHOWN_NAME) if owner.unit else ""
    if owner.container is None:
        return unit
    name = owner.container.name or owner.container.id[:SHORT_ID]
    box = f"{printable(name, SHOWN_NAME)} ({owner.container.runtime})"
    return f"{box} {unit}" if unit else box
