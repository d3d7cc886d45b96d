"""Answers to very many probes, read out of the kernel's ring as columns."""

import time
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tojimari.linux import packet_socket
from tojimari.linux.ring import LENGTHS_AT, MAC_AT, STRIDE, TIME_AT, Ring
from tojimari.scan.arrivals import PORTS
from tojimari.scan.packet import ACK, ETHERNET, RST, Heard, heard
from tojimari.scan.sieve import (
    ADD_X,
    AND,
    IF_ANY,
    IF_EQUAL,
    IF_LEAST,
    IF_LEAST_X,
    LOAD_BYTE,
    LOAD_BYTE_BEYOND,
    LOAD_HALF,
    LOAD_HALF_BEYOND,
    LOAD_HEADER,
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
from tojimari.scan.task import Reason

if TYPE_CHECKING:
    from tojimari.scan.bulk_frames import F64, U8, U16, U32

ROOM = 1 << 16  # frames: 16 MiB, a sixteenth of a second at a million a second
_FEW = 1 << 8
AT_ONCE = 1 << 14  # frames in one look
_PLAIN = 40  # bytes of an answer's headers without options
_PLAIN_VERSION, _ICMP, _TCP = 0x45, 1, 6
# Bytes of a frame that are looked at: an error, and what it quotes of a probe, each with all the
# options that there can be (RFC 791, section 3.1; RFC 792).
_SEEN = ETHERNET + 60 + 8 + 60 + 8
_GLANCE = 0.0003  # seconds
_TURN = 0.0001  # seconds: who sleeps for less comes back later than that


class Columns(NamedTuple):
    """Answers, as they were on the wire. Shape (n,) each.

    Attributes:
        hosts: Who was asked.
        ports: At which port.
        our_ports: From which of ours.
        numbers: Of the probe: what an answer acknowledges less one, what an error quotes.
        reasons: ``Reason``; 0 where it is no answer.
        hops: Time to live.
        times: When they came, by the kernel's word, on the clock of ``time.monotonic``.
    """

    hosts: "U32"
    ports: "U16"
    our_ports: "U16"
    numbers: "U32"
    reasons: "U8"
    hops: "U8"
    times: "F64"


def steps(first_port: int) -> list[Step]:
    """A classic filter: whole IPv4, ICMP or TCP to one of our ports with SYN or RST."""
    made = [
        *UNTAGGED,
        (LOAD_HALF, ON, ON, 12),  # ethertype
        (IF_EQUAL, ON, NO, 0x0800),
        (LOAD_BYTE, ON, ON, ETHERNET),  # version and length of the header
        (IF_LEAST, ON, NO, _PLAIN_VERSION),
        (IF_LEAST, NO, ON, 0x50),
        (LOAD_HALF, ON, ON, ETHERNET + 6),  # fragments
        (IF_ANY, NO, ON, 0x3FFF),
        (LOAD_BYTE, ON, ON, ETHERNET + 9),  # protocol
        (IF_EQUAL, YES, ON, _ICMP),
        (IF_EQUAL, ON, NO, _TCP),
        (LOAD_HEADER, ON, ON, ETHERNET),
        (LOAD_HALF_BEYOND, ON, ON, ETHERNET + 2),  # port
        (AND, ON, ON, 0x10000 - PORTS),
        (IF_EQUAL, ON, NO, first_port),
        (LOAD_BYTE_BEYOND, ON, ON, ETHERNET + 13),  # flags
        (IF_ANY, ON, NO, 0x06),
        # The header of TCP, as long as it says, ends within the packet, and that within the frame.
        (LOAD_BYTE_BEYOND, ON, ON, ETHERNET + 12),
        (AND, ON, ON, 0xF0),
        (IF_LEAST, ON, NO, 0x50),
        (SHIFT_RIGHT, ON, ON, 2),
        (ADD_X, ON, ON, 0),
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

    def __init__(self, interface: str, ours: bytes, first_port: int) -> None:
        """Begin to hear.

        Args:
            interface: Its name.
            ours: The address that we probe from, in network byte order.
            first_port: Of those that we probe from, a multiple of ``PORTS``.

        Raises:
            OSError: Not permitted.
        """
        self._ours = ours
        self.socket = packet_socket.frames(interface, steps=steps(first_port))
        try:
            self._ring = Ring(self.socket, ROOM)
        except OSError:
            self.socket.close()
            raise
        self._frames = np.frombuffer(self._ring.memory, np.uint8).reshape(ROOM, STRIDE)
        words = self._frames.view(np.uint32)
        self._status, self._stamps = words[:, 0], words[:, TIME_AT // 4 : TIME_AT // 4 + 2]
        self._lengths = words[:, LENGTHS_AT // 4 : LENGTHS_AT // 4 + 2]
        self._head = 0
        self._first = -1

    def close(self) -> None:
        """Hear no more."""
        del self._frames, self._status, self._stamps, self._lengths
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
        packets = rows[:, self._first : self._first + _PLAIN].copy()
        stamps = self._stamps[head : head + count].astype(np.float64)
        times = stamps[:, 0] + 1e-9 * stamps[:, 1]
        times -= time.time() - time.monotonic()
        words = packets.view(">u2")
        flags = packets[:, 33]
        reasons = np.where(flags & RST, np.uint8(Reason.RST), np.uint8(Reason.SYN_ACK))
        reasons *= (flags & ACK) != 0
        numbers = packets[:, 28:32].copy().view(">u4")[:, 0].astype(np.uint32)
        found = Columns(
            packets[:, 12:16].copy().view(">u4")[:, 0].astype(np.uint32),
            words[:, 10].astype(np.uint16),
            words[:, 11].astype(np.uint16),
            numbers - np.uint32(1),
            reasons,
            packets[:, 8].copy(),
            times,
        )
        (odd,) = np.nonzero((packets[:, 0] != _PLAIN_VERSION) | (packets[:, 9] != _TCP))
        for row in odd.tolist():
            self._read(found, row, head + row)
        self._status[head : head + count] = 0
        self._head = (head + count) % ROOM
        return found

    def _read(self, found: Columns, row: int, frame: int) -> None:
        """Put what is not plain into its row: an error on the way, an answer with options."""
        length, held = self._lengths[frame].tolist()
        packet = self._frames[frame, self._first : self._first + held - ETHERNET].tobytes()
        # What was cut off is behind all headers.
        said: Heard | None = heard(packet.ljust(length - ETHERNET, b"\0"), self._ours)
        if said is None:
            found.reasons[row] = 0
            return
        found.hosts[row] = int.from_bytes(said.host, "big")
        found.ports[row], found.our_ports[row] = said.port, said.our_port
        found.numbers[row], found.hops[row] = said.number, said.hops
        found.reasons[row] = said.reason
