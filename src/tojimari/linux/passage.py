"""How the kernel would send a packet to an address: interface, next hop, own address.

Source: linux/rtnetlink.h, linux/fib_rules.h.
"""

import struct
from _socket import AF_INET, AF_INET6
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import IntEnum

from tojimari.core.message import mark
from tojimari.linux.netlink import (
    NETLINK_ROUTE,
    NetlinkError,
    NetlinkSocket,
    attribute,
    attributes,
    messages,
)

_NEWROUTE, _GETROUTE = 24, 26
_NEWRULE, _GETRULE = 32, 34

# struct rtmsg: family, destination length, source length, tos, table, protocol, scope, type, flags;
# struct fib_rule_hdr has the destination's length at the same place.
_ROUTE = struct.Struct("=BBBBBBBBI")
_NUMBER = struct.Struct("=I")
_VIA_FAMILY = struct.Struct("=H")
_DST, _SRC, _OIF, _GATEWAY, _PREFSRC, _VIA = 1, 2, 4, 5, 7, 18
_FLAG_CLONED = 0x200  # RTM_F_CLONED: a cached route, no line of the table
_FAMILY = {4: AF_INET, 6: AF_INET6}
_BITS = {4: 32, 6: 128}
_VERSION = {AF_INET: 4, AF_INET6: 6}


class Sort(IntEnum):
    """What an address is to this machine (RTN_* of linux/rtnetlink.h)."""

    UNICAST = 1
    LOCAL = 2
    BROADCAST = 3
    ANYCAST = 4
    MULTICAST = 5
    BLACKHOLE = 6
    UNREACHABLE = 7
    PROHIBIT = 8
    THROW = 9


@dataclass(frozen=True, slots=True)
class Passage:
    """The kernel's choice for one address.

    Attributes:
        sort: What the address is to this machine.
        index: Of the interface.
        source: The address that packets would come from, as a number; 0 where there is none.
        gateway: The next hop as a number; None where the address is on the link.
        gateway_version: 4 or 6: an IPv4 address may be behind an IPv6 one (RFC 8950); 0 for none.
    """

    sort: Sort
    index: int
    source: int
    gateway: int | None
    gateway_version: int = 0


class Passages:
    """Asks the kernel, as often as is wanted."""

    def __init__(self) -> None:
        """Open the conversation.

        Raises:
            OSError: A sandbox forbids it.
        """
        self._netlink = NetlinkSocket(NETLINK_ROUTE)

    def close(self) -> None:
        """End the conversation."""
        self._netlink.close()

    def to(self, version: int, address: int, index: int = 0) -> Passage | None:
        """The passage to an address; None where the kernel says that there is none.

        As for a connection (net/ipv4/route.c, ip_route_connect), the kernel chooses an IPv4 source
        first and then, once more, the way of packets that come from it: a rule may say another.

        Args:
            version: 4 or 6.
            address: As a number.
            index: The interface that must be taken; 0 for any.

        Raises:
            OSError: The kernel refused for another reason.
            NetlinkError: What came is no netlink message.
        """
        bits = _BITS[version]
        body = _ROUTE.pack(_FAMILY[version], bits, 0, 0, 0, 0, 0, 0, 0)
        body += attribute(_DST, address.to_bytes(bits // 8, "big"))
        if index:
            body += attribute(_OIF, _NUMBER.pack(index))
        found = self._asked(body)
        if version == 6 or found is None or found.sort is not Sort.UNICAST or not found.source:  # noqa: PLR2004 - IPv6
            return found
        again = self._asked(body + attribute(_SRC, found.source.to_bytes(bits // 8, "big")))
        return None if again is None else replace(again, source=found.source)

    def _asked(self, body: bytes) -> Passage | None:
        try:
            answer = self._netlink.ask(_GETROUTE, body)
        except OSError as error:
            if error.errno in _NO_WAY:
                return None
            raise
        return parse(answer)

    def borders(self, version: int) -> frozenset[int]:
        """The addresses at which the choice may change, as numbers.

        Between two neighbouring ones, all addresses have the same passage: the borders of every
        network that a table or a rule names.

        Raises:
            OSError: The kernel refused.
            NetlinkError: What came is no netlink message.
        """
        found: set[int] = set()
        for kind, answer in ((_GETROUTE, _NEWROUTE), (_GETRULE, _NEWRULE)):
            request = _ROUTE.pack(_FAMILY[version], *[0] * 8)
            for datagram in self._netlink.dump(kind, request).datagrams:
                found.update(borders(datagram, answer, version))
        return frozenset(found)


# Also what a policy rule says (linux/fib_rules.h: unreachable, prohibit), and a family without any
# address: EHOSTUNREACH, ENETUNREACH, EACCES, EINVAL (blackhole), EAFNOSUPPORT.
_NO_WAY = frozenset({113, 101, 13, 22, 97})


def parse(datagram: bytes) -> Passage | None:
    """Read the answer about one address; None where it is none.

    Raises:
        NetlinkError: A message is too short, or an attribute too long.
    """
    for kind, body in messages(datagram):
        if kind != _NEWROUTE:
            continue
        if len(body) < _ROUTE.size:
            raise NetlinkError(mark("a route's message is shorter than a route"))
        sort = _ROUTE.unpack_from(body)[7]
        values = attributes(body, _ROUTE.size)
        if sort not in list(Sort) or len(values.get(_OIF, b"")) != _NUMBER.size:
            return None
        source = int.from_bytes(values.get(_PREFSRC, b""), "big")
        gateway = _next_hop(bytes(values.get(_GATEWAY, b"")), bytes(values.get(_VIA, b"")))
        return Passage(Sort(sort), _NUMBER.unpack(values[_OIF])[0], source, *gateway)
    return None


def _next_hop(gateway: bytes, via: bytes) -> tuple[int | None, int]:
    """The next hop and its version, of either attribute."""
    if len(via) > _VIA_FAMILY.size:  # struct rtvia: family, then the address
        (family,) = _VIA_FAMILY.unpack_from(via)
        if family not in _VERSION:
            return None, 0
        return int.from_bytes(via[_VIA_FAMILY.size :], "big"), _VERSION[family]
    if not gateway:
        return None, 0
    return int.from_bytes(gateway, "big"), 4 if len(gateway) == 4 else 6  # noqa: PLR2004 - bytes of IPv4


def borders(datagram: bytes, wanted: int, version: int) -> Iterator[int]:
    """First address, and the one after the last, of each network in a list of routes or rules.

    Raises:
        NetlinkError: A message is too short, or an attribute too long.
    """
    bits = _BITS[version]
    for kind, body in messages(datagram):
        if kind != wanted or len(body) < _ROUTE.size:
            continue
        family, length, *_, flags = _ROUTE.unpack_from(body)
        cached = wanted == _NEWROUTE and flags & _FLAG_CLONED
        if _VERSION.get(family) != version or cached or length > bits:
            continue
        first = int.from_bytes(attributes(body, _ROUTE.size).get(_DST, b""), "big")
        yield first
        yield first + (1 << bits - length)
