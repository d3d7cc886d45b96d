"""Conversations over UDP.

The sockets are not connected: a TFTP server answers from a new port (RFC 1350, section 4), and a
connected socket would never see that. What comes from any other address is not heard.
"""

import contextlib
import errno
import socket
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from tojimari.core.endpoint import canonical_address
from tojimari.services import limits
from tojimari.services.contact import Contact, Ended, Terms, followed
from tojimari.services.dialogue import Command, Peer, Read, Send, Talk
from tojimari.services.loop import READ, Job, Wait

T = TypeVar("T")
LARGEST = 65535  # bytes (RFC 768)
RECVERR = 11  # linux/in.h: IP_RECVERR; "port unreachable" is then told to unconnected sockets too
RECVERR_V6 = 25  # linux/in6.h: IPV6_RECVERR
UNREACHABLE = frozenset({errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EACCES, errno.EPERM})


def talk(
    peer: Peer,
    conversation: Callable[[Peer], Talk[T]],
    terms: Terms,
    *,
    source_port: int | None = None,
) -> Job[Contact[T]]:
    """Have one conversation by datagrams.

    Args:
        peer: The other end.
        conversation: What is said.
        terms: How long it may take, and how many datagrams may be sent.
        source_port: Where the answer will go; None for any port of ours.
    """
    line = _Line(peer, terms)
    try:
        line.open(source_port)
        dialogue = conversation(replace(peer, local=line.local))
        result = yield from line.follow(dialogue)
    except OSError as error:
        ended = Ended.UNREACHABLE if error.errno in UNREACHABLE else Ended.REFUSED
        return Contact(None, Ended.UNREACHABLE if line.sent == 0 else ended, connections=line.sent)
    else:
        return Contact(
            result,
            line.ended,
            line.heard,
            connections=line.sent,
            answered_from=line.answered_from,
        )
    finally:
        line.close()


class _Line:
    """One UDP socket, and the commands of a dialogue over it."""

    def __init__(self, peer: Peer, terms: Terms) -> None:
        self._peer = peer
        self._terms = terms
        family = socket.AF_INET6 if peer.endpoint.is_ipv6 else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self.ended = Ended.OPEN
        self.heard = b""
        self.sent = 0
        self.local = ""
        self.answered_from: int | None = None

    def open(self, source_port: int | None) -> None:
        """Bind where that matters, and learn our own address.

        Raises:
            OSError: The port is not ours to have.
        """
        endpoint = self._peer.endpoint
        self._socket.setblocking(False)  # noqa: FBT003 - the standard library's signature
        if sys.platform == "linux":
            level, option = (
                (socket.IPPROTO_IPV6, RECVERR_V6)
                if endpoint.is_ipv6
                else (socket.IPPROTO_IP, RECVERR)
            )
            self._socket.setsockopt(level, option, 1)
        if source_port is not None:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._socket.bind(("", source_port))
        with (
            contextlib.suppress(OSError),
            socket.socket(self._socket.family, socket.SOCK_DGRAM) as asked,
        ):
            asked.connect((endpoint.address, endpoint.port))
            self.local = str(asked.getsockname()[0])

    def follow(self, dialogue: Talk[T]) -> Job[T]:
        """Do what a dialogue asks for, until it returns."""
        return (yield from followed(dialogue, self._do))

    def close(self) -> None:
        """Leave."""
        self._socket.close()

    def _do(self, command: Command) -> Job[bytes]:
        if isinstance(command, Send):
            if self.sent < self._terms.allowed:
                self.sent += 1
                endpoint = self._peer.endpoint
                self._socket.sendto(command.data, (endpoint.address, endpoint.port))
        elif isinstance(command, Read):
            return (yield from self._hear(command))
        return b""

    def _hear(self, read: Read) -> Job[bytes]:
        deadline = self._terms.deadline(read.seconds)
        while len(self.heard) < limits.HEARD:
            try:
                data, sender = self._socket.recvfrom(LARGEST)
            except BlockingIOError:
                if self._terms.clock() >= deadline or not (
                    yield Wait(self._socket, READ, deadline)
                ):
                    return b""
                continue
            except OSError as error:
                self.ended = Ended.UNREACHABLE if error.errno in UNREACHABLE else Ended.REFUSED
                return b""
            if canonical_address(sender[0]) != self._peer.endpoint.address:
                continue
            if sender[1] != self._peer.endpoint.port:
                self.answered_from = int(sender[1])
            self.heard += data
            return data[: read.limit]
        return b""
