"""Netlink: framing, attributes, dumps. Every length is checked before it is believed.

A message is a header of 16 bytes (``struct nlmsghdr``: length, type, flags, sequence, port id) and
a body; both, and each attribute (``struct nlattr``: length, type) in the body, are padded to four
bytes. All numbers are in native byte order unless a family says otherwise.

Source: linux/netlink.h; RFC 3549, section 2.3.
"""

import errno
import os
import struct

# The C half of ``socket``: that module's enumerations cost 4 ms at start, and none is used here.
from _socket import AF_NETLINK, MSG_TRUNC, SO_RCVTIMEO, SOCK_CLOEXEC, SOCK_RAW, SOL_SOCKET
from _socket import socket as Socket  # noqa: N812 - it is a class
from collections.abc import Iterator
from types import TracebackType
from typing import NamedTuple, Self

from tojimari.core.errors import HostError
from tojimari.core.message import mark

NETLINK_ROUTE = 0
NETLINK_SOCK_DIAG = 4

NLM_F_REQUEST = 0x1
NLM_F_ACK = 0x4
NLM_F_CREATE = 0x400
NLM_F_DUMP = 0x300  # NLM_F_ROOT | NLM_F_MATCH
NLM_F_DUMP_INTR = 0x10  # the table changed while it was read: read it again

NLMSG_ERROR = 2
NLMSG_DONE = 3
NLMSG_OVERRUN = 4
NLMSG_MIN_TYPE = 0x10  # below it are control messages

HEADER = struct.Struct("=IHHII")
_START = struct.Struct("=IHH")
_CODE = struct.Struct("=i")
ATTRIBUTE = struct.Struct("=HH")
TYPE_MASK = 0x3FFF  # without NLA_F_NESTED and NLA_F_NET_BYTEORDER

BUFFER = 1 << 17  # bytes; the kernel fills at most 32 KiB a datagram (netlink_recvmsg)
TIMEOUT = 5  # seconds; the kernel answers at once or never
ATTEMPTS = 4  # a table that changes during each of four reads is taken as it is
MAX_DUMP = 1 << 30  # bytes; a million sockets take about 120 MiB


class NetlinkError(HostError):
    """The kernel, or whoever posed as it, sent what is no netlink message."""


class Dump:
    """What one request brought.

    Attributes:
        datagrams: Each holds whole messages, lengths checked, the closing one left out.
        interrupted: Whether the table changed during every attempt to read it.
    """

    __slots__ = ("datagrams", "interrupted")

    def __init__(self, datagrams: list[bytes], *, interrupted: bool) -> None:
        self.datagrams = datagrams
        self.interrupted = interrupted


class NetlinkSocket:
    """A conversation with one part of the kernel, in the network namespace of its making."""

    def __init__(self, family: int, *, steady: bool = False) -> None:
        """Open it.

        Args:
            family: ``NETLINK_ROUTE`` and the like.
            steady: Whether all requests have the same number, so that equal answers are equal
                bytes. After an error such a socket cannot be used any more.

        Raises:
            OSError: The kernel has no such family, or a sandbox forbids it.
        """
        self._socket = Socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, family)
        self._socket.setsockopt(SOL_SOCKET, SO_RCVTIMEO, struct.pack("@ll", TIMEOUT, 0))
        self._buffer = bytearray(BUFFER)
        self._view = memoryview(self._buffer)
        self._sequence = 0
        self._increment = 0 if steady else 1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close it; a second time does nothing."""
        self._socket.close()

    def dump(self, kind: int, body: bytes) -> Dump:
        """Ask for a whole table; again, a few times, where it changed while it was read.

        Args:
            kind: Message type of the request.
            body: What follows the header, padded to four bytes.

        Raises:
            OSError: The kernel's refusal, with its number; ETIMEDOUT where it stayed silent.
            NetlinkError: What came is no netlink message.
        """
        for _ in range(ATTEMPTS - 1):
            dump = self._dump(kind, body)
            if not dump.interrupted:
                return dump
        return self._dump(kind, body)

    def ask(self, kind: int, body: bytes, flags: int = 0) -> bytes:
        """Ask for one thing, or order it.

        Args:
            kind: Message type of the request.
            body: What follows the header, padded to four bytes.
            flags: Beside ``NLM_F_REQUEST``: ``NLM_F_ACK`` for what is answered by yes or no.

        Returns:
            The messages of the answer; nothing where it is only a yes.

        Raises:
            OSError: The kernel's refusal, with its number; ETIMEDOUT where it stayed silent.
            NetlinkError: What came is no netlink message.
        """
        self._sequence += self._increment
        length = HEADER.size + len(body)
        self._socket.send(
            HEADER.pack(length, kind, NLM_F_REQUEST | flags, self._sequence, 0) + body
        )
        while True:
            datagram = self._receive()
            if sequence_of(datagram) == self._sequence:
                return datagram[: frame(datagram).end]

    def _dump(self, kind: int, body: bytes) -> Dump:
        self._sequence += self._increment
        length = HEADER.size + len(body)
        header = HEADER.pack(length, kind, NLM_F_REQUEST | NLM_F_DUMP, self._sequence, 0)
        self._socket.send(header + body)
        datagrams: list[bytes] = []
        total = 0
        interrupted = False
        while True:
            datagram = self._receive()
            if sequence_of(datagram) != self._sequence:
                continue  # what is left of an answer that nobody waited for
            part = frame(datagram)
            interrupted |= part.interrupted
            if part.end:
                datagrams.append(datagram[: part.end])
            if part.done:
                return Dump(datagrams, interrupted=interrupted)
            total += part.end
            if total > MAX_DUMP:
                raise NetlinkError(mark("the kernel's answer does not end"))

    def _receive(self) -> bytes:
        """One datagram of the kernel's; what anybody else sent is dropped."""
        while True:
            try:
                size, sender = self._socket.recvfrom_into(self._view, 0, MSG_TRUNC)
            except BlockingIOError as error:
                raise OSError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT)) from error
            if size > BUFFER:
                raise NetlinkError(mark("a message of the kernel's was cut off"))
            if sender[0] == 0:  # the kernel's port id
                return bytes(self._view[:size])


