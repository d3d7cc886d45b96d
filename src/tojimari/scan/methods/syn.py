"""SYN: the first packet of a connection, and none after it (RFC 9293, section 3.5).

A door that is open answers SYN and ACK, one that is closed resets. Our own kernel, which knows of
no connection, resets what an open door offers, so that nothing stays half open there.
"""

import os
import time
from array import array
from contextlib import ExitStack
from math import nan

from tojimari.core.endpoint import Transport
from tojimari.core.message import Message, mark
from tojimari.linux import neighbours
from tojimari.scan import raw_wire
from tojimari.scan.arrivals import PORTS
from tojimari.scan.book import Book
from tojimari.scan.cookie import KEY, cookie
from tojimari.scan.flow import Flow
from tojimari.scan.kernel_ear import HOSTS, KernelEar
from tojimari.scan.packet import ETHERNET
from tojimari.scan.plain_ear import PlainEar
from tojimari.scan.raw_wire import PORTS_FROM, RawWire, Target
from tojimari.scan.sweep import Sweep
from tojimari.scan.task import Answer, Answers, Ending, Method, Reason, Task, Told
from tojimari.scan.timer import FIRST_BEYOND, FIRST_ON_LINK, Timer

_LARGEST = 1 << 22  # doors: a byte each

# Probes a second where nothing answers. On the link 200,000 small frames are a seventh of what
# gigabit Ethernet carries; beyond a gateway others share the line.
_SILENT_ON_LINK, _SILENT_BEYOND = 200_000.0, 20_000.0


def _obstacle(task: Task) -> Message | None:
    found = raw_wire.obstacle(task.way)
    if found is not None:
        return found
    if task.space.hosts > HOSTS or task.space.size > _LARGEST:
        return Message("too-many", mark("too many doors for this way of knocking"))
    return None


def _run(task: Task, told: Told) -> Ending:
    key = os.urandom(KEY)
    first_port = PORTS_FROM + PORTS * (os.urandom(1)[0] % ((65536 - PORTS_FROM) // PORTS))
    version, way = task.space.family, task.way
    size = 4 if version == 4 else 16  # noqa: PLR2004 - IPv4
    numbers = [one for first, last in task.space.addresses for one in range(first, last + 1)]
    hardware: dict[int, bytes] = {}
    if way.link == "ethernet":
        wanted = numbers if way.gateway is None else [way.gateway]
        hardware = neighbours.find(
            wanted, way.index, way.gateway_version or version, stopped=told.stopped
        )
    targets: list[Target] = []
    absent: set[int] = set()
    for rank, one in enumerate(numbers):
        packed = one.to_bytes(size, "big")
        link = hardware.get(one if way.gateway is None else way.gateway, b"")
        if way.link == "ethernet" and not link:
            absent.add(rank)
        targets.append(Target(packed, cookie(key, packed), link))
    link_length = 0 if way.link == "none" else ETHERNET
    clock = time.monotonic
    with ExitStack() as stack:
        hosts = [(one.address, one.cookie) for one in targets]
        ours = way.source.to_bytes(size, "big")
        try:
            ear: KernelEar | PlainEar = KernelEar(
                way.interface, link_length, ours, first_port, hosts
            )
        except OSError:  # no program may be put into the kernel, or it is too old for one
            ear = PlainEar(way.interface, link_length, ours, first_port, hosts)
        stack.callback(ear.close)
        wire = RawWire(way, version, first_port, targets, ear, ear.socket)
        stack.callback(wire.close)
        places = _order(task)
        if absent:
            places = _without(places, absent, len(task.space.ports), told)
        book = Book(task.space, places, wire, clock, told)
        on_link = way.gateway is None
        flow = Flow(_SILENT_ON_LINK if on_link else _SILENT_BEYOND, task.limits.rate)
        # A tunnel's other end is on the link, and may yet be on another continent.
        near = on_link and way.link != "none"
        timer = Timer(FIRST_ON_LINK if near else FIRST_BEYOND)
        before = task.end - task.first - len(places)
        return Sweep(task, book, flow, timer, clock, told, before).run()


def _without(places: "array[int]", absent: set[int], width: int, told: Told) -> "array[int]":
    """The places at hosts that are there; of the others it is told that nobody answers for them."""
    gone = array("Q", [place for place in places if place // width in absent])
    count = len(gone)
    told.answers(
        Answers(
            gone,
            array("B", bytes([Answer.FILTERED]) * count),
            array("B", bytes([Reason.HOST_UNREACHABLE]) * count),
            array("B", bytes(count)),
            array("f", [nan]) * count,
            array("B", bytes(count)),
        )
    )
    return array("I", [place for place in places if place // width not in absent])


def _order(task: Task) -> "array[int]":
    """The places of the task's stretch, in an order in which neighbours are far apart."""
    size = task.space.size
    if (task.first, task.end) == (0, size):
        # The whole: any order will do, and this one costs nothing. The golden ratio's multiples lie
        # as far from one another as can be (Knuth, "The Art of Computer Programming", 6.4).
        step = _coprime(round(size * 0.6180339887), size)
        return array("I", [(task.seed + step * one) % size for one in range(size)])
    from tojimari.scan.permutation import Permutation  # noqa: PLC0415 - for a share of a scan

    order = Permutation(size, task.seed)
    return array("I", [order.at(one) for one in range(task.first, task.end)])


def _coprime(wanted: int, size: int) -> int:
    from math import gcd  # noqa: PLC0415 - one use

    while gcd(wanted, size) != 1:
        wanted += 1
    return wanted


METHOD = Method(
    name="syn",
    transports=frozenset({Transport.TCP}),
    words=mark("half of a handshake, written by tojimari itself"),
    rank=10,
    obstacle=_obstacle,
    run=_run,
)
