"""A house that lies: it answers each knock with a storm of what is no answer, and seldom with one.

Run as a program it is the far end of a device that carries frames (tap, linux/if_tun.h); no kernel
stands behind it. Only what it says of ``OPEN``, ``OPTIONS`` and ``SHUT`` is true; at all other
doors nobody is, whatever comes from them.
"""

import contextlib
import fcntl
import os
import random
import socket
import struct
import sys
from collections.abc import Iterator
from typing import NamedTuple

DEVICE = "liar0"
OURS = ("10.66.0.1", "fd66::1")
ADDRESS = ("10.66.0.9", "fd66::9")
STRANGER = ("10.66.0.8", "fd66::8")
OPEN, OPTIONS, SHUT = 1010, 1020, 1030  # OPTIONS is open too, with headers that nobody expects
FLOOD = 5_000  # frames of each kind, once

_HARDWARE = b"\x02\0\0\0\x66\x09"
_SYN, _RST, _ACK = 0x02, 0x04, 0x10
_TCP, _UDP = 6, 17
_V4, _V6 = b"\x08\0", b"\x86\xdd"
_CHANCE = random.Random(66)  # noqa: S311 - the same storm each time


class Knock(NamedTuple):
    """Somebody is at a door.

    Attributes:
        four: Whether it is IPv4.
        transport: TCP or UDP, as IP numbers them.
        ours: Of whoever knocks: the port.
        door: At which.
        number: The sequence number of a SYN.
        packet: The whole of it, without the frame.
        hardware: Of whoever knocks.
    """

    four: bool
    transport: int
    ours: int
    door: int
    number: int
    packet: bytes
    hardware: bytes


def total(data: bytes) -> int:
    """The checksum of RFC 1071."""
    words = struct.unpack(f">{len(data) // 2}H", data) if len(data) % 2 == 0 else ()
    if not words:
        return total(data + b"\0")
    summed: int = sum(words)
    while summed >> 16:
        summed = (summed & 0xFFFF) + (summed >> 16)
    return ~summed & 0xFFFF


def packed(address: str) -> bytes:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return socket.inet_pton(family, address)


def packet(
    knock: Knock,
    payload: bytes,
    transport: int,
    *,
    source: tuple[str, str] = ADDRESS,
    options: bytes = b"",
    fragment: int = 0,
    length: int | None = None,
) -> bytes:
    """An IP packet to whoever knocks, with its checksums."""
    here, there = (packed(pair[not knock.four]) for pair in (source, OURS))
    at = {_TCP: 16, _UDP: 6, 1: 2, 58: 2}[transport]
    if transport == 1:
        summed = total(payload)
    else:
        pseudo = here + there + struct.pack(">II", len(payload), transport)
        summed = total(pseudo + payload)
    payload = payload[:at] + struct.pack(">H", summed) + payload[at + 2 :]
    if knock.four:
        size = 20 + len(options) + len(payload) if length is None else length
        head = struct.pack(
            ">BBHHHBBH", 0x45 + len(options) // 4, 0, size, 1, fragment, 64, transport, 0
        )
        head += here + there + options
        return head[:10] + struct.pack(">H", total(head)) + head[12:] + payload
    # The last byte says what the first of the headers is.
    following, headers = (options[-1], options[:-1]) if options else (transport, b"")
    size = len(headers) + len(payload) if length is None else length
    head = struct.pack(">IHBB", 6 << 28, size, following, 64)
    return head + here + there + headers + payload


def tcp(
    knock: Knock, flags: int, *, number: int | None = None, door: int | None = None, ours: int = 0
) -> bytes:
    """A segment that acknowledges a knock, unless something else is said."""
    acknowledged = (knock.number if number is None else number) + 1 & 0xFFFFFFFF
    return struct.pack(
        ">HHIIBBHHH",
        knock.door if door is None else door,
        ours or knock.ours,
        7,
        acknowledged if flags & _ACK else 0,
        0x50,
        flags,
        1000,
        0,
        0,
    )


def error(knock: Knock, quoted: bytes, kind: int, code: int) -> bytes:
    """A packet of ICMP that complains."""
    body = struct.pack(">BBHI", kind, code, 0, 0) + quoted
    return packet(knock, body, 1 if knock.four else 58)


def unreachable(knock: Knock, quoted: bytes) -> bytes:
    """Port unreachable."""
    return error(knock, quoted, *((3, 3) if knock.four else (1, 4)))


def frame(knock: Knock, whole: bytes, tags: bytes = b"") -> bytes:
    return knock.hardware + _HARDWARE + tags + (_V4 if knock.four else _V6) + whole


