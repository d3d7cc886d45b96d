"""Answers to very many probes, read out of the kernel's ring as columns."""

import time
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tojimari.linux import packet_socket
from tojimari.linux.packet_socket import Step
from tojimari.linux.ring import MAC_AT, STRIDE, TIME_AT, Ring
from tojimari.scan.arrivals import PORTS
from tojimari.scan.packet import ETHERNET

if TYPE_CHECKING:
    from tojimari.scan.bulk_frames import F64, U8, U16, U32

ROOM = 1 << 17  # frames: 16 MiB, an eighth of a second at a million a second
_FEW = 1 << 8
_AT_ONCE = 1 << 14  # frames in one look
_SEEN = 54  # bytes of a frame: its headers, without options
_GLANCE = 0.0003  # seconds
_TURN = 0.0001  # seconds: who sleeps for less comes back later than that


class Columns(NamedTuple):
    """Answers, as they were on the wire. Shape (n,) each.

    Attributes:
        hosts: Who answered.
        ports: From which port.
        our_ports: To which of ours.
        numbers: What they acknowledge, less one.
        flags: Of TCP.
        hops: Time to live.
        times: When they came, by the kernel's word, on the clock of ``time.monotonic``.
    """

    hosts: "U32"
    ports: "U16"
    our_ports: "U16"
    numbers: "U32"
    flags: "U8"
    hops: "U8"
    times: "F64"


def steps(first_port: int) -> list[Step]:
    """A classic filter: plain IPv4, TCP to one of our ports, with ACK and one of SYN and RST."""
    return [
        (0x28, 0, 0, 12),  # ethertype
        (0x15, 0, 12, 0x0800),
        (0x30, 0, 0, ETHERNET),  # version and length of the header
        (0x15, 0, 10, 0x45),
        (0x30, 0, 0, ETHERNET + 9),  # protocol
        (0x15, 0, 8, 6),
        (0x28, 0, 0, ETHERNET + 6),  # fragments
        (0x45, 6, 0, 0x3FFF),
        (0x28, 0, 0, ETHERNET + 22),  # port
        (0x54, 0, 0, 0x10000 - PORTS),
        (0x15, 0, 3, first_port),
        (0x30, 0, 0, ETHERNET + 33),  # flags
        (0x45, 0, 1, 0x06),
        (0x06, 0, 0, _SEEN),
        (0x06, 0, 0, 0),
    ]


class BulkEar:
    """See the module.

    Attributes:
        socket: What hears; frames can be sent by it too.
    """

    def __init__(self, interface: str, first_port: int) -> None:
        """Begin to hear.

        Args:
            interface: Its name.
            first_port: Of those that we probe from, a multiple of ``PORTS``.

        Raises:
            OSError: Not permitted.
        """
        self.socket = packet_socket.frames(interface, steps=steps(first_port))
        try:
            self._ring = Ring(self.socket, ROOM)
        except OSError:
            self.socket.close()
            raise
        self._frames = np.frombuffer(self._ring.memory, np.uint8).reshape(ROOM, STRIDE)
        words = self._frames.view(np.uint32)
        self._status, self._stamps = words[:, 0], words[:, TIME_AT // 4 : TIME_AT // 4 + 2]
        self._head = 0
        self._first = -1

    def close(self) -> None:
        """Hear no more."""
        del self._frames, self._status, self._stamps
        self._ring.close()
        self.socket.close()

    def lost(self) -> int:
        """How many found no room here since the last time."""
        return packet_socket.dropped(self.socket)

    def wait(self, seconds: float) -> None:
        """A moment."""
        if seconds > _TURN:
            time.sleep(min(seconds, _GLANCE))

    def receive(self) -> Columns | None:
        """Those that came since the last time, as many as one look takes; None where none did."""
        head = self._head
        if not self._status[head] & 1:
            return None
        status = self._status[head : head + _FEW] & 1
        if status.all():  # much has come: look further, which takes a while in itself
            status = self._status[head : head + _AT_ONCE] & 1
        count = len(status) if status.all() else int(status.argmin())
        rows = self._frames[head : head + count]
        if self._first < 0:
            self._first = int(rows[0, MAC_AT : MAC_AT + 2].view(np.uint16)[0]) + ETHERNET
        packets = rows[:, self._first : self._first + _SEEN - ETHERNET].copy()
        stamps = self._stamps[head : head + count].astype(np.float64)
        times = stamps[:, 0] + 1e-9 * stamps[:, 1]
        times -= time.time() - time.monotonic()
        self._status[head : head + count] = 0
        self._head = (head + count) % ROOM
        words = packets.view(">u2")
        hosts = packets[:, 12:16].copy().view(">u4")[:, 0].astype(np.uint32)
        numbers = packets[:, 28:32].copy().view(">u4")[:, 0].astype(np.uint32)
        return Columns(
            hosts,
            words[:, 10].astype(np.uint16),
            words[:, 11].astype(np.uint16),
            numbers - np.uint32(1),
            packets[:, 33].copy(),
            packets[:, 8].copy(),
            times,
        )
