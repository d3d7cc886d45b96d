"""The link addresses of neighbours, by the kernel's own table; where it is cold, it is warmed.

The kernel does the asking (ARP, RFC 826; neighbour discovery, RFC 4861): whoever needs a link
address only has to give it a reason to.

Source: linux/neighbour.h.
"""

import contextlib
import ipaddress
import struct
import time
from _socket import AF_INET, AF_INET6
from collections.abc import Callable, Collection

from tojimari.linux.netlink import (
    NETLINK_ROUTE,
    NLM_F_ACK,
    NLM_F_CREATE,
    NetlinkSocket,
    attribute,
    attributes,
    messages,
)

_NEWNEIGH, _GETNEIGH = 28, 30
_ENTRY = struct.Struct("=B3xiHBB")  # struct ndmsg: family, interface, state, flags, type
_DST, _LLADDR = 1, 2
_USE = 1  # NTF_USE: as if a packet had just been sent there
_NONE = 0x00
_FAILED = 0x20
_KNOWN = 0x02 | 0x04 | 0x08 | 0x10 | 0x40 | 0x80  # reachable, stale, delay, probe, noarp, permanent
_FAMILY = {4: AF_INET, 6: AF_INET6}
_LENGTH = {4: 4, 6: 16}
_DISCARD = 9  # the port at which nothing is ever done with what comes (RFC 863)

PATIENCE = 3.2  # seconds; the kernel asks three times, a second apart (ucast_solicit, retrans_time)
FIRST_PAUSE = 0.0005  # seconds between two looks at the table; doubled each time
LONGEST_PAUSE = 0.05


def known(index: int, version: int) -> dict[int, bytes]:
    """The neighbours on a link that the kernel knows now.

    Args:
        index: Of the interface.
        version: 4 or 6.

    Returns:
        Addresses as numbers, and their link addresses.

    Raises:
        OSError: The kernel refused.
        NetlinkError: What came is no netlink message.
    """
    with NetlinkSocket(NETLINK_ROUTE) as netlink:
        return _states(netlink, index, version)[0]


def find(
    addresses: Collection[int],
    index: int,
    version: int,
    *,
    seconds: float = PATIENCE,
    stopped: Callable[[], bool] = lambda: False,
) -> dict[int, bytes]:
    """The link addresses of neighbours; who is not known yet is asked for.

    Args:
        addresses: As numbers. Not more than the kernel's table holds (``gc_thresh3``, 1,024 unless
            somebody changed it).
        index: Of the interface.
        version: 4 or 6.
        seconds: How long at most.
        stopped: Whether to give up now.

    Returns:
        Those who answered.

    Raises:
        OSError: The kernel refused.
        NetlinkError: What came is no netlink message.
    """
    wanted = frozenset(addresses)
    until = time.monotonic() + seconds
    pause = FIRST_PAUSE
    with NetlinkSocket(NETLINK_ROUTE) as netlink:
        found, _ = _states(netlink, index, version)
        cold = wanted - found.keys()
        for one in cold:
            _stir(netlink, one, index, version)
        while cold and time.monotonic() < until and not stopped():
            time.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
            found, failed = _states(netlink, index, version)
            cold -= found.keys() | failed
    return {one: link for one, link in found.items() if one in wanted}


def _states(
    netlink: NetlinkSocket, index: int, version: int
) -> tuple[dict[int, bytes], frozenset[int]]:
    dump = netlink.dump(_GETNEIGH, _ENTRY.pack(_FAMILY[version], index, 0, 0, 0))
    return parse(dump.datagrams, index, version)


def parse(
    datagrams: list[bytes], index: int, version: int
) -> tuple[dict[int, bytes], frozenset[int]]:
    """Read the table: who is known, and who did not answer.

    Raises:
        NetlinkError: An attribute is too long.
    """
    found: dict[int, bytes] = {}
    failed: set[int] = set()
    for datagram in datagrams:
        for kind, body in messages(datagram):
            if kind != _NEWNEIGH or len(body) < _ENTRY.size:
                continue
            family, interface, state, _, _ = _ENTRY.unpack_from(body)
            values = attributes(body, _ENTRY.size)
            packed = bytes(values.get(_DST, b""))
            if family != _FAMILY[version] or interface != index or len(packed) != _LENGTH[version]:
                continue
            address = int.from_bytes(packed, "big")
            if state & _KNOWN and _LLADDR in values:
                found[address] = bytes(values[_LLADDR])
            elif state & _FAILED:
                failed.add(address)
    return found, frozenset(failed)


def _stir(netlink: NetlinkSocket, address: int, index: int, version: int) -> None:
    """Have the kernel ask who has an address.

    With the right to (CAP_NET_ADMIN), nothing but the question goes out; without, an empty datagram
    follows it, to the port at which everything is thrown away.
    """
    packed = address.to_bytes(_LENGTH[version], "big")
    body = _ENTRY.pack(_FAMILY[version], index, _NONE, _USE, 0) + attribute(_DST, packed)
    try:
        netlink.ask(_NEWNEIGH, body, NLM_F_CREATE | NLM_F_ACK)
    except OSError:
        import socket  # noqa: PLC0415 - for those without the right

        host = str(ipaddress.ip_address(packed))
        scope: tuple[str | int, ...] = (host, _DISCARD) + ((0, index) if version == 6 else ())  # noqa: PLR2004 - IPv6
        with (
            contextlib.suppress(OSError),
            socket.socket(_FAMILY[version], socket.SOCK_DGRAM) as one,
        ):
            one.sendto(b"", scope)