def lies_of_tcp(knock: Knock) -> Iterator[bytes]:
    """Frames that are no answer to a SYN, each for one reason."""
    both = _SYN | _ACK
    good = packet(knock, tcp(knock, both), _TCP)
    for wrong in (1, -1, 1 << 16, 1 << 31, _CHANCE.getrandbits(32) | 2):
        number = knock.number + wrong & 0xFFFFFFFF
        yield frame(knock, packet(knock, tcp(knock, both, number=number), _TCP))
        yield frame(knock, packet(knock, tcp(knock, _RST | _ACK, number=number), _TCP))
    # What is right but for whom or where it is from.
    yield frame(knock, packet(knock, tcp(knock, both), _TCP, source=STRANGER))
    yield frame(knock, packet(knock, tcp(knock, both, door=knock.door ^ 1), _TCP))
    yield frame(knock, packet(knock, tcp(knock, both, door=_CHANCE.getrandbits(16)), _TCP))
    # Of another network: tagged once, and twice (IEEE 802.1Q, 802.1ad).
    yield frame(knock, good, b"\x81\0\0\x05")
    yield frame(knock, good, b"\x88\xa8\0\x07\x81\0\0\x05")
    # Cut off, and longer or shorter than it says.
    for length in (0, 1, 13, 19, 20, 33, 39):
        yield frame(knock, good)[: 14 + length]
    yield frame(knock, packet(knock, tcp(knock, both), _TCP, length=4000))
    for offset in (b"\0", b"\x40", b"\xf0"):  # of what follows the header of TCP
        yield frame(
            knock, packet(knock, tcp(knock, both)[:12] + offset + tcp(knock, both)[13:], _TCP)
        )
    for flags in (0, _SYN, _ACK, _SYN | 0x01, 0xFF ^ _RST ^ _ACK ^ _SYN):
        yield frame(knock, packet(knock, tcp(knock, flags), _TCP))
    if knock.four:
        yield frame(knock, packet(knock, tcp(knock, both), _TCP, fragment=0x2000))
        yield frame(knock, packet(knock, tcp(knock, both), _TCP, fragment=3))
        yield frame(knock, b"\x41" + good[1:])  # a header of four bytes
        yield frame(knock, b"\x4f" + good[1:])  # one of sixty
        yield frame(knock, b"\x65" + good[1:])
    else:
        yield frame(
            knock, packet(knock, tcp(knock, both), _TCP, options=b"\x06\0\0\x01\0\0\0\x09\x2c")
        )
        endless = b"\0\0" + bytes(6)
        yield frame(knock, packet(knock, tcp(knock, both), _TCP, options=endless * 12 + b"\0"))
        yield frame(
            knock, packet(knock, tcp(knock, both), _TCP, options=b"\x06\xff" + bytes(6) + b"\x3c")
        )
        yield frame(knock, b"\x45" + good[1:])
    yield from _complaints(knock)
    yield frame(knock, _CHANCE.randbytes(_CHANCE.randrange(1, 400)))


def _complaints(knock: Knock) -> Iterator[bytes]:
    """Errors that quote what was never sent, or not enough of it."""
    first = 20 if knock.four else 40
    sent = knock.packet
    spoilt = bytes([sent[first + 4] ^ 0xFF])
    other = sent[: first + 4] + spoilt + sent[first + 5 :]
    turned = (
        sent[:first] + sent[first + 2 : first + 4] + sent[first : first + 2] + sent[first + 4 :]
    )
    for quoted in (other, turned, sent[: first + 3], sent[:first], sent[:9], b""):
        yield frame(knock, unreachable(knock, quoted))
    kind, code = (3, 4) if knock.four else (2, 0)
    yield frame(knock, error(knock, sent, kind, code))  # it is too big: nothing of the door
    yield frame(knock, error(knock, sent, 5 if knock.four else 137, 1))


def lies_of_udp(knock: Knock) -> Iterator[bytes]:
    """Frames that are no answer to a datagram."""

    def datagram(door: int, ours: int = 0, length: int = 11) -> bytes:
        return struct.pack(">HHHH", door, ours or knock.ours, length, 0) + b"yes"

    good = packet(knock, datagram(knock.door), _UDP)
    yield frame(knock, packet(knock, datagram(knock.door ^ 1), _UDP, source=STRANGER))
    yield frame(knock, packet(knock, datagram(knock.door), _UDP, source=STRANGER))
    yield frame(knock, packet(knock, datagram(_CHANCE.randrange(2000, 65536)), _UDP))
    yield frame(knock, packet(knock, datagram(knock.door, length=4000), _UDP))
    yield frame(knock, packet(knock, datagram(knock.door, length=3), _UDP))
    spoilt = good[:-1] + bytes([good[-1] ^ 0xFF])
    yield frame(knock, spoilt)  # its checksum is wrong
    for length in (0, 1, 19, 20, 27):
        yield frame(knock, good)[: 14 + length]
    yield frame(knock, good, b"\x81\0\0\x05")
    first = 20 if knock.four else 40
    turned = (
        knock.packet[:first] + knock.packet[first + 2 : first + 4] + knock.packet[first : first + 2]
    )
    for quoted in (turned + knock.packet[first + 4 :], knock.packet[: first + 1], b""):
        yield frame(knock, unreachable(knock, quoted))
    yield frame(knock, _CHANCE.randbytes(_CHANCE.randrange(1, 400)))


