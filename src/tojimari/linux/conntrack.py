"""Conversations that the kernel tracks, forgotten: those that are sent on by NAT end with it.

A conversation that was sent on to a container has no socket on this machine that could be closed;
what carries it is the entry in the table of conversations. Without the entry its packets are new
again, and go the way of all that are new.

Source: linux/netfilter/nfnetlink_conntrack.h; net/netfilter/nf_conntrack_netlink.c.
"""

import struct
from _socket import AF_INET, AF_INET6, inet_ntop
from collections.abc import Callable, Iterator
from typing import NamedTuple

from tojimari.linux.netfilter import NETLINK_NETFILTER
from tojimari.linux.netlink import (
    NLM_F_ACK,
    NetlinkSocket,
    attribute,
    attributes,
    messages,
)

IPCTNL_MSG_CT_NEW = 0
IPCTNL_MSG_CT_GET = 1
IPCTNL_MSG_CT_DELETE = 2

_SUBSYSTEM = 1 << 8  # NFNL_SUBSYS_CTNETLINK
_HEADER = struct.Struct("=BBH")  # struct nfgenmsg
_TUPLE_ORIG, _STATUS, _PROTOINFO, _ID = 1, 3, 4, 12  # CTA_*
_TCP_INFO, _TCP_STATE, _ESTABLISHED = 1, 1, 3  # CTA_PROTOINFO_TCP*, TCP_CONNTRACK_ESTABLISHED
_TUPLE_IP, _TUPLE_PROTO = 1, 2  # CTA_TUPLE_*
_SOURCE = {AF_INET: 1, AF_INET6: 3}  # CTA_IP_V4_SRC, CTA_IP_V6_SRC
_TARGET = {AF_INET: 2, AF_INET6: 4}  # CTA_IP_V4_DST, CTA_IP_V6_DST
_NUMBER, _SOURCE_PORT, _TARGET_PORT = 1, 2, 3  # CTA_PROTO_*
_IPS_DST_NAT = 1 << 5  # linux/netfilter/nf_conntrack_common.h
_NESTED = 0x8000  # NLA_F_NESTED
_SIZES = {AF_INET: 4, AF_INET6: 16}


class Tracked(NamedTuple):
    """One conversation, as its first packet was before anything was rewritten.

    Attributes:
        protocol: 6 for TCP, 17 for UDP.
        source: Who came, and from which port.
        target: Where to.
        sent_on: Whether destination NAT sends it elsewhere.
        alive: Whether it goes on, as far as the kernel knows: of TCP, what is established.
    """

    protocol: int
    source: tuple[str, int]
    target: tuple[str, int]
    sent_on: bool
    alive: bool


def connect() -> NetlinkSocket:
    """A conversation with the kernel's connection tracking, in this thread's network namespace.

    Raises:
        OSError: The kernel has none.
    """
    return NetlinkSocket(NETLINK_NETFILTER)


def listed(netlink: NetlinkSocket) -> Iterator[tuple[Tracked, bytes]]:
    """Every conversation that has ports, and the request that names it.

    Raises:
        OSError: We may not (CAP_NET_ADMIN), or the kernel cannot.
        NetlinkError: What came is no netlink message.
    """
    for family in _SIZES:
        header = _HEADER.pack(family, 0, 0)
        for datagram in netlink.dump(_SUBSYSTEM | IPCTNL_MSG_CT_GET, header).datagrams:
            for kind, body in messages(datagram):
                if kind == _SUBSYSTEM | IPCTNL_MSG_CT_NEW:
                    for one, name in parse(family, body):
                        yield one, header + name


def forget(netlink: NetlinkSocket, wanted: Callable[[Tracked], bool]) -> list[Tracked]:
    """Have the kernel forget every conversation that is wanted.

    Args:
        netlink: As from ``connect``.
        wanted: Whether one is to be forgotten.

    Returns:
        Those that were forgotten; what had ended by itself meanwhile is left out.

    Raises:
        OSError: We may not (CAP_NET_ADMIN), or the kernel cannot.
        NetlinkError: What came is no netlink message.
    """
    return [one for one, name in listed(netlink) if wanted(one) and _delete(netlink, name)]


def parse(family: int, body: bytes | memoryview) -> Iterator[tuple[Tracked, bytes]]:
    """The conversation of a message, and what names it; nothing where it has no ports.

    Args:
        family: ``AF_INET`` or ``AF_INET6``.
        body: The message, ``struct nfgenmsg`` first.

    Raises:
        NetlinkError: An attribute has an impossible length.
    """
    told = attributes(body, _HEADER.size)
    original = told.get(_TUPLE_ORIG)
    if original is None:
        return
    parts = attributes(original)
    ip, proto = (attributes(parts.get(one, b"")) for one in (_TUPLE_IP, _TUPLE_PROTO))
    source, target = (bytes(ip.get(one[family], b"")) for one in (_SOURCE, _TARGET))
    ports = [bytes(proto.get(one, b"")) for one in (_SOURCE_PORT, _TARGET_PORT)]
    number = bytes(proto.get(_NUMBER, b""))
    sizes = [len(one) for one in (source, target, *ports, number)]
    if sizes != [_SIZES[family], _SIZES[family], 2, 2, 1]:
        return
    status = int.from_bytes(told.get(_STATUS, b""), "big")
    from_port, to_port = (int.from_bytes(one, "big") for one in ports)
    one = Tracked(
        number[0],
        (inet_ntop(family, source), from_port),
        (inet_ntop(family, target), to_port),
        bool(status & _IPS_DST_NAT),
        _is_alive(told.get(_PROTOINFO)),
    )
    # With its number, so that no later conversation between the same two is hit.
    name = attribute(_TUPLE_ORIG | _NESTED, bytes(original))
    if _ID in told:
        name += attribute(_ID, bytes(told[_ID]))
    yield one, name


def _is_alive(info: memoryview | None) -> bool:
    if info is None:
        return True
    tcp = attributes(attributes(info).get(_TCP_INFO, b""))
    return bytes(tcp.get(_TCP_STATE, bytes([_ESTABLISHED]))) == bytes([_ESTABLISHED])


def _delete(netlink: NetlinkSocket, body: bytes) -> bool:
    try:
        netlink.ask(_SUBSYSTEM | IPCTNL_MSG_CT_DELETE, body, NLM_F_ACK)
    except FileNotFoundError:  # ENOENT: it has ended by itself
        return False
    return True
