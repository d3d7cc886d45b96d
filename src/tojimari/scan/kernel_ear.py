"""Answers heard by a program inside the kernel, which writes each down in sixteen bytes.

Python is not woken for a packet: it reads columns, a thousand answers at a time. What is not plain
(errors on the way, IP options, extension headers) the program hands on as a packet.

The area: a head of counters, then records in a ring, then a byte a door that says whether it has
answered, so that only the first answer of a door is a record, then a byte for each of our ports and
each batch that says whether any such probe was sent.
"""

import os
import struct
import sys
import time
from _socket import MSG_DONTWAIT
from collections.abc import Sequence
from contextlib import ExitStack

from tojimari.linux import bpf, packet_socket
from tojimari.linux.assembler import FRAME, R0, R1, R2, R3, R4, R5, R6, R7, R8, R9, Assembler
from tojimari.linux.bpf_maps import Area, Table
from tojimari.scan.arrivals import PORTS, TRIES, Arrivals
from tojimari.scan.cookie import BATCHES, Cookie
from tojimari.scan.packet import Heard, heard, heard_frame

RECORDS = 1 << 17  # in the ring; a power of two; 2 MiB
_SPARE = 64  # records that programs on several processors may write at once past the check
_HEAD = 64  # bytes
_WRITTEN, _READ, _LOST = 0, 8, 16  # counters of 8 bytes in the head
_RECORD = 16  # bytes: time in us, port, batch, slot, flags, host, hops | ready
_READY = 1 << 8
_DOORS = 1 << 16  # of a host

_LOOKUP, _CLOCK = 1, 5  # helpers of linux/bpf.h: map_lookup_elem, ktime_get_ns
_LENGTH, _PACKET_TYPE, _PROTOCOL, _TAGGED = 0, 4, 16, 20  # in struct __sk_buff
_OUTGOING = 4  # PACKET_OUTGOING
_WHOLE = 0xFFFF  # bytes of a packet that is handed on
_TCP, _ICMP, _ICMPV6 = 6, 1, 58
_TCP_LEAST = 20  # bytes of its header
_NOT_PLAIN = (0, 43, 44, 51, 60)  # extension headers that may stand before TCP

_GLANCE = 0.0003  # seconds from one look at the records to the next
_TURN = 0.0001  # seconds: who sleeps for less comes back later than that (prctl(2), timer slack)
_AT_ONCE = 4096  # packets that were handed on; the next look takes the rest
_HOPS_AT, _READY_AT = (12, 13) if sys.byteorder == "little" else (15, 14)

HOSTS = 64  # at most: their doors take 4 MiB


