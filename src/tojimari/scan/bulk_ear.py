"""Answers to very many probes, read out of the kernel's ring as columns."""

import time
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tojimari.linux import packet_socket
from tojimari.linux.ring import LENGTHS_AT, MAC_AT, STRIDE, TIME_AT
from tojimari.scan.bulk_hearing import PLAIN_VERSION, ROOM, TCP, Hearing
from tojimari.scan.packet import ACK, ETHERNET, RST, Heard, heard
from tojimari.scan.task import Reason

if TYPE_CHECKING:
    from tojimari.scan.bulk_frames import F64, U8, U16, U32

_FEW = 1 << 8
AT_ONCE = 1 << 14  # frames in one look
_PLAIN = 40  # bytes of an answer's headers without options
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


class BulkEar:
    """See the module."""

    def __init__(self, hearing: Hearing, ours: bytes) -> None:
        """Look at what is heard.

        Args:
            hearing: It; it stays the caller's.
            ours: The address that we probe from, in network byte order.
        """
        self._ours, self._socket = ours, hearing.socket
        self._frames = np.frombuffer(hearing.ring.memory, np.uint8).reshape(ROOM, STRIDE)
        words = self._frames.view(np.uint32)
        self._status, self._stamps = words[:, 0], words[:, TIME_AT // 4 : TIME_AT // 4 + 2]
        self._lengths = words[:, LENGTHS_AT // 4 : LENGTHS_AT // 4 + 2]
        self._head = 0
        self._first = -1

    def close(self) -> None:
        """Look no more, so that the memory can be let go of."""
        del self._frames, self._status, self._stamps, self._lengths

    def lost(self) -> int:
        """How many found no room here since the last time."""
        return packet_socket.dropped(self._socket)

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
        (odd,) = np.nonzero((packets[:, 0] != PLAIN_VERSION) | (packets[:, 9] != TCP))
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
