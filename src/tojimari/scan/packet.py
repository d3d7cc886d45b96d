"""What a packet says about a probe of ours. Every length is checked before it is believed.

Source: RFC 791, RFC 8200 and RFC 9293 for the headers; RFC 792 and RFC 4443 for the errors; RFC
1812, section 5.2.7.1, for the codes of destination unreachable.
"""

from typing import NamedTuple

from tojimari.scan.task import Reason

ETHERNET = 14  # bytes of a frame's header
_IPV4, _IPV6 = b"\x08\x00", b"\x86\xdd"
_TCP, _ICMP, _ICMPV6 = 6, 1, 58
_IPV4_LEAST, _IPV6_LENGTH, _TCP_LEAST = 20, 40, 20  # bytes
_ICMP_LENGTH = 8  # bytes before the packet that an error quotes
_QUOTED = 8  # bytes of a TCP header that an error quotes at least (RFC 792)
_MANY = 8  # extension headers; nobody sends more in earnest
_HOP_BY_HOP, _ROUTING, _FRAGMENT, _AUTHENTICATION, _DESTINATION = 0, 43, 44, 51, 60

SYN, RST, ACK = 0x02, 0x04, 0x10

# Codes of "destination unreachable": IPv4's type 3, IPv6's type 1.
_UNREACHABLE_V4 = {
    0: Reason.NET_UNREACHABLE,
    1: Reason.HOST_UNREACHABLE,
    2: Reason.PROTOCOL_UNREACHABLE,
    3: Reason.PORT_UNREACHABLE,
    9: Reason.ADMIN_PROHIBITED,
    10: Reason.ADMIN_PROHIBITED,
    13: Reason.ADMIN_PROHIBITED,
}
_UNREACHABLE_V6 = {
    0: Reason.NET_UNREACHABLE,
    1: Reason.ADMIN_PROHIBITED,
    3: Reason.HOST_UNREACHABLE,
    4: Reason.PORT_UNREACHABLE,
    5: Reason.ADMIN_PROHIBITED,
    6: Reason.ADMIN_PROHIBITED,
}
_ERRORS = {
    (_ICMP, 3): _UNREACHABLE_V4,
    (_ICMP, 11): {0: Reason.TIME_EXCEEDED},
    (_ICMPV6, 1): _UNREACHABLE_V6,
    (_ICMPV6, 3): {0: Reason.TIME_EXCEEDED},
}


class Heard(NamedTuple):
    """An answer, if its number turns out to be right.

    Attributes:
        reason: ``SYN_ACK``, ``RST``, or what an error on the way said.
        host: Whom we asked, in network byte order.
        port: At which port.
        our_port: From which port.
        number: The sequence number of our probe, as far as the answer knows it.
        hops: Time to live or hop limit of the answer.
    """

    reason: Reason
    host: bytes
    port: int
    our_port: int
    number: int
    hops: int


class _Inner(NamedTuple):
    """What an IP header holds: addresses, protocol, hops, where the payload begins and ends."""

    source: bytes
    target: bytes
    protocol: int
    hops: int
    first: int
    end: int


def heard_frame(frame: bytes, ours: bytes) -> Heard | None:
    """Read an Ethernet frame; tagged ones are of another network than the probes were sent to."""
    if frame[12:ETHERNET] in {_IPV4, _IPV6}:
        return heard(frame[ETHERNET:], ours)
    return None


def heard(packet: bytes, ours: bytes) -> Heard | None:
    """Read an IP packet.

    Args:
        packet: Perhaps with something behind it, perhaps cut off.
        ours: The address from which we probe, in network byte order.

    Returns:
        None where it is no answer to a SYN.
    """
    inner = _ip(packet, quoted=False)
    if inner is None or inner.target != ours:
        return None
    if inner.protocol == _TCP:
        return _answer(packet, inner)
    if inner.protocol == (_ICMP if len(ours) == 4 else _ICMPV6):  # noqa: PLR2004 - bytes of IPv4
        return _error(packet, inner, ours)
    return None


