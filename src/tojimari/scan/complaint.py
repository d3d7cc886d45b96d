"""What errors on the way say of a door, as a socket is told of them.

A socket that asks for it (IP_RECVERR, ip(7)) keeps every ICMP error that answers what it sent, with
the door that was meant, whoever complained, and the time to live of the complaint. That needs no
privilege, and the kernel believes only errors that quote what was really sent.
"""

import ipaddress
import struct
from _socket import AF_INET, AF_INET6, IPPROTO_IP, IPPROTO_IPV6, MSG_DONTWAIT, MSG_ERRQUEUE
from _socket import socket as Socket  # noqa: N812 - it is a class
from collections.abc import Iterator
from typing import NamedTuple

from tojimari.scan.task import Answer, Reason

RECVERR = {AF_INET: (IPPROTO_IP, 11), AF_INET6: (IPPROTO_IPV6, 25)}  # linux/in.h, linux/in6.h
RECVTTL = {AF_INET: (IPPROTO_IP, 12), AF_INET6: (IPPROTO_IPV6, 51)}  # IP_RECVTTL, RECVHOPLIMIT
_TTL = {AF_INET: (IPPROTO_IP, 2), AF_INET6: (IPPROTO_IPV6, 52)}  # IP_TTL, IPV6_HOPLIMIT
_NUMBER = struct.Struct("=i")
# struct sock_extended_err of linux/errqueue.h: errno, origin, type, code, padding, info, data; the
# address of whoever complained follows.
_ERROR = struct.Struct("=IBBBxII")
_ORIGIN = {AF_INET: 2, AF_INET6: 3}  # SO_EE_ORIGIN_ICMP, SO_EE_ORIGIN_ICMP6
_ANCILLARY = 256

# ICMP type and code (RFC 792, RFC 1122 section 3.2.2.1, RFC 1812 section 5.2.7.1; RFC 4443).
_UNREACHABLE = {AF_INET: 3, AF_INET6: 1}
_PORT = {AF_INET: 3, AF_INET6: 4}
_CODES: dict[int, dict[int, Reason]] = {
    AF_INET: {
        0: Reason.NET_UNREACHABLE,
        1: Reason.HOST_UNREACHABLE,
        2: Reason.PROTOCOL_UNREACHABLE,
        9: Reason.ADMIN_PROHIBITED,
        10: Reason.ADMIN_PROHIBITED,
        13: Reason.ADMIN_PROHIBITED,
    },
    AF_INET6: {
        0: Reason.NET_UNREACHABLE,
        1: Reason.ADMIN_PROHIBITED,
        2: Reason.ADMIN_PROHIBITED,
        3: Reason.HOST_UNREACHABLE,
        5: Reason.ADMIN_PROHIBITED,
        6: Reason.ADMIN_PROHIBITED,
    },
}
_TIME_EXCEEDED = {AF_INET: 11, AF_INET6: 3}


class Complaint(NamedTuple):
    """An error on the way.

    Attributes:
        host: To whom the packet was sent; as sockets write it.
        port: The number of the door.
        reason: What was said.
        itself: Whether that machine said so itself.
        ttl: Of the error; 0 where the socket did not ask for it.
    """

    host: str
    port: int
    reason: Reason
    itself: bool
    ttl: int

    def of_datagram(self) -> Answer:
        """What it says of a door of UDP.

        Only the machine itself knows that nobody is there; a firewall before it only says so.
        """
        at_home = self.itself and self.reason is Reason.PORT_UNREACHABLE
        return Answer.CLOSED if at_home else Answer.FILTERED


def heed(one: Socket, family: int, *, hops: bool = False) -> None:
    """Have errors kept for a socket.

    Args:
        one: The socket.
        family: Of the socket.
        hops: Whether the time to live is wanted too, of errors and of what is received.

    Raises:
        OSError: The kernel does not know how.
    """
    one.setsockopt(*RECVERR[family], 1)
    if hops:
        one.setsockopt(*RECVTTL[family], 1)


def pending(one: Socket, family: int, most: int) -> Iterator[Complaint]:
    """The errors that are kept for a socket; each is given once.

    Args:
        one: The socket.
        family: Of the socket.
        most: So many at most; what is no complaint counts too.
    """
    for _ in range(most):
        try:
            _, ancillary, _, door = one.recvmsg(0, _ANCILLARY, MSG_ERRQUEUE | MSG_DONTWAIT)
        except OSError:
            return
        if not door:
            continue
        host, port = host_of(door[0]), int(door[1])
        for level, kind, data in ancillary:
            found = parse(family, data, host) if (level, kind) == RECVERR[family] else None
            if found is not None:
                yield Complaint(host, port, *found, hops(family, ancillary))


def parse(family: int, data: bytes, host: str) -> tuple[Reason, bool] | None:
    """What an error says, and whether the machine said so itself; None where it says nothing.

    Args:
        family: Of the socket.
        data: ``struct sock_extended_err`` and the address of whoever complained.
        host: To whom the packet was sent, as text.
    """
    if len(data) < _ERROR.size:
        return None
    _, origin, kind, code, _, _ = _ERROR.unpack_from(data)
    if origin != _ORIGIN[family]:
        return None
    itself = complainer(family, data[_ERROR.size :]) == host
    if kind == _TIME_EXCEEDED[family]:
        return Reason.TIME_EXCEEDED, itself
    if kind != _UNREACHABLE[family]:
        return None
    reason = Reason.PORT_UNREACHABLE if code == _PORT[family] else _CODES[family].get(code)
    return None if reason is None else (reason, itself)


def complainer(family: int, address: bytes) -> str:
    """Who sent an error; empty where that is not told.

    Args:
        family: Of the socket.
        address: ``struct sockaddr_in`` or ``sockaddr_in6``.
    """
    start, length = (4, 4) if family == AF_INET else (8, 16)
    packed = address[start : start + length]
    if len(packed) != length or struct.unpack_from("=H", address)[0] not in {AF_INET, AF_INET6}:
        return ""
    return str(ipaddress.ip_address(packed))


def hops(family: int, ancillary: "list[tuple[int, int, bytes]]") -> int:
    """The time to live, or hop limit, that came with a packet; 0 where none did.

    Args:
        family: Of the socket.
        ancillary: What ``recvmsg`` gave.
    """
    for level, kind, data in ancillary:
        if (level, kind) == _TTL[family] and len(data) >= _NUMBER.size:
            number: int = _NUMBER.unpack_from(data)[0]
            return number & 0xFF
    return 0


def host_of(text: object) -> str:
    """An address as sockets write it, without its zone."""
    return str(text).partition("%")[0]
