"""Datagrams out, and what comes back: answers, and errors that ICMP reports, without any privilege.

A socket is told of every ICMP error with the door that caused it (``complaint``), so one socket
serves any number of doors. Doors to which something particular is said have a socket for each
number: an answer may come from a port that nobody knew (RFC 1350, section 4: TFTP), and only the
socket at which it arrives then tells which door it is from.
"""

import contextlib
import errno
import select
from _socket import (
    MSG_DONTWAIT,
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

from tojimari.scan import complaint
from tojimari.scan.street import Address
from tojimari.scan.task import Answer, Reason

_BUFFER = 1 << 22  # bytes; errors wait there until they are read
_SHOWN = 512  # bytes that are read of an answer: that it came is enough
_ANCILLARY = 256
# Where the answer goes, whoever asked: a DHCP server's to the client's port (RFC 2131, 4.1).
_ANSWERED_TO = {67: 68}
_MOST_OWN = 120  # sockets for single numbers; 256 open files must be enough for all
_ATTEMPTS = 64  # sendings that may only report an older error
_FULL_MS = 100  # milliseconds for a full queue to drain
_MOST = 256  # taken from one socket before the others have their turn

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
        ttl: Of the answer or the error; 0 where sending itself failed.
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
        complaint.heed(one, self._family, hops=True)
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
            ttl = complaint.hops(self._family, ancillary)
            door = int(sender[1]) if port is None else port
            yield Heard(complaint.host_of(sender[0]), door, Answer.OPEN, Reason.UDP_RESPONSE, ttl)

    def _errors(self, one: Socket) -> Iterator[Heard]:
        for said in complaint.pending(one, self._family, _MOST):
            yield Heard(said.host, said.port, said.of_datagram(), said.reason, said.ttl)
