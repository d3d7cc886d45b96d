"""Every TCP and UDP socket of one network namespace, by the kernel's socket diagnosis.

Source: linux/inet_diag.h and linux/sock_diag.h; net/ipv4/inet_diag.c for what is filled in when.
"""

import struct
from _socket import AF_INET, ntohs
from functools import cache
from typing import NamedTuple

from tojimari.core.message import mark
from tojimari.linux.netlink import (
    ATTRIBUTE,
    HEADER,
    NETLINK_SOCK_DIAG,
    Dump,
    NetlinkError,
    NetlinkSocket,
    attribute,
    places,
)

SOCK_DIAG_BY_FAMILY = 20
IPPROTO_MPTCP = 262  # linux/in.h; more than the request's eight bits hold

ESTABLISHED = 1  # net/tcp_states.h; the same numbers are used for UDP
SYN_SENT = 2
SYN_RECEIVED = 3
FIN_WAIT_1 = 4
FIN_WAIT_2 = 5
TIME_WAIT = 6
CLOSED = 7  # UDP: bound, and connected to nobody
CLOSE_WAIT = 8
LAST_ACK = 9
LISTEN = 10
CLOSING = 11

# What has a peer: all states but CLOSED and LISTEN.
CONNECTED_STATES = (ESTABLISHED, SYN_SENT, SYN_RECEIVED, FIN_WAIT_1, FIN_WAIT_2, TIME_WAIT,
                    CLOSE_WAIT, LAST_ACK, CLOSING)  # fmt: skip
TCP_DOORS = 1 << LISTEN
UDP_DOORS = 1 << CLOSED
TCP_CONNECTIONS = sum(1 << state for state in CONNECTED_STATES)
UDP_CONNECTIONS = 1 << ESTABLISHED

_REQ_PROTOCOL = 3  # INET_DIAG_REQ_PROTOCOL
_SKV6ONLY = 11  # INET_DIAG_SKV6ONLY
_CGROUP_ID = 21  # INET_DIAG_CGROUP_ID, since Linux 5.8

# struct inet_diag_req_v2: family, protocol, wanted extensions, padding, states, then the identity
# of one socket, which a dump leaves empty.
_REQUEST = struct.Struct("=BBBBI48x")

# struct nlmsghdr, then struct inet_diag_msg: family, state, timer, retransmissions; ports and
# addresses in network byte order; interface, cookie (twice four bytes), expiry, receive queue,
# send queue, user, inode.
_HEAD = "=IH10xBBxxHH"
_TAIL = "I12xIIII"
_MESSAGE_SIZE = struct.calcsize(_HEAD + "32x" + _TAIL)  # 88 bytes
_START = struct.Struct("=IH")
_FAMILY = 16  # bytes from the start of the message
_STATE = 17
_TAG = struct.Struct("=I")
# The headers of two attributes, each as one word, so that one comparison suffices.
_SKV6ONLY_TAG: int = _TAG.unpack(ATTRIBUTE.pack(ATTRIBUTE.size + 1, _SKV6ONLY))[0]
_CGROUP_TAG: int = _TAG.unpack(ATTRIBUTE.pack(ATTRIBUTE.size + 8, _CGROUP_ID))[0]


class Row(NamedTuple):
    """One socket.

    Attributes:
        family: ``AF_INET`` or ``AF_INET6``.
        state: As numbered above.
        port: Of this end.
        peer_port: Of the other end; 0 where there is none.
        address: Of this end, 4 or 16 bytes.
        peer: Address of the other end, 4 or 16 bytes.
        interface: Index of the only interface it is bound to; 0 for all.
        queued: TCP LISTEN: connections that wait to be accepted. Else bytes not yet read.
        backlog: TCP LISTEN: how many may wait. Else bytes not yet acknowledged.
        uid: User id kept with the socket.
        inode: 0 where no file refers to it.
        cgroup: Id of the control group of its maker; 0 where the kernel does not tell.
        v6only: Whether it refuses IPv4; None where that is no question.
    """

    family: int
    state: int
    port: int
    peer_port: int
    address: bytes
    peer: bytes
    interface: int
    queued: int
    backlog: int
    uid: int
    inode: int
    cgroup: int
    v6only: bool | None


class Diagnosis(NamedTuple):
    """What one dump brought.

    Attributes:
        rows: The sockets.
        interrupted: Whether the kernel said that the table kept changing.
    """

    rows: list[Row]
    interrupted: bool


def dump(netlink: NetlinkSocket, family: int, protocol: int, states: int) -> Diagnosis:
    """All sockets of one family and protocol in the namespace of the netlink socket.

    Args:
        netlink: A conversation with ``NETLINK_SOCK_DIAG``.
        family: ``AF_INET`` or ``AF_INET6``.
        protocol: ``IPPROTO_TCP``, ``IPPROTO_UDP`` or ``IPPROTO_MPTCP``.
        states: Bit n for state n.

    Raises:
        OSError: The kernel refused; ENOENT where it has no diagnosis for this protocol.
        NetlinkError: What came is no netlink message.
    """
    answer = _ask(netlink, family, protocol, states)
    rows: list[Row] = []
    for datagram in answer.datagrams:
        parse(datagram, rows)
    return Diagnosis(rows, answer.interrupted)


def raw(netlink: NetlinkSocket, family: int, protocol: int, states: int) -> list[bytes]:
    """The same as ``dump``, not yet unpacked; each piece is for ``parse``."""
    return _ask(netlink, family, protocol, states).datagrams