class KernelEar:
    """See the module; an ``Ear``.

    Attributes:
        socket: What hears; frames can be sent by it too.
    """

    def __init__(
        self,
        interface: str,
        link: int,
        ours: bytes,
        first_port: int,
        hosts: Sequence[tuple[bytes, Cookie]],
    ) -> None:
        """Begin to hear.

        Args:
            interface: Its name.
            link: Bytes of a link's header on it.
            ours: Our address, in network byte order.
            first_port: Of those that we probe from, a multiple of ``PORTS``.
            hosts: Addresses, in network byte order, and their secrets; at most ``HOSTS``.

        Raises:
            OSError: Not permitted, or the kernel is too old.
        """
        self._ours, self._link, self._first_port = ours, link, first_port
        self._hosts = hosts
        self._ranks = {address: rank for rank, (address, _) in enumerate(hosts)}
        rounded = 1 << (len(hosts) - 1).bit_length()
        self._expected = _HEAD + _RECORD * RECORDS + rounded * _DOORS
        self._stack = ExitStack()
        try:
            area = Area(self._expected + PORTS * BATCHES)
            self._stack.callback(area.close)
            code = self._load(area.descriptor, rounded)
            self._stack.callback(os.close, code)
            self.socket = packet_socket.frames(interface, program=code)
            self._stack.callback(self.socket.close)
        except BaseException:
            self._stack.close()
            raise
        with memoryview(area.memory) as whole:
            self._bytes = whole.cast("B")
            self._halves = whole.cast("B").cast("H")
            self._words = whole.cast("B").cast("I")
            self._counters = whole[:_HEAD].cast("Q")
        for view in (self._bytes, self._halves, self._words, self._counters):
            self._stack.callback(view.release)
        self._read = 0

    def _load(self, area: int, rounded: int) -> int:
        table = Table(len(self._ours), 16, len(self._hosts))
        self._stack.callback(table.close)
        for rank, (address, cookie) in enumerate(self._hosts):
            value = struct.pack("=IIII", cookie.upper << 16, cookie.lower, rank, 0)
            table.put(_native(address), value)
        code = _program(
            (area, rounded, self._expected),
            table.descriptor,
            self._link,
            len(self._ours),
            self._first_port,
        )
        return bpf.load(code, bpf.SOCKET_FILTER)

    def close(self) -> None:
        """Hear no more; a second time does nothing."""
        self._stack.close()

    def expect(self, batch: int, slot: int) -> None:
        """A batch of probes is about to be sent from one of our ports."""
        self._bytes[self._expected + slot * BATCHES + batch] = 1

    def arrived(self) -> int:
        """How many answers have come so far; cheap."""
        return self._counters[_WRITTEN // 8]

    def lost(self) -> int:
        """How many found no room here since the last time."""
        lost = self._counters[_LOST // 8]
        self._counters[_LOST // 8] = 0
        return lost + packet_socket.dropped(self.socket)

    def wait(self, seconds: float) -> None:
        """A moment: records wake nobody."""
        if seconds > _TURN:
            time.sleep(min(seconds, _GLANCE))

    def receive(self) -> Arrivals:
        """Those that came since the last time."""
        others = self._others()
        count = min(self.arrived() - self._read, RECORDS - self._read % RECORDS)
        first = _HEAD + _RECORD * (self._read % RECORDS)
        if count:
            count = self._ready(first, first + _RECORD * count, count)
        end = first + _RECORD * count
        if not count:
            return Arrivals(others=others)
        words, halves, octets = self._words, self._halves, self._bytes
        now = time.monotonic_ns()
        seconds, low = now / 1e9, now // 1000 & 0xFFFFFFFF
        columns = Arrivals(
            hosts=halves[first // 2 + 5 : end // 2 : 8].tolist(),
            ports=halves[first // 2 + 2 : end // 2 : 8].tolist(),
            batches=halves[first // 2 + 3 : end // 2 : 8].tolist(),
            slots=octets[first + 8 : end : 16].tolist(),
            flags=octets[first + 9 : end : 16].tolist(),
            hops=octets[first + _HOPS_AT : end : 16].tolist(),
            times=[
                seconds - (low - one & 0xFFFFFFFF) * 1e-6
                for one in words[first // 4 : end // 4 : 4].tolist()
            ],
            others=others,
        )
        octets[first:end] = bytes(end - first)
        self._read += count
        self._counters[_READ // 8] = self._read
        return columns

    def _ready(self, first: int, end: int, count: int) -> int:
        """How many of the records are written to the end, from the first on."""
        done = self._bytes[first + _READY_AT : end : 16].tobytes().find(0)
        return count if done < 0 else done

    def _others(self) -> list[tuple[int, int, Heard]]:
        """What the program handed on."""
        found: list[tuple[int, int, Heard]] = []
        for _ in range(_AT_ONCE):
            try:
                frame = self.socket.recv(_WHOLE, MSG_DONTWAIT)
            except BlockingIOError:
                break
            said = heard_frame(frame, self._ours) if self._link else heard(frame, self._ours)
            if said is None:
                continue
            rank = self._ranks.get(said.host)
            if rank is None or said.our_port & ~(PORTS - 1) != self._first_port:
                continue
            batch = self._hosts[rank][1].batch(said.port, said.number)
            slot = said.our_port % PORTS
            if batch is not None and self._bytes[self._expected + slot * BATCHES + batch]:
                found.append((rank, batch, said))
        return found


def _native(address: bytes) -> bytes:
    """An address as the program makes it: words in the machine's byte order."""
    words = len(address) // 4
    return struct.pack(f"={words}I", *struct.unpack(f">{words}I", address))


def _program(
    areas: tuple[int, int, int], table: int, link: int, size: int, first_port: int
) -> bytes:
    """Hear the answers; returns the bytes of a packet that are handed on, which is most often 0."""
    area, rounded, expected = areas
    four = size == 4  # noqa: PLR2004 - bytes of an IPv4 address
    tcp = link + (20 if four else 40)
    ethertype = int.from_bytes(b"\x08\x00" if four else b"\x86\xdd", sys.byteorder)
    code = Assembler().move(R6, R1)
    code.load(4, R2, R6, _PACKET_TYPE).jump_if(R2, _OUTGOING, "out")
    code.load(4, R2, R6, _TAGGED).jump_unless(R2, 0, "out")
    code.load(4, R2, R6, _PROTOCOL).jump_unless(R2, ethertype, "out")
    if four:
        code.load_packet(1, link).jump_unless(R0, 0x45, "on")
        code.load_packet(2, link + 6).mask(R0, 0x3FFF).jump_unless(R0, 0, "out")
        code.load_packet(1, link + 9)
    else:
        code.load_packet(1, link).mask(R0, 0xF0).jump_unless(R0, 0x60, "out")
        code.load_packet(1, link + 6)
        for header in _NOT_PLAIN:
            code.jump_if(R0, header, "on")
    code.jump_if(R0, _ICMP if four else _ICMPV6, "error").jump_unless(R0, _TCP, "out")
    code.load_packet(2, tcp + 2).move(R7, R0).mask(R0, ~(PORTS - 1))
    code.jump_unless(R0, first_port, "out")
    code.load_packet(1, tcp + 13).move(R8, R0).mask(R0, 0x10).jump_if(R0, 0, "out")
    code.move(R0, R8).jump_if_any(R0, 0x04, "answer").mask(R0, 0x12).jump_unless(R0, 0x12, "out")
    code.label("answer")
    _measure(code, link, tcp, size)
    _read_answer(code, link, tcp, size)
    _verify(code, table)
    _expect(code, area, expected)
    _write(code, area, rounded)
    code.label("error").load_packet(2, tcp + 8 + (20 if four else 40)).mask(R0, ~(PORTS - 1))
    code.jump_unless(R0, first_port, "out")
    code.label("on").set(R0, _WHOLE).exit()
    return code.label("out").set(R0, 0).exit().build()


# What the program keeps on its stack: address, number acknowledged, hops, time.
_KEY, _NUMBER, _HOPS, _TIME = -16, -24, -32, -40


def _measure(code: Assembler, link: int, tcp: int, size: int) -> None:
    """Leave unless the header of TCP ends within the packet, and that within what came."""
    four = size == 4  # noqa: PLR2004 - bytes of an IPv4 address
    before = 20 if four else 0  # bytes of the header that the length counts
    code.load_packet(2, link + (2 if four else 4)).move(R9, R0).add_value(R9, -before)
    code.load(4, R2, R6, _LENGTH).add_value(R2, -tcp).subtract(R2, R9)
    code.jump_unless_negative(R2, "whole").jump("out").label("whole")
    code.load_packet(1, tcp + 12).mask(R0, 0xF0).shift_right(R0, 2)
    code.jump_above(R0, _TCP_LEAST - 1, "long").jump("out").label("long")
    code.subtract(R9, R0).jump_unless_negative(R9, "fits").jump("out").label("fits")


def _read_answer(code: Assembler, link: int, tcp: int, size: int) -> None:
    """Door to r9; address, number and hops to the stack."""
    four = size == 4  # noqa: PLR2004 - bytes of an IPv4 address
    code.load_packet(2, tcp).move(R9, R0).mask(R9, 0xFFFF)
    source = link + (12 if four else 8)
    for at in range(0, size, 4):
        code.load_packet(4, source + at).store(4, FRAME, _KEY + at, R0)
    code.load_packet(4, tcp + 8).store(8, FRAME, _NUMBER, R0)
    code.load_packet(1, link + (8 if four else 7)).store(8, FRAME, _HOPS, R0)
    code.call(_CLOCK).divide(R0, 1000).store(8, FRAME, _TIME, R0)


def _verify(code: Assembler, table: int) -> None:
    """Leave unless the host is one of ours and the number is right; batch to r4, rank to r5."""
    code.load_map(R1, table).move(R2, FRAME).add_value(R2, _KEY).call(_LOOKUP)
    code.jump_if(R0, 0, "out")
    code.load(4, R1, R0, 0).load(4, R2, R0, 4).load(4, R5, R0, 8)
    code.subtract(R2, R9).jump_unless_negative(R2, "lower").add_value(R2, 0xFFFF).label("lower")
    code.join(R1, R2).load(8, R4, FRAME, _NUMBER).add_value(R4, -1).differ(R4, R1).narrow(R4)
    code.move(R1, R4).mask(R1, ~((BATCHES - 1) << 16)).jump_unless(R1, 0, "out")
    code.shift_right(R4, 16).mask(R4, BATCHES - 1)


def _expect(code: Assembler, area: int, expected: int) -> None:
    """Leave unless a probe of this batch was sent from the port."""
    code.move(R1, R7).mask(R1, PORTS - 1).shift_left(R1, BATCHES.bit_length() - 1).add(R1, R4)
    code.load_map_value(R3, area, expected).add(R3, R1).load(1, R0, R3, 0).jump_if(R0, 0, "out")


def _write(code: Assembler, area: int, rounded: int) -> None:
    """Write a record where there is room and the door has not answered yet."""
    doors = _HEAD + _RECORD * RECORDS
    code.load_map_value(R3, area, 0)
    code.load(8, R1, R3, _WRITTEN).load(8, R2, R3, _READ).subtract(R1, R2)
    code.jump_above(R1, RECORDS - _SPARE, "full")
    code.mask(R5, rounded - 1)
    code.move(R1, R7).mask(R1, PORTS - 1).jump_above(R1, TRIES - 1, "record")
    code.load_map_value(R2, area, doors)
    code.move(R0, R5).shift_left(R0, 16).add(R0, R9).add(R2, R0)
    code.load(1, R0, R2, 0).jump_unless(R0, 0, "out").store_value(1, R2, 0, 1)
    code.label("record").set(R0, 1).fetch_add(8, R3, _WRITTEN, R0)
    code.mask(R0, RECORDS - 1).shift_left(R0, 4)
    code.load_map_value(R2, area, _HEAD).add(R2, R0)
    code.load(8, R0, FRAME, _TIME).store(4, R2, 0, R0).store(2, R2, 4, R9).store(2, R2, 6, R4)
    code.store(1, R2, 8, R1).store(1, R2, 9, R8).store(2, R2, 10, R5)
    code.load(8, R0, FRAME, _HOPS).add_value(R0, _READY).fetch_add(4, R2, 12, R0)
    code.jump("out")
    code.label("full").set(R0, 1).fetch_add(8, R3, _LOST, R0).jump("out")