class Frame(NamedTuple):
    """What one datagram holds.

    Attributes:
        end: Bytes of it that are data messages.
        done: Whether the closing message came.
        interrupted: Whether the table changed while it was read.
    """

    end: int
    done: bool
    interrupted: bool


def sequence_of(datagram: bytes) -> int:
    """The sequence number of the first message.

    Raises:
        NetlinkError: It is shorter than a header.
    """
    if len(datagram) < HEADER.size:
        raise NetlinkError(mark("a netlink message is shorter than its header"))
    sequence: int = HEADER.unpack_from(datagram)[3]
    return sequence


def frame(datagram: bytes) -> Frame:
    """Check the lengths of all messages in one datagram.

    Raises:
        OSError: It says that the kernel refused.
        NetlinkError: A length is impossible.
    """
    offset = flags_seen = 0
    unpack = _START.unpack_from
    size = len(datagram)
    last = size - HEADER.size
    while offset <= last:
        length, kind, flags = unpack(datagram, offset)
        if length < HEADER.size or offset + length > size:
            raise NetlinkError(mark("a netlink message has an impossible length"))
        flags_seen |= flags
        if kind in {NLMSG_DONE, NLMSG_ERROR}:
            _raise_refusal(datagram, offset, length)
            return Frame(offset, done=True, interrupted=bool(flags_seen & NLM_F_DUMP_INTR))
        if kind == NLMSG_OVERRUN:
            raise NetlinkError(mark("the kernel lost a part of its answer"))
        offset += (length + 3) & ~3
    if offset < size:
        raise NetlinkError(mark("a netlink message is shorter than its header"))
    return Frame(size, done=False, interrupted=bool(flags_seen & NLM_F_DUMP_INTR))


def messages(datagram: bytes) -> Iterator[tuple[int, memoryview]]:
    """Type and body of each message of a datagram that ``frame`` has passed."""
    view = memoryview(datagram)
    offset = 0
    while offset < len(datagram):
        length, kind, _ = _START.unpack_from(datagram, offset)
        yield kind, view[offset + HEADER.size : offset + length]
        offset += (length + 3) & ~3


def places(body: bytes | memoryview, start: int = 0) -> dict[int, tuple[int, int]]:
    """Where the attributes in a message, or nested in another attribute, have their payloads.

    Args:
        body: What holds them.
        start: Bytes to pass over before the first.

    Returns:
        Type, flags taken away, to start and end in ``body``. Of a type that comes twice, the last.

    Raises:
        NetlinkError: An attribute is longer than what it stands in, or shorter than its header.
    """
    found: dict[int, tuple[int, int]] = {}
    offset, size = start, len(body)
    while offset + ATTRIBUTE.size <= size:
        length, kind = ATTRIBUTE.unpack_from(body, offset)
        if length < ATTRIBUTE.size or offset + length > size:
            raise NetlinkError(mark("a netlink attribute has an impossible length"))
        found[kind & TYPE_MASK] = (offset + ATTRIBUTE.size, offset + length)
        offset += (length + 3) & ~3
    return found


def attributes(body: bytes | memoryview, start: int = 0) -> dict[int, memoryview]:
    """The payloads of the attributes that ``places`` finds."""
    view = memoryview(body)
    return {kind: view[first:end] for kind, (first, end) in places(body, start).items()}


def attribute(kind: int, payload: bytes) -> bytes:
    """One attribute, padded."""
    length = ATTRIBUTE.size + len(payload)
    return ATTRIBUTE.pack(length, kind) + payload + bytes(-length % 4)


def _raise_refusal(datagram: bytes, offset: int, length: int) -> None:
    """Raise what the kernel's closing message says, if it is no success."""
    if length < HEADER.size + _CODE.size:
        return  # old kernels close with an empty message
    code: int = _CODE.unpack_from(datagram, offset + HEADER.size)[0]
    if code < 0:
        raise OSError(-code, os.strerror(-code))
