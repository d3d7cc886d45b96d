"""Answers to very many probes, read out of the kernel's ring as columns."""

import time
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tojimari.linux import packet_socket
from tojimari.linux.ring import MAC_AT, STRIDE, TIME_AT, Ring
from tojimari.scan.arrivals import PORTS
from tojimari.scan.packet import ETHERNET
from tojimari.scan.sieve import (
    ADD,
    AND,
    IF_ANY,
    IF_EQUAL,
    IF_LEAST,
    IF_LEAST_X,
    LOAD_BYTE,
    LOAD_HALF,
    LOAD_LENGTH,
    NO,
    ON,
    SHIFT_RIGHT,
    SUBTRACT,
    TO_X,
    UNTAGGED,
    YES,
    Step,
    sieve,
)

if TYPE_CHECKING:
    from tojimari.scan.bulk_frames import F64, U8, U16, U32

ROOM = 1 << 17  # frames: 16 MiB, an eighth of a second at a million a second
_FEW = 1 << 8
AT_ONCE = 1 << 14  # frames in one look
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
    """A classic filter: plain IPv4 and whole, TCP to one of our ports, with ACK and SYN or RST."""
    made = [
        *UNTAGGED,
        (LOAD_HALF, ON, ON, 12),  # ethertype
        (IF_EQUAL, ON, NO, 0x0800),
        (LOAD_BYTE, ON, ON, ETHERNET),  # version and length of the header
        (IF_EQUAL, ON, NO, 0x45),
        (LOAD_BYTE, ON, ON, ETHERNET + 9),  # protocol
        (IF_EQUAL, ON, NO, 6),
        (LOAD_HALF, ON, ON, ETHERNET + 6),  # fragments
        (IF_ANY, NO, ON, 0x3FFF),
        (LOAD_HALF, ON, ON, ETHERNET + 22),  # port
        (AND, ON, ON, 0x10000 - PORTS),
        (IF_EQUAL, ON, NO, first_port),
        (LOAD_BYTE, ON, ON, ETHERNET + 33),  # flags
        (IF_ANY, ON, NO, 0x06),
        # The header of TCP, as long as it says, ends within the packet, and that within the frame.
        (LOAD_BYTE, ON, ON, ETHERNET + 32),
        (AND, ON, ON, 0xF0),
        (IF_LEAST, ON, NO, 0x50),
        (SHIFT_RIGHT, ON, ON, 2),
        (ADD, ON, ON, 20),
        (TO_X, ON, ON, 0),
        (LOAD_HALF, ON, ON, ETHERNET + 2),
        (IF_LEAST_X, ON, NO, 0),
        (TO_X, ON, ON, 0),
        (LOAD_LENGTH, ON, ON, 0),
        (SUBTRACT, ON, ON, ETHERNET),
        (IF_LEAST_X, YES, NO, 0),
    ]
    return sieve(made, _SEEN)


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
        packet_socket.leave(self.socket)

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
            status = self._status[head : head + AT_ONCE] & 1
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
