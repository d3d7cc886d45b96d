"""A SYN, written out (RFC 791, section 3.1; RFC 8200, section 3; RFC 9293, section 3.1)."""

import struct
from dataclasses import dataclass

_IPV4 = struct.Struct(">BBHHHBBH4s4s")
_IPV6 = struct.Struct(">IHBB16s16s")
_TCP = struct.Struct(">HHIIBBHHH")
_OPTIONS = bytes((2, 4, 0x05, 0xB4))  # largest segment: 1,460 bytes (RFC 9293, section 3.7.1)
_HEADER_WORDS = (_TCP.size + len(_OPTIONS)) // 4
_TCP_NUMBER = 6
_SYN = 0x02
_DO_NOT_FRAGMENT = 0x4000
_HOPS = 64  # RFC 1700: the recommended time to live
_WINDOW = 64240  # bytes; 44 segments, what Linux itself offers first
ETHERTYPE = {4: b"\x08\x00", 6: b"\x86\xdd"}


@dataclass(frozen=True, slots=True)
class Layout:
    """Where in a packet the fields are that differ from probe to probe.

    Attributes:
        version: 4 or 6.
        link: Bytes of the link's header before the packet.
    """

    version: int
    link: int

    @property
    def tcp(self) -> int:
        """Where the TCP header begins."""
        return self.link + (_IPV4.size if self.version == 4 else _IPV6.size)  # noqa: PLR2004

    @property
    def length(self) -> int:
        """Bytes of the whole."""
        return self.tcp + 4 * _HEADER_WORDS


def syn(version: int, source: bytes, target: bytes, source_port: int, number: int) -> bytes:
    """A SYN to port 0: the port and the lower half of its number are written over it.

    Args:
        version: 4 or 6.
        source: Our address, in network byte order.
        target: Whom to ask, in network byte order.
        source_port: From which port.
        number: Sequence number of a probe to port 0.

    Returns:
        The packet, without a link's header, checksums right.
    """
    tcp = _tcp(source + target, source_port, number)
    if version == 6:  # noqa: PLR2004 - IPv6
        return _IPV6.pack(6 << 28, len(tcp), _TCP_NUMBER, _HOPS, source, target) + tcp
    fields = (0x45, 0, _IPV4.size + len(tcp), 0, _DO_NOT_FRAGMENT, _HOPS, _TCP_NUMBER)
    blank = _IPV4.pack(*fields, 0, source, target)
    return _IPV4.pack(*fields, checksum(blank), source, target) + tcp


def _tcp(addresses: bytes, source_port: int, number: int) -> bytes:
    length = 4 * _HEADER_WORDS
    fields = (source_port, 0, number, 0, _HEADER_WORDS << 4, _SYN, _WINDOW)
    blank = _TCP.pack(*fields, 0, 0) + _OPTIONS
    pseudo = addresses + struct.pack(">HH", _TCP_NUMBER, length)
    return _TCP.pack(*fields, checksum(pseudo + blank), 0) + _OPTIONS


def checksum(data: bytes) -> int:
    """The checksum of an even number of bytes (RFC 1071)."""
    total: int = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