def truth(knock: Knock) -> Iterator[bytes]:
    """What is said in earnest."""
    if knock.transport == _UDP:
        if knock.door in {OPEN, OPTIONS}:
            said = struct.pack(">HHHH", knock.door, knock.ours, 11, 0) + b"yes"
            yield frame(knock, packet(knock, said, _UDP))
        elif knock.door == SHUT:
            yield frame(knock, unreachable(knock, knock.packet))
        return
    if knock.door == OPEN:
        yield frame(knock, packet(knock, tcp(knock, _SYN | _ACK), _TCP))
    elif knock.door == OPTIONS:
        options = b"\x01" * 8 if knock.four else b"\x06\0\x01\x04" + bytes(4) + b"\x3c"
        yield frame(knock, packet(knock, tcp(knock, _SYN | _ACK), _TCP, options=options))
    elif knock.door == SHUT:
        yield frame(knock, packet(knock, tcp(knock, _RST | _ACK), _TCP))


def flood(knock: Knock) -> Iterator[bytes]:
    """Very many resets and complaints that are about nothing of ours."""
    for _ in range(FLOOD):
        number = _CHANCE.getrandbits(32)
        lie = tcp(knock, _RST | _ACK, number=number, door=_CHANCE.getrandbits(16))
        yield frame(knock, packet(knock, lie, _TCP))
        first = 20 if knock.four else 40
        known = first + 2 if knock.transport == _TCP else first  # a datagram has no secret but that
        quoted = knock.packet[:known] + _CHANCE.randbytes(8)
        yield frame(knock, unreachable(knock, quoted))


def read(whole: bytes) -> Knock | None:
    """A frame, if it is somebody's knock."""
    kind, body = whole[12:14], whole[14:]
    if kind == _V4 and len(body) >= 28 and body[16:20] == packed(ADDRESS[0]):
        four, transport, first = True, body[9], 20
    elif kind == _V6 and len(body) >= 48 and body[24:40] == packed(ADDRESS[1]):
        four, transport, first = False, body[6], 40
    else:
        return None
    ours, door, number = struct.unpack_from(">HHI", body, first)
    if transport == _TCP and (len(body) < first + 20 or body[first + 13] & 0x3F != _SYN):
        return None
    if transport not in {_TCP, _UDP}:
        return None
    return Knock(four, transport, ours, door, number, body, whole[6:12])


def neighbour(whole: bytes) -> bytes | None:
    """Where it lives, for whoever asks (RFC 826; RFC 4861, section 4.4)."""
    asker = whole[6:12]
    if (
        whole[12:14] == b"\x08\x06"
        and whole[20:22] == b"\0\x01"
        and whole[38:42] == packed(ADDRESS[0])
    ):
        told = b"\0\x01\x08\0\x06\x04\0\x02" + _HARDWARE + packed(ADDRESS[0]) + whole[22:32]
        return asker + _HARDWARE + b"\x08\x06" + told
    if (
        whole[12:14] == _V6
        and whole[20] == 58
        and whole[54] == 135
        and whole[62:78] == packed(ADDRESS[1])
    ):
        body = b"\x88\0\0\0\x60\0\0\0" + packed(ADDRESS[1]) + b"\x02\x01" + _HARDWARE
        pseudo = packed(ADDRESS[1]) + whole[22:38] + struct.pack(">II", len(body), 58)
        body = body[:2] + struct.pack(">H", total(pseudo + body)) + body[4:]
        head = struct.pack(">IHBB", 6 << 28, len(body), 58, 255)
        return asker + _HARDWARE + _V6 + head + packed(ADDRESS[1]) + whole[22:38] + body
    return None


def main() -> None:
    """Answer for ever."""
    line = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(line, 0x400454CA, struct.pack("16sH22x", DEVICE.encode(), 0x1002))  # TUNSETIFF
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    flooded = False
    while True:
        whole = os.read(line, 65536)
        answers: list[bytes] = []
        there = neighbour(whole) if len(whole) >= 42 else None
        if there is not None:
            answers.append(there)
        knock = read(whole)
        if knock is not None:
            lies = list(lies_of_udp(knock) if knock.transport == _UDP else lies_of_tcp(knock))
            half = len(lies) // 2
            answers += [*lies[:half], *truth(knock), *lies[half:]]
            if not flooded:
                answers += flood(knock)
                flooded = True
        for one in answers:
            if one:
                with contextlib.suppress(OSError):  # too short for a frame
                    os.write(line, one)


if __name__ == "__main__":
    main()
