"""Datagrams out, and what comes back: answers, and errors that ICMP reports, without any privilege.

A socket that asks for it (IP_RECVERR, ip(7)) is told of every ICMP error with the destination that
caused it, so one socket serves any number of doors. Doors to which something particular is said
have a socket for each number: an answer may come from a port that nobody knew (RFC 1350, section 4:
TFTP), and only the socket at which it arrives then tells which door it is from.
"""

import contextlib
import errno
import ipaddress
import select
import struct
from _socket import (
    AF_INET,
    AF_INET6,
    IPPROTO_IP,
    IPPROTO_IPV6,
    MSG_DONTWAIT,
    MSG_ERRQUEUE,
    SO_RCVBUF,
    SO_REUSEADDR,
    SOCK_CLOEXEC,
    SOCK_DGRAM,
    SOCK_NONBLOCK,
    SOL_SOCKET,
)
from collections.abc import Iterator, Mapping
from socket import socket as Socket  # noqa: N812 - it is a class
from typing import NamedTuple

from tojimari.scan.street import Address
from tojimari.scan.task import Answer, Reason

RECVERR = {AF_INET: (IPPROTO_IP, 11), AF_INET6: (IPPROTO_IPV6, 25)}  # linux/in.h, linux/in6.h
RECVTTL = {AF_INET: (IPPROTO_IP, 12), AF_INET6: (IPPROTO_IPV6, 51)}  # IP_RECVTTL, RECVHOPLIMIT
TTL = {AF_INET: (IPPROTO_IP, 2), AF_INET6: (IPPROTO_IPV6, 52)}  # IP_TTL, IPV6_HOPLIMIT
# struct sock_extended_err of linux/errqueue.h: errno, origin, type, code, padding, info, data; the
# address of whoever complained follows.
_ERROR = struct.Struct("=IBBBxII")
_NUMBER = struct.Struct("=i")
_BUFFER = 1 << 22  # bytes; errors wait there until they are read
_SHOWN = 512  # bytes that are read of an answer: that it came is enough
_ANCILLARY = 256
# Where the answer goes, whoever asked: a DHCP server's to the client's port (RFC 2131, 4.1).
_ANSWERED_TO = {67: 68}
_MOST_OWN = 120  # sockets for single numbers; 256 open files must be enough for all
_ATTEMPTS = 64  # sendings that may only report an older error
_FULL_MS = 100  # milliseconds for a full queue to drain
_MOST = 256  # taken from one socket before the others have their turn

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
# What sending itself may say.
_REFUSALS = {
    errno.ENETUNREACH: Reason.NET_UNREACHABLE,
    errno.EHOSTUNREACH: Reason.HOST_UNREACHABLE,
    errno.EPERM: Reason.ADMIN_PROHIBITED,
    errno.EACCES: Reason.ADMIN_PROHIBITED,
    errno.EINVAL: Reason.NET_UNREACHABLE,
}


class Heard(NamedTuple):
    """Something came back.

    Attributes:
        host: From whom, or for an error to whom it was sent; as sockets write it.
        port: The number of the door.
        answer: What that says of the door.
        reason: Why.
        ttl: Of an answer; 0 of an error.
    """

    host: str
    port: int
    answer: Answer
    reason: Reason
    ttl: int


