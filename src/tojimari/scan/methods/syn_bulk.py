"""SYN to many hosts: as columns of numbers, in memory that does not grow with the scan."""

from tojimari.core.endpoint import Transport
from tojimari.core.message import mark
from tojimari.scan import bulk_bounds
from tojimari.scan.task import Ending, Method, Task, Told


def _run(task: Task, told: Told) -> Ending:
    return bulk_bounds.run(task, told, live=False)


METHOD = Method(
    name="syn-bulk",
    transports=frozenset({Transport.TCP}),
    words=mark("half of a handshake, to many hosts at once"),
    rank=12,
    obstacle=bulk_bounds.obstacle,
    run=_run,
)
