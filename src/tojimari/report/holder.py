"""Who holds a door, in few words."""

from tojimari.core.door import Door
from tojimari.core.message import mark
from tojimari.core.socket import Evidence, Owner
from tojimari.core.text import printable
from tojimari.report.language import Language

SHOWN_NAME = 60  # characters of a name that a process chose for itself
SHORT_ID = 12  # characters of a container's identifier, as its runtime prints it


def program(door: Door, language: Language) -> str:
    """The program. A question mark says that only the control group named it."""
    if not door.owners:
        return language.text(mark("owner not seen"))
    first = door.owners[0]
    if first.evidence is Evidence.KERNEL:
        return language.text(mark("the kernel"))
    more = len({one.pid for one in door.owners}) - 1
    unsure = "?" if first.evidence is Evidence.CGROUP and first.name else ""
    name = printable(first.name, SHOWN_NAME) + unsure if first.name else "?"
    return f"{name} +{more}" if more > 0 else name


def home(owner: Owner) -> str:
    """The unit and the container that it is at home in; empty where it is in neither."""
    unit = printable(owner.unit, SHOWN_NAME) if owner.unit else ""
    if owner.container is None:
        return unit
    name = owner.container.name or owner.container.id[:SHORT_ID]
    box = f"{printable(name, SHOWN_NAME)} ({owner.container.runtime})"
    return f"{box} {unit}" if unit else box
