"""Sockets without a peer that were closed, told by the kernel as it happens; no rights needed.

Only of one network namespace, and only closing is told, not opening. While somebody listens, the
kernel makes a message for every socket that is closed; a filter in front drops those of
connections, so that no reader is woken by them.

Source: linux/sock_diag.h (SKNLGRP_INET_TCP_DESTROY …); net/core/sock_diag.c.
"""

import ctypes
import struct
from _socket import AF_NETLINK, SOCK_CLOEXEC, SOCK_NONBLOCK, SOCK_RAW, SOL_SOCKET, socket
from collections.abc import Iterable
from contextlib import suppress

from tojimari.linux.netlink import (
    NETLINK_SOCK_DIAG,
    NetlinkError,
    attributes,
    frame,
    messages,
)

SOL_NETLINK = 270  # linux/socket.h
_ADD_MEMBERSHIP = 1  # NETLINK_ADD_MEMBERSHIP
_SO_ATTACH_FILTER = 26
_GROUPS = {6: (1, 3), 17: (2, 4)}  # of TCP and of UDP, over IPv4 and IPv6
_PEER_PORT = 22  # bytes from the start of a message
_PORT = slice(4, 6)  # of struct inet_diag_msg, in network byte order
_SIZE = 72  # bytes of struct inet_diag_msg
_PROTOCOL = 10  # INET_DIAG_PROTOCOL
_BUFFER = 1 << 16

# Classic BPF, linux/filter.h: load the peer's port; if it is 0, take the message, else drop it.
_FILTER = (
    (0x28, 0, 0, _PEER_PORT),  # ldh [22]
    (0x15, 0, 1, 0),  # jeq #0
    (0x06, 0, 0, 0xFFFFFFFF),  # ret #-1
    (0x06, 0, 0, 0),  # ret #0
)


class Destroyed:
    """Closed doors of the network namespace in which this was made."""

    def __init__(self, protocols: Iterable[int] = tuple(_GROUPS)) -> None:
        """Begin to listen.

        Args:
            protocols: 6 for TCP, 17 for UDP.

        Raises:
            OSError: This kernel does not tell.
        """
        code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *one) for one in _FILTER))
        program = struct.pack("@HP", len(_FILTER), ctypes.addressof(code))
        self._socket = socket(
            AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_SOCK_DIAG
        )
        try:
            self._socket.setsockopt(SOL_SOCKET, _SO_ATTACH_FILTER, program)
            self._socket.bind((0, 0))
            for group in (group for protocol in protocols for group in _GROUPS[protocol]):
                self._socket.setsockopt(SOL_NETLINK, _ADD_MEMBERSHIP, group)
        except OSError:
            self._socket.close()
            raise
        self.descriptor = self._socket.fileno()

    def read(self) -> list[tuple[int, int]]:
        """Protocol (6 or 17) and port of those that were closed since the last time."""
        found: list[tuple[int, int]] = []
        with suppress(BlockingIOError):
            while True:
                datagram, sender = self._socket.recvfrom(_BUFFER)
                if sender[0] == 0:  # the kernel's port id
                    with suppress(NetlinkError, OSError):
                        found += parse(datagram)
        return found

    def close(self) -> None:
        """Stop."""
        self._socket.close()


def parse(datagram: bytes) -> list[tuple[int, int]]:
    """Protocol and port of the sockets in a datagram.

    Raises:
        OSError: It says that the kernel refused.
        NetlinkError: It is none of netlink.
    """
    end = frame(datagram).end
    found: list[tuple[int, int]] = []
    for _, body in messages(datagram[:end]):
        protocol = attributes(body, _SIZE).get(_PROTOCOL, b"")
        if len(protocol) == 1:
            found.append((protocol[0], int.from_bytes(body[_PORT], "big")))
    return found
