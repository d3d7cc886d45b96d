"""SYN to very many hosts, the frames made by the kernel itself: several millions a second."""

from tojimari.core.endpoint import Transport
from tojimari.core.message import Message, mark
from tojimari.linux.capabilities import Capability, missing
from tojimari.scan import bulk_bounds
from tojimari.scan.task import Ending, Method, Task, Told

_RIGHTS = (Capability.NET_ADMIN, Capability.NET_RAW, Capability.SYS_ADMIN, Capability.BPF)

LEAST = 1_000_000.0  # probes a second; slower, calls of the kernel do as well
# To load the programs and to see whether a device takes their frames takes up to 0.3 s, in which
# calls of the kernel send half a million.
WORTH = 1 << 20


def _obstacle(task: Task) -> Message | None:
    lacking = missing(_RIGHTS)
    if lacking:
        return Message(
            "no-frames",
            mark("frames of the kernel's own need {right}, which this process lacks"),
            {"right": str(lacking[0])},
        )
    if task.way.gateway is None:
        return Message("no-gateway", mark("this way of knocking needs a gateway"))
    if task.limits.rate is None or task.limits.rate < LEAST:
        return Message(
            "slow",
            mark("this way of knocking is for {rate} probes a second or more (--rate)"),
            {"rate": int(LEAST)},
        )
    return bulk_bounds.obstacle(task)


def _run(task: Task, told: Told) -> Ending:
    return bulk_bounds.run(task, told, live=True)


METHOD = Method(
    name="syn-live",
    transports=frozenset({Transport.TCP}),
    words=mark("half of a handshake, made by the kernel, to millions of hosts"),
    rank=11,
    obstacle=_obstacle,
    run=_run,
    least=WORTH,
)