def _answer(packet: bytes, inner: _Inner) -> Heard | None:
    at = inner.first
    if inner.end - at < _TCP_LEAST:
        return None
    header = (packet[at + 12] & 0xF0) >> 2
    flags = packet[at + 13]
    if not _TCP_LEAST <= header <= inner.end - at or not flags & ACK:
        return None
    if flags & RST:
        reason = Reason.RST
    elif flags & SYN:
        reason = Reason.SYN_ACK
    else:
        return None
    number = int.from_bytes(packet[at + 8 : at + 12], "big") - 1 & 0xFFFFFFFF
    return Heard(
        reason,
        inner.source,
        int.from_bytes(packet[at : at + 2], "big"),
        int.from_bytes(packet[at + 2 : at + 4], "big"),
        number,
        inner.hops,
    )


def _error(packet: bytes, inner: _Inner, ours: bytes) -> Heard | None:
    at = inner.first
    if inner.end - at < _ICMP_LENGTH:
        return None
    codes = _ERRORS.get((inner.protocol, packet[at]))
    reason = codes.get(packet[at + 1]) if codes else None
    if reason is None:
        return None
    quoted = packet[at + _ICMP_LENGTH : inner.end]
    probe = _ip(quoted, quoted=True)
    if probe is None or probe.protocol != _TCP or probe.source != ours:
        return None
    at = probe.first
    if len(quoted) - at < _QUOTED:
        return None
    return Heard(
        reason,
        probe.target,
        int.from_bytes(quoted[at + 2 : at + 4], "big"),
        int.from_bytes(quoted[at : at + 2], "big"),
        int.from_bytes(quoted[at + 4 : at + 8], "big"),
        inner.hops,
    )


def _ip(packet: bytes, *, quoted: bool) -> _Inner | None:
    version = packet[0] >> 4 if packet else 0
    if version == 4:  # noqa: PLR2004 - IPv4
        return _ipv4(packet, quoted=quoted)
    if version == 6:  # noqa: PLR2004 - IPv6
        return _ipv6(packet, quoted=quoted)
    return None


def _ipv4(packet: bytes, *, quoted: bool) -> _Inner | None:
    if len(packet) < _IPV4_LEAST:
        return None
    header = 4 * (packet[0] & 0x0F)
    total = int.from_bytes(packet[2:4], "big")
    fragment = int.from_bytes(packet[6:8], "big") & 0x3FFF  # more to come, or not the first
    if header < _IPV4_LEAST or total < header or fragment:
        return None
    if len(packet) < total and not quoted:
        return None  # an error quotes only the beginning
    end = min(total, len(packet))
    return _Inner(packet[12:16], packet[16:20], packet[9], packet[8], header, end)


def _ipv6(packet: bytes, *, quoted: bool) -> _Inner | None:
    if len(packet) < _IPV6_LENGTH:
        return None
    total = _IPV6_LENGTH + int.from_bytes(packet[4:6], "big")
    if len(packet) < total and not quoted:
        return None
    end = min(total, len(packet))
    found = _behind_extensions(packet, packet[6], end)
    if found is None:
        return None
    protocol, first = found
    return _Inner(packet[8:24], packet[24:40], protocol, packet[7], first, end)


def _behind_extensions(packet: bytes, following: int, end: int) -> tuple[int, int] | None:
    """Protocol and start of what follows IPv6's extension headers (RFC 8200, section 4)."""
    at = _IPV6_LENGTH
    for _ in range(_MANY):
        if following in {_HOP_BY_HOP, _ROUTING, _DESTINATION}:
            length = 8
            if at + length <= end:
                length += 8 * packet[at + 1]
        elif following == _FRAGMENT:
            length = 8
            if int.from_bytes(packet[at + 2 : at + 4], "big") & 0xFFF9:
                return None  # more to come, or not the first
        elif following == _AUTHENTICATION:
            length = 8
            if at + length <= end:
                length = 4 * (packet[at + 1] + 2)  # RFC 4302, section 2.2
        else:
            return following, at
        if at + length > end:
            return None
        following = packet[at]
        at += length
    return None
