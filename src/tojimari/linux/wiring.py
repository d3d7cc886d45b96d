"""Virtual cables and what their ends need, by routing netlink.

Source: linux/rtnetlink.h, linux/if_link.h, linux/veth.h, linux/if_addr.h, linux/neighbour.h.
"""

import errno
import ipaddress
import os
import struct
import time
from _socket import AF_INET, AF_INET6, AF_UNSPEC

from tojimari.linux.netlink import (
    NETLINK_ROUTE,
    NLM_F_ACK,
    NLM_F_CREATE,
    NetlinkSocket,
    attribute,
    attributes,
    messages,
)

_EXCLUSIVE = 0x200  # NLM_F_EXCL
_NEW_LINK, _DEL_LINK, _GET_LINK = 16, 17, 18  # messages of linux/rtnetlink.h
_NEW_ADDRESS, _NEW_ROUTE, _NEW_NEIGHBOUR, _DEL_NEIGHBOUR = 20, 24, 28, 29

_LINK = struct.Struct("=BxHiII")  # struct ifinfomsg: family, hardware, index, flags, changed flags
_HARDWARE, _NAME, _LINK_INFO, _AF_SPEC, _NAMESPACE = 1, 3, 18, 26, 28  # IFLA_*
_KIND, _DATA, _PEER = 1, 2, 1  # IFLA_INFO_KIND, IFLA_INFO_DATA; VETH_INFO_PEER
_ADDRESS_MODE, _NO_ADDRESS = 8, 1  # IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE
_UP = 1  # IFF_UP
_NESTED = 0x8000  # NLA_F_NESTED

_ADDRESS = struct.Struct("=BBBBI")  # struct ifaddrmsg: family, prefix length, flags, scope, index
_IFA_ADDRESS, _IFA_LOCAL, _NO_DETECTION = 1, 2, 0x02  # IFA_F_NODAD

# struct rtmsg: family, destination length, source length, tos, table, protocol, scope, type, flags
_ROUTE = struct.Struct("=BBBBBBBBI")
_RTA_OUT, _RTA_SOURCE = 4, 7
_MAIN, _STATIC, _ON_LINK, _UNICAST = 254, 4, 253, 1

_NEIGHBOUR = struct.Struct("=B3xiHBB")  # struct ndmsg: family, interface, state, flags, type
_DST, _LLADDR, _PERMANENT = 1, 2, 0x80

_FAMILY = {4: AF_INET, 6: AF_INET6}


def cable(near: str, far: str, hardware: bytes, namespace: int) -> None:
    """Lay a cable from this thread's network namespace into another (veth(4)).

    Neither end takes an address by itself. Removing one end removes the other, and so does the end
    of the namespace that it is in.

    Args:
        near: Name of the end here.
        far: Name of the end there.
        hardware: Link address of the end there, 6 bytes.
        namespace: Descriptor of the other namespace.

    Raises:
        OSError: The kernel refused; EEXIST where there is such a name.
    """
    there = _LINK.pack(AF_UNSPEC, 0, 0, 0, 0)
    there += _name(far) + attribute(_HARDWARE, hardware)
    there += attribute(_NAMESPACE, struct.pack("=I", namespace))
    info = attribute(_KIND, b"veth\0") + _nested(_DATA, attribute(_PEER, there))
    body = _LINK.pack(AF_UNSPEC, 0, 0, 0, 0) + _name(near) + _nested(_LINK_INFO, info)
    _order(_NEW_LINK, body, NLM_F_CREATE | _EXCLUSIVE)


def cut(name: str) -> None:
    """Remove an interface; nothing where it has gone.

    Raises:
        OSError: The kernel refused.
    """
    try:
        _order(_DEL_LINK, _LINK.pack(AF_UNSPEC, 0, 0, 0, 0) + _name(name))
    except OSError as error:
        if error.errno != errno.ENODEV:
            raise


