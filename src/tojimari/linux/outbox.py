"""Many packets of one length, sent by one system call.

The headers of the messages (``struct mmsghdr``, ``struct iovec``) are written once; after that only
the packets' bytes change, by assignment to slices of ``packets``.

Source: sendmmsg(2).
"""

import ctypes
import errno
import struct
import time
from _socket import AF_INET, AF_INET6
from _socket import socket as Socket  # noqa: N812 - it is a class

from tojimari.linux import libc

_VECTOR = struct.Struct("@PN")  # struct iovec: base, length
_MESSAGE = struct.Struct("@PI4xPNPNi4xI4x")  # struct mmsghdr, of 64 bits: its message, its length
_TARGET = 28  # bytes of the larger socket address, struct sockaddr_in6
FULL = frozenset({errno.ENOBUFS, errno.EAGAIN, errno.EINTR})  # a device or its queue is full
PAUSE = 0.0001  # seconds: what a device needs for a few hundred packets
PATIENCE = 1.0  # seconds that a full device is waited for


class Outbox:
    """Room for packets, and the socket that sends them.

    Attributes:
        packets: All of them, ``stride`` bytes each; those behind the first ``length`` are unused.
        stride: Bytes from one to the next.
        room: How many.
    """

    def __init__(
        self, socket: Socket, room: int, length: int, *, start: int = 0, target: bytes = b""
    ) -> None:
        """Write the headers.

        Args:
            socket: What sends; it stays the caller's.
            room: How many packets there are at most.
            length: Bytes of a packet, from its beginning.
            start: Where in a packet that begins which is sent.
            target: A socket address, for sockets that need one; empty for others.
        """
        self.stride = -(-length // 16) * 16
        self.room = room
        self.packets = bytearray(self.stride * room)
        self._descriptor = socket.fileno()
        self._hold = (ctypes.c_char * len(self.packets)).from_buffer(self.packets)
        first = ctypes.addressof(self._hold) + start
        self._target = ctypes.create_string_buffer(target, _TARGET)
        self._vectors = ctypes.create_string_buffer(
            b"".join(_VECTOR.pack(first + self.stride * one, length - start) for one in range(room))
        )
        vectors = ctypes.addressof(self._vectors)
        name = ctypes.addressof(self._target) if target else 0
        self._messages = ctypes.create_string_buffer(
            b"".join(
                _MESSAGE.pack(name, len(target), vectors + _VECTOR.size * one, 1, 0, 0, 0, 0)
                for one in range(room)
            )
        )
        self._first = ctypes.addressof(self._messages)

    def aim(self, target: bytes) -> None:
        """Change the socket address; its length stays."""
        ctypes.memmove(self._target, target, len(target))

    def send(self, count: int) -> int:
        """Send the first so many packets.

        Returns:
            How many went out: fewer only where the device stayed full.

        Raises:
            OSError: The kernel refused: no such route, a firewall's rule.
        """
        sent = 0
        waited = 0.0
        while sent < count:
            try:
                sent += libc.sendmmsg(
                    self._descriptor, self._first + _MESSAGE.size * sent, count - sent
                )
            except OSError as error:
                if error.errno not in FULL:
                    raise
                if waited > PATIENCE:
                    break
                time.sleep(PAUSE)
                waited += PAUSE
        return sent


def socket_address(version: int, packed: bytes, index: int) -> bytes:
    """What a raw socket is told: ``struct sockaddr_in`` or ``sockaddr_in6``.

    Args:
        version: 4 or 6.
        packed: The address, in network byte order.
        index: Of the interface, which a link-local address needs.
    """
    if version == 4:  # noqa: PLR2004 - IPv4
        return struct.pack("=HH4s8x", AF_INET, 0, packed)
    return struct.pack("=HHI16sI", AF_INET6, 0, 0, packed, index)