def connect(*, steady: bool = False) -> NetlinkSocket:
    """A conversation with the diagnosis of this thread's network namespace.

    Args:
        steady: As for ``NetlinkSocket``.

    Raises:
        OSError: The kernel has none.
    """
    return NetlinkSocket(NETLINK_SOCK_DIAG, steady=steady)


def _ask(netlink: NetlinkSocket, family: int, protocol: int, states: int) -> Dump:
    short = protocol & 0xFF
    body = _REQUEST.pack(family, short, 0, 0, states)
    if short != protocol:
        body += attribute(_REQ_PROTOCOL, struct.pack("=I", protocol))
    return netlink.dump(SOCK_DIAG_BY_FAMILY, body)


def parse(datagram: bytes, rows: list[Row]) -> None:
    """Add the sockets of one datagram to ``rows``.

    Sockets of one kind come in long runs of equal messages. Where the attributes lie is learnt
    from the first of a kind, and runs of it are unpacked as one array: that is what makes a
    hundred thousand sockets quick.

    Args:
        datagram: Whole messages, as ``netlink.frame`` passes them.
        rows: Where they are added.

    Raises:
        NetlinkError: A message is too short, or an attribute too long.
    """
    view = memoryview(datagram)
    layouts: dict[_Kind, _Layout] = {}
    offset, size = 0, len(datagram)
    while offset < size:
        if size - offset < HEADER.size:
            raise NetlinkError(mark("a netlink message is shorter than its header"))
        length, kind = _START.unpack_from(view, offset)
        is_socket = kind == SOCK_DIAG_BY_FAMILY
        if not (_MESSAGE_SIZE if is_socket else HEADER.size) <= length <= size - offset:
            raise NetlinkError(mark("a socket's message has an impossible length"))
        step = (length + 3) & ~3
        if not is_socket:
            offset += step
            continue
        sort = _Kind(length, view[offset + _FAMILY], view[offset + _STATE])
        layout = layouts.get(sort)
        taken = layout.take(view, offset, rows) if layout else 0
        if not taken:
            row, layouts[sort] = _learn(view[offset : offset + length], sort)
            rows.append(row)
            taken = 1
        offset += taken * step


class _Kind(NamedTuple):
    """Messages that agree in these have their attributes in the same places."""

    length: int
    family: int
    state: int


class _Layout:
    """How to read a run of messages of one kind."""

    def __init__(self, kind: _Kind, v6only: int | None, cgroup: int | None) -> None:
        """Build the reader.

        Args:
            kind: What it reads.
            v6only: Where in the message the payload of SKV6ONLY is; None without one.
            cgroup: The same for CGROUP_ID.
        """
        self.kind = kind
        self.step = (kind.length + 3) & ~3
        self.has_v6only = v6only is not None
        self.has_cgroup = cgroup is not None
        self._reader = _reader(kind, self.step, v6only, cgroup)

    def take(self, view: memoryview, offset: int, rows: list[Row]) -> int:
        """Add the messages at ``offset`` that are of this kind; returns how many were."""
        length, family, state = self.kind
        end = offset + (len(view) - offset) // self.step * self.step
        has_v6only, has_cgroup = self.has_v6only, self.has_cgroup
        v6only: bool | None = None
        cgroup = before = len(rows)
        make, add, swap = Row._make, rows.append, ntohs
        for (
            length_, kind_, family_, state_, port, peer_port, address, peer, interface,
            queued, backlog, uid, inode, *attached,
        ) in self._reader.iter_unpack(view[offset:end]):  # fmt: skip
            if length_ != length or family_ != family or state_ != state:
                break
            if kind_ != SOCK_DIAG_BY_FAMILY:
                break
            cgroup = 0
            if has_cgroup:
                tag, cgroup = attached[-2:]
                if tag != _CGROUP_TAG:
                    break
            if has_v6only:
                v6only = bool(attached[0])
            add(
                make(
                    (family, state, swap(port), swap(peer_port), address, peer, interface,
                     queued, backlog, uid, inode, cgroup, v6only)
                )
            )  # fmt: skip
        return len(rows) - before


@cache
def _reader(kind: _Kind, step: int, v6only: int | None, cgroup: int | None) -> struct.Struct:
    width = "4s12x4s12x" if kind.family == AF_INET else "16s16s"
    text = _HEAD + width + _TAIL
    position = _MESSAGE_SIZE
    if v6only is not None:
        text += f"{v6only - position}xB"
        position = v6only + 1
    if cgroup is not None:
        text += f"{cgroup - ATTRIBUTE.size - position}xIQ"
        position = cgroup + 8
    return struct.Struct(f"{text}{step - position}x")


def _learn(message: memoryview, kind: _Kind) -> tuple[Row, _Layout]:
    """Read one message the slow way, and remember where its attributes lie.

    Raises:
        NetlinkError: An attribute is longer than what it stands in.
    """
    found = places(message, _MESSAGE_SIZE)
    v6only = _place(message, found.get(_SKV6ONLY), _SKV6ONLY_TAG)
    cgroup = _place(message, found.get(_CGROUP_ID), _CGROUP_TAG)
    if v6only is not None and cgroup is not None and v6only > cgroup:
        v6only = None  # no kernel writes them in this order, and the reader goes forwards
    layout = _Layout(kind, v6only, cgroup)
    rows: list[Row] = []
    layout.take(memoryview(bytes(message) + bytes(-len(message) % 4)), 0, rows)
    return rows[0], layout


def _place(message: memoryview, place: tuple[int, int] | None, tag: int) -> int | None:
    """Where the payload of an attribute begins, if its header is exactly ``tag``."""
    if place is None:
        return None
    start = place[0]
    header: int = _TAG.unpack_from(message, start - ATTRIBUTE.size)[0]
    return start if header == tag else None