class Datagrams:
    """The sockets of one task."""

    def __init__(self, family: int, payloads: Mapping[int, tuple[bytes, ...]]) -> None:
        """Open them.

        Args:
            family: Of all doors.
            payloads: What is said to a number; to others, nothing.

        Raises:
            OSError: There are too many open files.
        """
        self._family = family
        self._payloads = payloads
        self._poll = select.epoll()
        self._ports: dict[int, int | None] = {}
        self._sockets: dict[int, Socket] = {}
        self._own: dict[int, Socket] = {}
        self._shared = self._open(None)
        for port in list(payloads)[:_MOST_OWN]:
            self._own[port] = self._open(port)

    def close(self) -> None:
        """Close all of them."""
        self._poll.close()
        for one in self._sockets.values():
            one.close()

    def send(self, door: Address) -> Heard | None:
        """Knock at a door; what the sending itself says of it, if it says anything."""
        port = door[1]
        one = self._own.get(port, self._shared)
        for payload in self._payloads.get(port, (b"",)):
            refusal = self._sent(one, payload, door)
            if refusal is not None:
                return Heard(door[0], port, Answer.FILTERED, refusal, 0)
        return None

    def hear(self, seconds: float) -> Iterator[Heard]:
        """What has come back, waiting so long for the first."""
        for descriptor, _ in self._poll.poll(max(0.0, seconds)):
            one, port = self._sockets[descriptor], self._ports[descriptor]
            yield from self._errors(one)
            yield from self._answers(one, port)

    def _open(self, port: int | None) -> Socket:
        one = Socket(self._family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK)
        self._sockets[one.fileno()] = one
        self._ports[one.fileno()] = port
        for level, option in (RECVERR[self._family], RECVTTL[self._family]):
            one.setsockopt(level, option, 1)
        if port is None:
            one.setsockopt(SOL_SOCKET, SO_RCVBUF, _BUFFER)
        source = _ANSWERED_TO.get(port or 0)
        if source is not None:
            one.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):  # a low port is not everybody's to have
                one.bind(("", source))
        self._poll.register(one.fileno(), select.EPOLLIN)
        return one

    def _sent(self, one: Socket, payload: bytes, door: Address) -> Reason | None:
        for _ in range(_ATTEMPTS):
            try:
                one.sendto(payload, door)
            except BlockingIOError:
                waiting = select.poll()
                waiting.register(one.fileno(), select.POLLOUT)
                waiting.poll(_FULL_MS)
            except OSError as error:
                # Most errors belong to an earlier datagram; the error queue tells to which.
                if error.errno in _REFUSALS and self._is_own(one, door):
                    return _REFUSALS[error.errno]
            else:
                return None
        return None

    def _is_own(self, one: Socket, door: Address) -> bool:
        """Whether a refusal was this datagram's: then it comes again."""
        try:
            one.sendto(b"", door)
        except OSError as error:
            return error.errno in _REFUSALS
        return False

    def _answers(self, one: Socket, port: int | None) -> Iterator[Heard]:
        for _ in range(_MOST):
            try:
                _, ancillary, _, sender = one.recvmsg(_SHOWN, _ANCILLARY, MSG_DONTWAIT)
            except BlockingIOError:
                return
            except OSError:
                continue  # an error that the queue has told, or will tell
            ttl = next(
                (
                    _NUMBER.unpack_from(data)[0]
                    for level, kind, data in ancillary
                    if (level, kind) == TTL[self._family] and len(data) >= _NUMBER.size
                ),
                0,
            )
            door = int(sender[1]) if port is None else port
            yield Heard(_host(sender[0]), door, Answer.OPEN, Reason.UDP_RESPONSE, ttl)

    def _errors(self, one: Socket) -> Iterator[Heard]:
        for _ in range(_MOST):
            try:
                _, ancillary, _, destination = one.recvmsg(0, _ANCILLARY, MSG_ERRQUEUE)
            except OSError:
                return
            for level, kind, data in ancillary:
                if (level, kind) != RECVERR[self._family] or not destination:
                    continue
                host = _host(destination[0])
                found = meaning(self._family, data, host)
                if found is not None:
                    yield Heard(host, int(destination[1]), *found, 0)


def meaning(family: int, data: bytes, host: str) -> tuple[Answer, Reason] | None:
    """What an error of the queue says of a door; None where it says nothing.

    Args:
        family: Of the socket.
        data: ``struct sock_extended_err`` and the address of whoever complained.
        host: To whom the datagram was sent, as text.
    """
    if len(data) < _ERROR.size:
        return None
    _, _, kind, code, _, _ = _ERROR.unpack_from(data)
    if kind == _TIME_EXCEEDED[family]:
        return Answer.FILTERED, Reason.TIME_EXCEEDED
    if kind != _UNREACHABLE[family]:
        return None
    if code == _PORT[family]:
        # Only the machine itself knows that nobody is there; a firewall before it only says so.
        itself = complainer(family, data[_ERROR.size :]) == host
        return (Answer.CLOSED if itself else Answer.FILTERED), Reason.PORT_UNREACHABLE
    reason = _CODES[family].get(code)
    return None if reason is None else (Answer.FILTERED, reason)


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


def _host(text: object) -> str:
    return str(text).partition("%")[0]
