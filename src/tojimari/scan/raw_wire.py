"""Probes sent through the kernel as they are, many in one call: an ``arrivals.Wire``.

The constant part of a packet is written once a batch; the doors and the lower halves of their
numbers are laid over it, column by column.
"""

import os
import struct
from _socket import socket as Socket  # noqa: N812 - it is a class
from array import array
from collections.abc import Sequence
from contextlib import ExitStack
from sys import byteorder

from tojimari.core.message import Message, mark
from tojimari.linux import packet_socket
from tojimari.linux.capabilities import Capability, missing
from tojimari.linux.outbox import Outbox, socket_address
from tojimari.scan import probe
from tojimari.scan.arrivals import Check, Ear
from tojimari.scan.cookie import MODULUS, Cookie
from tojimari.scan.lanes import Lanes
from tojimari.scan.packet import ETHERNET
from tojimari.scan.probe import ETHERTYPE, Layout
from tojimari.scan.sweep import BATCH, CHECKS
from tojimari.scan.task import Way

_PORTS, _NUMBER, _SUM = struct.Struct(">HH"), struct.Struct(">I"), struct.Struct(">H")
_ETHERNET, _UNKNOWN = "ethernet", "unknown"
# Our ports lie above those that Linux gives to connections (ip_local_port_range, up to 60999).
PORTS_FROM = 61440
_FEW = 256  # probes that are sent before a thread would have woken
_LANES = 2  # more have not been measured


class Target:
    """One host, and what of its doors was loaded.

    Attributes:
        address: In network byte order.
        cookie: Its secrets.
        hardware: The link address that its packets go to; empty where there is none.
    """

    __slots__ = ("_columns", "address", "cookie", "hardware")

    def __init__(self, address: bytes, cookie: Cookie, hardware: bytes) -> None:
        self.address, self.cookie, self.hardware = address, cookie, hardware
        self._columns = (b"", b"", b"", b"")

    def load(self, ports: "array[int]") -> None:
        """Lay out upper and lower byte of each port, and of the lower half of its number."""
        lower = self.cookie.lower
        numbers = array("H", [(lower - port) % MODULUS for port in ports])
        upper, under = (1, 0) if byteorder == "little" else (0, 1)
        port_bytes, number_bytes = ports.tobytes(), numbers.tobytes()
        self._columns = (
            port_bytes[upper::2],
            port_bytes[under::2],
            number_bytes[upper::2],
            number_bytes[under::2],
        )

    def stretch(self, first: int, end: int) -> tuple[bytes, bytes, bytes, bytes]:
        """A part of the columns that were loaded."""
        one, two, three, four = self._columns
        return one[first:end], two[first:end], three[first:end], four[first:end]


