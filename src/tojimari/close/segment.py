"""One TCP segment that asks for a connection, and what the answer to it is: bytes, pure.

Source: RFC 9293, section 3.1 (TCP); RFC 791, section 3.1; RFC 8200, sections 3 and 8.1; RFC 1071.
"""

import ipaddress
import struct
from dataclasses import dataclass
from enum import StrEnum

ETHERTYPES = {4: 0x0800, 6: 0x86DD}
TCP = 6
SYN, RST, ACK = 0x02, 0x04, 0x10
HOPS = 64
WINDOW = 1024
_ETHERNET = 14  # bytes of its header
_HEADERS = {4: 20, 6: 40}  # bytes, without options; nobody answers our segments with any


class Answer(StrEnum):
    """What came back."""

    OPEN = "open"  # SYN, ACK
    REFUSED = "refused"  # RST
    SILENT = "silent"  # nothing, in the time that was given


@dataclass(frozen=True, slots=True)
class Flow:
    """Between whom.

    Attributes:
        source: Address that asks.
        source_port: Its port.
        destination: Address that is asked, of the same family.
        port: Its port.
    """

    source: str
    source_port: int
    destination: str
    port: int

    @property
    def family(self) -> int:
        """4 or 6."""
        return ipaddress.ip_address(self.destination).version


def frame(flow: Flow, near: bytes, far: bytes, flags: int, sequence: int) -> bytes:
    """An Ethernet frame with one segment.

    Args:
        flow: Between whom.
        near: MAC address of the sender, 6 bytes.
        far: MAC address of the receiver, 6 bytes.
        flags: ``SYN`` or ``RST``.
        sequence: Its sequence number.
    """
    source, destination = _packed(flow.source), _packed(flow.destination)
    segment = struct.pack(
        "!HHIIBBHHH", flow.source_port, flow.port, sequence, 0, 5 << 4, flags, WINDOW, 0, 0
    )
    pseudo = source + destination + struct.pack("!II", len(segment), TCP)
    total = checksum(pseudo + segment)
    segment = segment[:16] + total.to_bytes(2, "big") + segment[18:]
    head = far + near + struct.pack("!H", ETHERTYPES[flow.family])
    if flow.family == 6:  # noqa: PLR2004 - IPv6
        fixed = struct.pack("!IHBB", 6 << 28, len(segment), TCP, HOPS)
        return head + fixed + source + destination + segment
    length = _HEADERS[4] + len(segment)
    fixed = struct.pack("!BBHHHBBH", 0x45, 0, length, 0, 0, HOPS, TCP, 0)
    total = checksum(fixed + source + destination)
    return head + fixed[:10] + total.to_bytes(2, "big") + source + destination + segment


def answer(heard: bytes, flow: Flow) -> Answer | None:
    """What a frame says to a segment that was sent.

    Args:
        heard: An Ethernet frame.
        flow: Of the segment that was sent.

    Returns:
        None where it is no answer to it.
    """
    kind = int.from_bytes(heard[12:14], "big")
    start = _ETHERNET + _HEADERS[flow.family]
    addresses = heard[_ETHERNET + (8 if flow.family == 6 else 12) : start]  # noqa: PLR2004 - IPv6
    wanted = _packed(flow.destination) + _packed(flow.source)
    if kind != ETHERTYPES[flow.family] or addresses != wanted or len(heard) < start + 14:
        return None
    source, destination, _, _, _, flags = struct.unpack_from("!HHIIBB", heard, start)
    if (source, destination) != (flow.port, flow.source_port):
        return None
    if flags & RST:
        return Answer.REFUSED
    return Answer.OPEN if flags & SYN and flags & ACK else None


def checksum(content: bytes) -> int:
    """The internet checksum: the complement of the one's complement sum of 16-bit words."""
    padded = content + bytes(len(content) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _packed(address: str) -> bytes:
    return ipaddress.ip_address(address).packed
