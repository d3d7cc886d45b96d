"""Which way the kernel would send packets to targets, so that machines with several just work."""

import ipaddress
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from tojimari.linux import rtnetlink
from tojimari.linux.passage import Passage, Passages, Sort
from tojimari.linux.rtnetlink import Link
from tojimari.scan.intervals import Intervals, cut, merged, network
from tojimari.scan.task import Way

# ARPHRD_* of linux/if_arp.h: what frames an interface takes. Bare packets are taken by PPP (512),
# SLIP (256 to 260), modems (519, 530), tunnels (768, 769, 776, 778, 823) and what a program or keys
# make (65534: tun, WireGuard, xfrm). Others, InfiniBand say, have headers of their own.
_LINKS = {1: "ethernet", 772: "loopback"}
_BARE = frozenset({256, 257, 258, 259, 260, 512, 519, 530, 768, 769, 776, 778, 823, 65534})
BARE, UNKNOWN = "none", "unknown"
_LINK_LOCAL = network("fe80::/10")
_LOOPBACK = {4: network("127.0.0.1/32")[0]}


@dataclass(frozen=True, slots=True)
class Stretch:
    """Targets that are reached alike.

    Attributes:
        version: 4 or 6.
        way: How packets get there.
        numbers: The addresses.
        own: Whether they are this machine's own.
    """

    version: int
    way: Way
    numbers: Intervals
    own: bool


@dataclass(frozen=True, slots=True)
class Plotted:
    """The ways to some targets.

    Attributes:
        stretches: In the order of their addresses.
        unreachable: By version, those to which the kernel has no way.
        broadcast: IPv4 addresses at which everybody on a link hears; nobody knocks there.
    """

    stretches: tuple[Stretch, ...]
    unreachable: Mapping[int, Intervals]
    broadcast: Intervals


def plot(asked: Mapping[tuple[int, str], Intervals]) -> Plotted:
    """Ask the kernel for the way to each target.

    Args:
        asked: By version and zone (the interface of a link-local address, or nothing), addresses.

    Raises:
        OSError: The kernel refused.
        NetlinkError: What came is no netlink message.
    """
    links = {link.interface.index: link for link in rtnetlink.links()}
    indices = {link.interface.name: index for index, link in links.items()}
    found: dict[tuple[int, Way, bool], list[tuple[int, int]]] = {}
    lost: dict[int, list[tuple[int, int]]] = {}
    heard: list[tuple[int, int]] = []
    passages = Passages()
    try:
        for (version, zone), numbers in asked.items():
            index = indices.get(zone, 0)
            for piece in cut(numbers, passages.borders(version)):
                passage = None if zone and not index else passages.to(version, piece[0], index)
                way = _way(passage, links, version)
                if passage is None or way is None:
                    lost.setdefault(version, []).append(piece)
                elif passage.sort is Sort.BROADCAST:
                    heard.append(piece)
                else:
                    own = passage.sort is Sort.LOCAL
                    found.setdefault((version, way, own), []).append(piece)
    finally:
        passages.close()
    stretches = [
        Stretch(version, way, merged(pieces), own) for (version, way, own), pieces in found.items()
    ]
    unreachable = {version: merged(pieces) for version, pieces in lost.items()}
    return Plotted(tuple(stretches), unreachable, merged(heard))


def _way(passage: Passage | None, links: Mapping[int, Link], version: int) -> Way | None:
    if passage is None or passage.sort not in {Sort.UNICAST, Sort.LOCAL, Sort.BROADCAST}:
        return None
    link = links.get(passage.index)
    if link is None:
        return None
    kind = BARE if link.sort in _BARE else _LINKS.get(link.sort, UNKNOWN)
    if passage.sort is Sort.LOCAL:
        kind = "loopback"
    return Way(
        interface=link.interface.name,
        index=passage.index,
        link=kind,
        # To any of its own IPv4 addresses a machine may come from its loopback address, so that all
        # go the same way; IPv6 does not let ::1 out to the others.
        source=_LOOPBACK.get(version, passage.source) if kind == "loopback" else passage.source,
        mtu=link.mtu,
        hardware=link.hardware if kind == "ethernet" else b"",
        gateway=passage.gateway,
        gateway_version=passage.gateway_version,
        at_home=kind == "loopback" or passage.source in _addresses(link),
    )


def _addresses(link: Link) -> frozenset[int]:
    """Of either version; their numbers do not meet."""
    return frozenset(int(ipaddress.ip_interface(one).ip) for one in link.interface.addresses)


def own() -> dict[int, Intervals]:
    """This machine's own addresses by version, without those that are only of a link.

    Raises:
        OSError: The kernel refused.
        NetlinkError: What came is no netlink message.
    """
    if sys.platform != "linux":  # pragma: no cover - the suite runs on Linux
        return {4: (network("127.0.0.1/32"),)}
    found: dict[int, list[tuple[int, int]]] = {}
    for link in rtnetlink.links():
        if not link.interface.up:
            continue
        for text in link.interface.addresses:
            address = text.partition("/")[0]
            version, mask = (6, 128) if ":" in address else (4, 32)
            number, _ = network(f"{address}/{mask}")
            if version == 6 and _LINK_LOCAL[0] <= number <= _LINK_LOCAL[1]:  # noqa: PLR2004 - IPv6
                continue
            found.setdefault(version, []).append((number, number))
    return {version: merged(numbers) for version, numbers in sorted(found.items())}
