"""A door knocked at through the real interface, by a packet that is made here.

A knock over loopback meets other rules than one from outside, so it is sent from a place outside
that is nowhere (``linux.outside``). Its address is one for measurements, or one of those to whom
the door is closed.
"""

import secrets
import select
import socket
import time
from collections.abc import Sequence

from tojimari.close.segment import SYN, Answer, Flow, answer, frame
from tojimari.linux.outside import FAR, SOURCES, Outside

WAIT = 0.3  # seconds; the kernel answers in less than one thousandth
FIRST, COUNT = 40000, 20000  # source ports
_EVERY = 0x0003  # ETH_P_ALL


def knock(interface: str, flows: Sequence[Flow]) -> list[Answer]:
    """Ask for connections as somebody outside would, all at once.

    Args:
        interface: The real interface.
        flows: Who seems to ask, and which address of the machine; it must answer through
            ``interface``, and the sources are one of each family at most.

    Raises:
        PrivilegeError: Not permitted.
        HostError: It cannot be tried: a part of the kernel is missing, or the interface is not one
            that can be knocked at.
    """
    sources = {flow.family: flow.source for flow in flows}
    targets = tuple(dict.fromkeys(flow.destination for flow in flows))
    with Outside(interface, sources, targets) as outside, outside.visit(_cable) as cable:
        return _answers(cable, outside, flows)


def _cable() -> socket.socket:
    cable = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    cable.bind((FAR, _EVERY))
    return cable


def _answers(cable: socket.socket, outside: Outside, flows: Sequence[Flow]) -> list[Answer]:
    """What the knocks meet; the kernel there resets what is offered, since it asked for nothing."""
    found = dict.fromkeys(flows, Answer.SILENT)
    for flow in flows:
        cable.send(frame(flow, outside.own, outside.hardware, SYN, secrets.randbits(32)))
    deadline = time.monotonic() + WAIT
    missing = set(flows)
    while missing and (left := deadline - time.monotonic()) > 0:
        if not select.select([cable], [], [], left)[0]:
            break
        heard = cable.recv(65535)
        for flow in tuple(missing):
            said = answer(heard, flow)
            if said is not None:
                found[flow] = said
                missing.discard(flow)
    return list(found.values())


def flow(destination: str, port: int, source: str | None = None) -> Flow:
    """A knock at one address of the machine.

    Args:
        destination: The address.
        port: The door.
        source: Who seems to ask; None for an address for measurements.
    """
    family = 6 if ":" in destination else 4
    return Flow(source or SOURCES[family], FIRST + secrets.randbelow(COUNT), destination, port)
