"""One table of the kernel's firewall, without a program: whether it changed, and whose turn it was.

The kernel tells of each transaction when it is done (``NFT_MSG_NEWGEN``), and by whom. A filter in
front drops all else, so that a reader is woken once a transaction, however many rules it had.

Source: linux/netfilter/nfnetlink.h (NFNLGRP_NFTABLES), linux/netfilter/nf_tables.h;
net/netfilter/nf_tables_api.c (nf_tables_gen_notify).
"""

import ctypes
import errno
import struct
from _socket import AF_NETLINK, SOCK_CLOEXEC, SOCK_NONBLOCK, SOCK_RAW, SOL_SOCKET, socket
from collections.abc import Iterable
from typing import NamedTuple

from tojimari.linux.netfilter import NETLINK_NETFILTER, NFT_MSG_GETTABLE
from tojimari.linux.netlink import (
    NetlinkError,
    NetlinkSocket,
    attribute,
    attributes,
    frame,
    messages,
)

NFPROTO_INET = 1  # linux/netfilter.h

_SUBSYSTEM = 10 << 8  # NFNL_SUBSYS_NFTABLES
_GETRULE, _GETSETELEM, _NEWGEN = (_SUBSYSTEM | one for one in (7, 13, 15))
_GROUP = 7  # NFNLGRP_NFTABLES
_SOL_NETLINK, _ADD_MEMBERSHIP = 270, 1  # linux/socket.h, linux/netlink.h
_SO_ATTACH_FILTER = 26
_HEADER = struct.Struct("=BBH")  # struct nfgenmsg: family, version, resource
_PID, _NAME = 2, 3  # NFTA_GEN_PROC_PID, NFTA_GEN_PROC_NAME
_TABLE_NAME, _RULE_TABLE, _ELEMENTS_TABLE, _ELEMENTS_SET = 1, 1, 1, 2
_BUFFER = 1 << 16

# Classic BPF, linux/filter.h, which reads as the network does: take the one kind of message.
_FILTER = (
    (0x28, 0, 0, 4),  # ldh [4]: nlmsg_type
    (0x15, 0, 1, int.from_bytes(struct.pack("=H", _NEWGEN), "big")),  # jeq
    (0x06, 0, 0, 0xFFFFFFFF),  # ret #-1
    (0x06, 0, 0, 0),  # ret #0
)


class Transaction(NamedTuple):
    """What was changed at once.

    Attributes:
        pid: Of the process that did; 0 where the kernel did not say.
        name: What it calls itself; empty where the kernel did not say.
    """

    pid: int
    name: str


class Transactions:
    """Changes of the rules of the network namespace in which this was made."""

    def __init__(self) -> None:
        """Begin to listen.

        Raises:
            OSError: This kernel has no nf_tables.
        """
        code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *one) for one in _FILTER))
        program = struct.pack("@HP", len(_FILTER), ctypes.addressof(code))
        self._socket = socket(
            AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_NETFILTER
        )
        try:
            self._socket.setsockopt(SOL_SOCKET, _SO_ATTACH_FILTER, program)
            self._socket.bind((0, 0))
            self._socket.setsockopt(_SOL_NETLINK, _ADD_MEMBERSHIP, _GROUP)
        except OSError:
            self._socket.close()
            raise
        self.descriptor = self._socket.fileno()

    def read(self) -> list[Transaction]:
        """Those since the last time; one without a name stands for what was lost."""
        found: list[Transaction] = []
        while True:
            try:
                datagram, sender = self._socket.recvfrom(_BUFFER)
            except BlockingIOError:
                return found
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    raise
                found.append(Transaction(0, ""))
                continue
            if sender[0] == 0:  # the kernel's port id
                found += parse(datagram)

    def close(self) -> None:
        """Stop."""
        self._socket.close()


def parse(datagram: bytes) -> list[Transaction]:
    """The transactions of a datagram; none where it is none of netlink."""
    found: list[Transaction] = []
    try:
        for kind, body in messages(datagram[: frame(datagram).end]):
            if kind == _NEWGEN and len(body) >= _HEADER.size:
                told = attributes(body, _HEADER.size)
                name = bytes(told.get(_NAME, b"")).rstrip(b"\0").decode("utf-8", "replace")
                found.append(Transaction(int.from_bytes(told.get(_PID, b""), "big"), name))
    except (NetlinkError, OSError):
        return found
    return found


def impression(family: int, table: str, sets: Iterable[str]) -> bytes | None:
    """Everything that one table holds, as the kernel tells it: equal while nothing changes.

    Args:
        family: ``NFPROTO_INET`` and the like.
        table: Its name.
        sets: The sets whose elements matter.

    Returns:
        Bytes to compare; None where there is no such table.

    Raises:
        OSError: We may not know (CAP_NET_ADMIN), or the kernel refused.
        NetlinkError: What came is no netlink message.
    """
    header = _HEADER.pack(family, 0, 0)
    name = table.encode() + b"\0"
    try:
        with NetlinkSocket(NETLINK_NETFILTER, steady=True) as kernel:
            there = kernel.ask(NFT_MSG_GETTABLE, header + attribute(_TABLE_NAME, name))
            told = [there]
            dump = kernel.dump(_GETRULE, header + attribute(_RULE_TABLE, name))
            told += dump.datagrams
            for one in sets:
                asked = attribute(_ELEMENTS_TABLE, name)
                asked += attribute(_ELEMENTS_SET, one.encode() + b"\0")
                told += kernel.dump(_GETSETELEM, header + asked).datagrams
    except OSError as error:
        if error.errno == errno.ENOENT:
            return None
        raise
    # The resource of each header counts the transactions of everybody.
    return b"".join(
        bytes(body[_HEADER.size :]) for datagram in told for _, body in messages(datagram)
    )
