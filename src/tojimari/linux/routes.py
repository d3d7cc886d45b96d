"""The routing table and the rules that choose one, by routing netlink.

Source: linux/rtnetlink.h, linux/fib_rules.h.
"""

import struct
from dataclasses import dataclass

from tojimari.core.message import mark
from tojimari.linux import address
from tojimari.linux.netlink import (
    NETLINK_ROUTE,
    NetlinkError,
    NetlinkSocket,
    attributes,
    messages,
)

_NEWROUTE, _GETROUTE = 24, 26
_NEWRULE, _GETRULE = 32, 34

# struct rtmsg: family, destination length, source length, tos, table, protocol, scope, type, flags.
_ROUTE = struct.Struct("=BBBBBBBBI")
_DST, _OIF, _MULTIPATH, _TABLE = 1, 4, 9, 15
_NEXTHOP = struct.Struct("=HBBi")  # struct rtnexthop: length, flags, hops, interface
_NUMBER = struct.Struct("=I")
MAIN = 254  # RT_TABLE_MAIN
_USUAL_TABLES = frozenset({0, 253, 254, 255})  # unspecified, default, main, local
_UNICAST = 1
_REFUSING = frozenset({6, 7, 8, 9})  # blackhole, unreachable, prohibit, throw
_FLAG_CLONED = 0x200  # RTM_F_CLONED: a cached route, no line of the table


@dataclass(frozen=True, slots=True)
class Route:
    """One line of the main table.

    Attributes:
        destination: A network, ``0.0.0.0/0`` for the default.
        interfaces: Indexes of the interfaces it goes by; empty where packets are refused.
    """

    destination: str
    interfaces: tuple[int, ...]


def routes() -> tuple[Route, ...]:
    """The main routing table of this thread's network namespace, both families.

    Raises:
        OSError: The kernel refused.
        NetlinkError: What came is no netlink message.
    """
    with NetlinkSocket(NETLINK_ROUTE) as netlink:
        return parse_routes(netlink.dump(_GETROUTE, _ROUTE.pack(*[0] * 9)).datagrams)


def uses_other_tables() -> bool:
    """Whether some rule chooses a table beside the usual three: then routes depend on more.

    Raises:
        OSError: The kernel refused.
        NetlinkError: What came is no netlink message.
    """
    with NetlinkSocket(NETLINK_ROUTE) as netlink:
        return parse_rules(netlink.dump(_GETRULE, _ROUTE.pack(*[0] * 9)).datagrams)


def parse_routes(datagrams: list[bytes]) -> tuple[Route, ...]:
    """Read the answer to a request for all routes.

    Raises:
        NetlinkError: A message is too short, or an attribute too long.
    """
    found: list[Route] = []
    for datagram in datagrams:
        for kind, body in messages(datagram):
            if kind != _NEWROUTE:
                continue
            if len(body) < _ROUTE.size:
                raise NetlinkError(mark("a route's message is shorter than a route"))
            family, length, _, _, table, _, _, sort, flags = _ROUTE.unpack_from(body)
            values = attributes(body, _ROUTE.size)
            if _TABLE in values:
                table = _number(values[_TABLE])
            if table != MAIN or flags & _FLAG_CLONED or sort not in _REFUSING | {_UNICAST}:
                continue
            empty = {2: "0.0.0.0", 10: "::"}.get(family)  # noqa: S104 - compared, never bound
            if empty is None:
                continue
            packed = bytes(values.get(_DST, b""))
            text = address.text(packed) if packed else empty
            interfaces = () if sort in _REFUSING else _interfaces(values)
            found.append(Route(f"{text}/{length}", interfaces))
    return tuple(found)


def parse_rules(datagrams: list[bytes]) -> bool:
    """Read the answer to a request for all rules; see ``uses_other_tables``.

    Raises:
        NetlinkError: A message is too short, or an attribute too long.
    """
    for datagram in datagrams:
        for kind, body in messages(datagram):
            if kind != _NEWRULE:
                continue
            if len(body) < _ROUTE.size:
                raise NetlinkError(mark("a rule's message is shorter than a rule"))
            table = _ROUTE.unpack_from(body)[4]
            values = attributes(body, _ROUTE.size)
            if _TABLE in values:
                table = _number(values[_TABLE])
            if table not in _USUAL_TABLES:
                return True
    return False


def _interfaces(values: dict[int, memoryview] | dict[int, bytes | memoryview]) -> tuple[int, ...]:
    if _OIF in values:
        return (_number(values[_OIF]),)
    hops = bytes(values.get(_MULTIPATH, b""))
    found: list[int] = []
    at = 0
    while at + _NEXTHOP.size <= len(hops):
        length, _, _, index = _NEXTHOP.unpack_from(hops, at)
        found.append(index)
        if length < _NEXTHOP.size:
            break
        at += (length + 3) & ~3
    return tuple(found)


def _number(payload: bytes | memoryview) -> int:
    if len(payload) != _NUMBER.size:
        raise NetlinkError(mark("a number in a route is not four bytes long"))
    found: int = _NUMBER.unpack(payload)[0]
    return found