class RawWire:
    """See the module."""

    def __init__(
        self,
        way: Way,
        version: int,
        first_port: int,
        targets: Sequence[Target],
        ear: Ear,
        frames: Socket,
    ) -> None:
        """Open what sends.

        Args:
            way: How packets get there.
            version: 4 or 6.
            first_port: Of those that we probe from.
            targets: The hosts, by rank.
            ear: What hears; it stays the caller's.
            frames: What sends frames; it stays the caller's.

        Raises:
            OSError: Not permitted.
        """
        self.ear = ear
        self._version, self._first_port, self._targets = version, first_port, targets
        self._ours = way.source.to_bytes(4 if version == 4 else 16, "big")  # noqa: PLR2004 - IPv4
        self._way = way
        ethernet = way.link == _ETHERNET
        self._layout = Layout(version, ETHERNET if ethernet else 0)
        self._stack = ExitStack()
        self._socket = frames
        if not ethernet:
            self._socket = packet_socket.packets_out(version, way.interface)
            self._stack.callback(self._socket.close)
        self._box = self._new_box(_FEW)
        self._lanes: Lanes[Outbox] | None = None

    def _new_box(self, room: int) -> Outbox:
        aim = b""
        if not self._layout.link:
            aim = socket_address(self._version, bytes(len(self._ours)), self._way.index)
        return Outbox(self._socket, room, self._layout.length, target=aim)

    def close(self) -> None:
        """Send no more."""
        self._stack.close()

    def load(self, host: int, ports: "array[int]") -> None:
        """Get the probes to these doors of a host ready."""
        self._targets[host].load(ports)

    def send(
        self, host: int, stretch: tuple[int, int], slot: int, batch: int, checks: Sequence[Check]
    ) -> int:
        """Probe a stretch of the doors that were loaded; see ``arrivals.Wire``."""
        first, end = stretch
        count = end - first + len(checks)
        self.ear.expect(batch, slot)
        for _, _, from_slot in checks:
            self.ear.expect(batch, from_slot)
        if count <= _FEW:
            self._fill(self._box, host, stretch, slot, batch)
            self._add(self._box, host, end - first, slot, batch, checks)
            return min(self._box.send(count), end - first)
        if self._lanes is None:
            room = BATCH + CHECKS
            boxes = [self._new_box(room) for _ in range(min(_LANES, processors()))]
            self._lanes = Lanes(boxes, Outbox.send)
            self._stack.callback(self._lanes.close)
        lane = self._lanes.take()
        self._fill(lane.box, host, stretch, slot, batch)
        self._add(lane.box, host, end - first, slot, batch, checks)
        lane.go(count)
        return end - first

    def _add(
        self, box: Outbox, host: int, count: int, slot: int, batch: int, checks: Sequence[Check]
    ) -> None:
        """Put checks among the probes that were filled in; each takes another's place."""
        packets, stride, tcp = box.packets, box.stride, self._layout.tcp
        cookie = self._targets[host].cookie
        for which, (position, port, from_slot) in enumerate(checks, count):
            at = stride * position
            packet = packets[at : at + stride]
            packets[stride * which : stride * (which + 1)] = packet
            _PORTS.pack_into(packet, tcp, self._first_port + from_slot, port)
            _NUMBER.pack_into(packet, tcp + 4, cookie.number(port, batch))
            (before,) = _SUM.unpack_from(packet, tcp + 16)
            # Only our port changes the sum (RFC 1624, equation 3).
            total = (~before & 0xFFFF) + from_slot - slot
            _SUM.pack_into(packet, tcp + 16, ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF)
            packets[at : at + stride] = packet

    def _fill(
        self,
        box: Outbox,
        host: int,
        stretch: tuple[int, int],
        slot: int,
        batch: int,
    ) -> None:
        target = self._targets[host]
        columns = target.stretch(*stretch)
        number = target.cookie.number(0, batch)
        packet = probe.syn(
            self._version, self._ours, target.address, self._first_port + slot, number
        )
        if self._layout.link:
            packet = target.hardware + self._way.hardware + ETHERTYPE[self._version] + packet
        else:
            box.aim(socket_address(self._version, target.address, self._way.index))
        packets, stride = box.packets, box.stride
        count = len(columns[0])
        end = stride * count
        packets[:end] = packet.ljust(stride, b"\0") * count
        port = self._layout.tcp + 2
        for at, column in zip((port, port + 1, port + 4, port + 5), columns, strict=True):
            packets[at:end:stride] = column


def obstacle(way: Way) -> Message | None:
    """What keeps packets written by ourselves from going a way; None where nothing does."""
    lacking = missing((Capability.NET_RAW,))
    if lacking:
        return Message(
            "no-raw-packets",
            mark("raw packets need {right}, which this process lacks"),
            {"right": str(lacking[0])},
        )
    if way.link == _UNKNOWN:
        return Message("unknown-link", mark("nobody here can write the frames of this link"))
    if not way.at_home:
        return Message(
            "answers-elsewhere",
            mark("answers may come in by another interface than packets leave by"),
        )
    return None


def processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0))
