"""What both ways of knocking at very many doors ask for, and how they begin."""

from tojimari.core.message import Message, mark
from tojimari.linux import neighbours
from tojimari.scan import bulk_hearing, raw_wire
from tojimari.scan.flow import Flow
from tojimari.scan.task import Ending, Task, Told
from tojimari.scan.timer import FIRST_BEYOND, FIRST_ON_LINK, Timer

_NEIGHBOURS = 512  # half of what the kernel's table holds (gc_thresh3 is 1,024)
_IPV4 = 4

# Probes a second where nothing answers. On the link a million small frames are two thirds of what
# gigabit Ethernet carries, and each host hears few of them; beyond a gateway others share the line.
_SILENT_ON_LINK, _SILENT_BEYOND = 1_000_000.0, 20_000.0


def obstacle(task: Task) -> Message | None:
    """Why a task cannot be done by columns of frames; None where it can."""
    found = raw_wire.obstacle(task.way)
    if found is not None:
        return found
    if task.space.family != _IPV4 or task.way.link != "ethernet":
        return Message("not-ethernet", mark("this way of knocking knows only IPv4 on Ethernet"))
    if task.way.gateway is None and task.space.hosts > _NEIGHBOURS:
        return Message("too-many", mark("too many neighbours for this way of knocking"))
    return None


def run(task: Task, told: Told, *, live: bool) -> Ending:
    """Do a task.

    Args:
        task: One that nothing stands in the way of.
        told: Who is told.
        live: Whether the kernel is to make the frames by itself.

    Raises:
        OSError: The kernel refused.
    """
    way = task.way
    with bulk_hearing.opening(way.interface) as hearing:
        from tojimari.scan import bulk  # noqa: PLC0415 - numpy: 40 ms, for those who have columns

        on_link = way.gateway is None
        wanted = (
            [way.gateway]
            if way.gateway is not None
            else [one for first, last in task.space.addresses for one in range(first, last + 1)]
        )
        hardware = neighbours.find(
            wanted, way.index, way.gateway_version or _IPV4, stopped=told.stopped
        )
        for one in wanted:
            hardware.setdefault(one, bytes(6))
        flow = Flow(_SILENT_ON_LINK if on_link else _SILENT_BEYOND, task.limits.rate)
        timer = Timer(FIRST_ON_LINK if on_link else FIRST_BEYOND)
        return bulk.run(task, told, hearing.result(), hardware, flow, timer, live=live)