def up(index: int) -> None:
    """Bring an interface up, without the address of IPv6 that it would give itself.

    Raises:
        OSError: The kernel refused.
    """
    mode = attribute(_ADDRESS_MODE, bytes([_NO_ADDRESS]))
    silent = _LINK.pack(AF_UNSPEC, 0, index, 0, 0) + _nested(_AF_SPEC, _nested(AF_INET6, mode))
    try:
        _order(_NEW_LINK, silent)
    except OSError as error:
        if error.errno != errno.EAFNOSUPPORT:
            raise
    _order(_NEW_LINK, _LINK.pack(AF_UNSPEC, 0, index, _UP, _UP))


def await_up(index: int) -> None:
    """Wait until the kernel has seen that a cable's end is up, and the other one too.

    It learns of it a moment later. Until then IPv6 sends nothing, and the end that was up first
    drops whatever it is to send.

    Raises:
        OSError: The kernel refused; ETIMEDOUT where it takes longer than it ever should.
    """
    until = time.monotonic() + _PATIENCE
    with NetlinkSocket(NETLINK_ROUTE) as netlink:
        while time.monotonic() < until:
            answer = netlink.ask(_GET_LINK, _LINK.pack(AF_UNSPEC, 0, index, 0, 0))
            for kind, body in messages(answer):
                if kind == _NEW_LINK and bytes(
                    attributes(body, _LINK.size).get(_OPERATION, b"")
                ) == bytes([_OPERATING]):
                    return
            time.sleep(_PAUSE)
    raise OSError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))


_PATIENCE, _PAUSE = 5.0, 0.0005  # seconds; the kernel itself waits a second at most
_OPERATION, _OPERATING = 16, 6  # IFLA_OPERSTATE, IF_OPER_UP


def live_at(index: int, address: str) -> None:
    """Give an interface an address of its own, alone in its network, at once.

    Raises:
        OSError: The kernel refused.
    """
    packed, version = _packed(address)
    body = _ADDRESS.pack(_FAMILY[version], len(packed) * 8, _NO_DETECTION, 0, index)
    body += attribute(_IFA_LOCAL, packed) + attribute(_IFA_ADDRESS, packed)
    _order(_NEW_ADDRESS, body, NLM_F_CREATE | _EXCLUSIVE)


def everything_by(index: int, source: str) -> None:
    """Let every packet of an address's version leave by an interface, from that address.

    Raises:
        OSError: The kernel refused.
    """
    packed, version = _packed(source)
    scope = _ON_LINK if version == 4 else 0  # noqa: PLR2004 - IPv4
    body = _ROUTE.pack(_FAMILY[version], 0, 0, 0, _MAIN, _STATIC, scope, _UNICAST, 0)
    body += attribute(_RTA_OUT, struct.pack("=I", index)) + attribute(_RTA_SOURCE, packed)
    _order(_NEW_ROUTE, body, NLM_F_CREATE | _EXCLUSIVE)


def neighbour(index: int, address: str, hardware: bytes) -> None:
    """Say once and for all at which link address an address is.

    Raises:
        OSError: The kernel refused.
    """
    packed, version = _packed(address)
    body = _NEIGHBOUR.pack(_FAMILY[version], index, _PERMANENT, 0, 0)
    body += attribute(_DST, packed) + attribute(_LLADDR, hardware)
    _order(_NEW_NEIGHBOUR, body, NLM_F_CREATE)


def forget(index: int, address: str) -> None:
    """Take a neighbour out of the table; nothing where it is not in it.

    Raises:
        OSError: The kernel refused for another reason.
    """
    packed, version = _packed(address)
    body = _NEIGHBOUR.pack(_FAMILY[version], index, 0, 0, 0) + attribute(_DST, packed)
    try:
        _order(_DEL_NEIGHBOUR, body)
    except OSError as error:
        if error.errno not in {errno.ENOENT, errno.ENODEV}:
            raise


def _order(kind: int, body: bytes, flags: int = 0) -> None:
    with NetlinkSocket(NETLINK_ROUTE) as netlink:
        netlink.ask(kind, body, flags | NLM_F_ACK)


def _name(text: str) -> bytes:
    return attribute(_NAME, text.encode() + b"\0")


def _nested(kind: int, payload: bytes) -> bytes:
    return attribute(kind | _NESTED, payload)


def _packed(address: str) -> tuple[bytes, int]:
    ip = ipaddress.ip_address(address)
    return ip.packed, ip.version
