"""Network interfaces and addresses of one network namespace, by routing netlink.

Source: linux/rtnetlink.h, linux/if_link.h, linux/if_addr.h.
"""

import struct
import sys
from _socket import AF_INET, AF_INET6
from dataclasses import dataclass

from tojimari.core.interface import Interface
from tojimari.core.message import mark
from tojimari.linux import address
from tojimari.linux.netlink import (
    NETLINK_ROUTE,
    NetlinkError,
    NetlinkSocket,
    attribute,
    attributes,
    messages,
)

_NEWLINK = 16
_GETLINK = 18
_NEWADDR = 20
_GETADDR = 22

# struct ifinfomsg: family, hardware type, index, flags, changed flags.
_LINK = struct.Struct("=BxHiII")
_EXT_MASK = 29  # IFLA_EXT_MASK
_SKIP_STATS = 1 << 3  # RTEXT_FILTER_SKIP_STATS: most of an answer would be counters
_IFLA_ADDRESS = 1
_IFNAME = 3
_IFLA_MTU = 4
_LINKINFO = 18
_INFO_KIND = 1
_INFO_DATA = 2
_UP = 1  # IFF_UP
_HARDWARE = {1: "ethernet", 772: "loopback"}  # linux/if_arp.h

# struct ifaddrmsg: family, prefix length, flags, scope, index.
_ADDRESS = struct.Struct("=BBBBI")
_IFA_ADDRESS = 1
_IFA_LOCAL = 2

# Where a kind of tunnel keeps the UDP port at which the kernel itself listens.
_TUNNEL_PORT = {"vxlan": 15, "geneve": 5, "bareudp": 1}  # IFLA_VXLAN_PORT and so on


@dataclass(frozen=True, slots=True)
class Link:
    """An interface, and what only the kernel's own sockets need to know of it.

    Attributes:
        interface: As the rest of tojimari knows it.
        tunnel_port: UDP port at which the kernel receives for it; None where it needs none.
        hardware: Its own link address; empty where it has none.
        mtu: Bytes; 0 where the kernel did not say.
        sort: ARPHRD_* of linux/if_arp.h: which frames it takes.
    """

    interface: Interface
    tunnel_port: int | None
    hardware: bytes = b""
    mtu: int = 0
    sort: int = 0


def links() -> tuple[Link, ...]:
    """The interfaces of this thread's network namespace, in the kernel's order.

    Raises:
        OSError: The kernel refused.
        NetlinkError: What came is no netlink message.
    """
    with NetlinkSocket(NETLINK_ROUTE) as netlink:
        request = _LINK.pack(0, 0, 0, 0, 0) + attribute(_EXT_MASK, struct.pack("=I", _SKIP_STATS))
        found = netlink.dump(_GETLINK, request).datagrams
        addresses = parse_addresses(netlink.dump(_GETADDR, _ADDRESS.pack(0, 0, 0, 0, 0)).datagrams)
    return parse_links(found, addresses)


def parse_links(datagrams: list[bytes], addresses: dict[int, list[str]]) -> tuple[Link, ...]:
    """Read the answer to a request for all links.

    Args:
        datagrams: As ``Dump`` has them.
        addresses: By interface index, as ``parse_addresses`` gives them.

    Raises:
        NetlinkError: A message is too short, or an attribute too long.
    """
    found: list[Link] = []
    for datagram in datagrams:
        for kind, body in messages(datagram):
            if kind != _NEWLINK:
                continue
            if len(body) < _LINK.size:
                raise NetlinkError(mark("an interface's message is shorter than an interface"))
            _, hardware, index, flags, _ = _LINK.unpack_from(body)
            values = attributes(body, _LINK.size)
            info = attributes(values.get(_LINKINFO, b""))
            driver = _string(info.get(_INFO_KIND, b""))
            interface = Interface(
                name=_string(values.get(_IFNAME, b"")) or str(index),
                index=index,
                addresses=tuple(addresses.get(index, ())),
                up=bool(flags & _UP),
                kind=driver or _HARDWARE.get(hardware, "other"),
            )
            found.append(
                Link(
                    interface,
                    _tunnel_port(driver, info.get(_INFO_DATA, b"")),
                    bytes(values.get(_IFLA_ADDRESS, b"")),
                    int.from_bytes(values.get(_IFLA_MTU, b""), sys.byteorder),
                    hardware,
                )
            )
    return tuple(found)


def parse_addresses(datagrams: list[bytes]) -> dict[int, list[str]]:
    """Read the answer to a request for all addresses.

    Returns:
        Interface index to addresses with their prefix length, ``192.0.2.1/24``.

    Raises:
        NetlinkError: A message is too short, or an attribute too long.
    """
    found: dict[int, list[str]] = {}
    for datagram in datagrams:
        for kind, body in messages(datagram):
            if kind != _NEWADDR:
                continue
            if len(body) < _ADDRESS.size:
                raise NetlinkError(mark("an address's message is shorter than an address"))
            family, prefix, _, _, index = _ADDRESS.unpack_from(body)
            values = attributes(body, _ADDRESS.size)
            # On a point-to-point interface, IFA_ADDRESS is the other end (linux/if_addr.h).
            packed = bytes(values.get(_IFA_LOCAL, values.get(_IFA_ADDRESS, b"")))
            if len(packed) == {AF_INET: address.IPV4_LENGTH, AF_INET6: address.IPV6_LENGTH}.get(
                family
            ):
                found.setdefault(index, []).append(f"{address.text(packed)}/{prefix}")
    return found


def _string(payload: bytes | memoryview) -> str:
    return bytes(payload).rstrip(b"\0").decode("utf-8", "surrogateescape")


def _tunnel_port(driver: str, data: bytes | memoryview) -> int | None:
    kind = _TUNNEL_PORT.get(driver)
    payload = attributes(data).get(kind) if kind is not None else None
    if payload is None or len(payload) != 2:  # noqa: PLR2004 - bytes of a port
        return None
    return int.from_bytes(payload, "big")
