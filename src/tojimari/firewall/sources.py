"""Where somebody may stand who knocks, as sets of addresses and the interfaces that they come by.

Source of what is not the internet: RFC 6890 and the IANA special-purpose address registries that it
made, as they stand after RFC 8190 and RFC 9637.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from tojimari.core import networks
from tojimari.core.exposure import Zone
from tojimari.core.interface import Interface
from tojimari.firewall import intervals
from tojimari.firewall.intervals import IPV4, IPV6, Intervals
from tojimari.firewall.machine import LOOPBACK, Address, Machine

_NOT_INTERNET_4 = (
    "0.0.0.0/8",  # this network (RFC 791)
    "10.0.0.0/8",  # private (RFC 1918)
    "100.64.0.0/10",  # shared (RFC 6598)
    "127.0.0.0/8",  # loopback (RFC 1122)
    "169.254.0.0/16",  # link-local (RFC 3927)
    "172.16.0.0/12",  # private (RFC 1918)
    "192.0.0.0/24",  # protocol assignments (RFC 6890)
    "192.0.2.0/24",  # documentation (RFC 5737)
    "192.168.0.0/16",  # private (RFC 1918)
    "198.18.0.0/15",  # benchmarking (RFC 2544)
    "198.51.100.0/24",  # documentation (RFC 5737)
    "203.0.113.0/24",  # documentation (RFC 5737)
    "224.0.0.0/4",  # multicast (RFC 5771)
    "240.0.0.0/4",  # reserved, and limited broadcast (RFC 1112, RFC 8190)
)
_INTERNET_6 = "2000::/3"  # all global unicast that IANA has given out (RFC 4291, section 2.4)
_NOT_INTERNET_6 = (
    "2001::/23",  # protocol assignments (RFC 2928)
    "2001:db8::/32",  # documentation (RFC 3849)
    "2002::/16",  # 6to4 (RFC 3056)
    "3fff::/20",  # documentation (RFC 9637)
)
_LINK_LOCAL_6 = "fe80::/10"  # RFC 4291, section 2.5.6; every IPv6 interface has it


def _set(family: int, texts: Iterable[str]) -> Intervals:
    return intervals.from_ranges(intervals.parse_network(text, family) for text in texts)


@cache
def internet(family: int) -> Intervals:
    """The addresses that are routed on the internet.

    Args:
        family: 4 or 6.
    """
    if family == IPV4:
        return intervals.complement(_set(IPV4, _NOT_INTERNET_4), intervals.universe(IPV4))
    return intervals.difference(_set(IPV6, [_INTERNET_6]), _set(IPV6, _NOT_INTERNET_6))


@dataclass(frozen=True, slots=True)
class Standpoint:
    """Somewhere to knock from.

    Attributes:
        zone: Its name; None for addresses that somebody asked for.
        family: 4 or 6.
        interface: The interface by which packets from there come in; None where nobody knows.
        sources: The addresses.
    """

    zone: Zone | None
    family: int
    interface: str | None
    sources: Intervals


def addresses(interfaces: Iterable[Interface]) -> tuple[Address, ...]:
    """The machine's addresses, from its interfaces that are up."""
    found: list[Address] = []
    for interface in interfaces:
        for text in interface.addresses if interface.up else ():
            address, _, length = text.partition("/")
            family = IPV6 if ":" in address else IPV4
            number = intervals.parse_address(address.partition("%")[0], family)
            found.append(Address(family, number, int(length), interface.name))
    return tuple(found)


def standpoints(interfaces: Iterable[Interface], machine: Machine) -> Iterator[Standpoint]:
    """Every place that has a name, the nearest first.

    Args:
        interfaces: The machine's, as the kernel lists them.
        machine: The same machine's addresses and routes.
    """
    up = [one for one in interfaces if one.up and one.kind != "loopback"]
    inner = [one for one in up if networks.is_container_interface(one.name)]
    outer = [one for one in up if one not in inner]
    for family in (IPV4, IPV6):
        own = intervals.union(machine.own(family), _set(family, _LOOPBACK[family]))
        yield Standpoint(Zone.THIS_MACHINE, family, LOOPBACK, own)
        for zone, those in ((Zone.CONTAINERS, inner), (Zone.LAN, outer)):
            for interface in those:
                near = _connected(family, interface.name, machine)
                if near:
                    yield Standpoint(zone, family, interface.name, near)
        for interface in _outward(family, outer, machine):
            far = intervals.difference(internet(family), _all_connected(family, machine))
            yield Standpoint(Zone.INTERNET, family, interface.name, far)


_LOOPBACK = {IPV4: ("127.0.0.0/8",), IPV6: ("::1",)}


def _connected(family: int, interface: str, machine: Machine) -> Intervals:
    """The neighbours on an interface, ourselves left out."""
    here = [one for one in machine.addresses if one.family == family and one.interface == interface]
    near = intervals.union_all(one.network for one in here)
    if family == IPV6 and here:
        near = intervals.union(near, _set(IPV6, [_LINK_LOCAL_6]))
    return intervals.difference(near, machine.own(family))


def _all_connected(family: int, machine: Machine) -> Intervals:
    return intervals.union_all(one.network for one in machine.addresses if one.family == family)


def _outward(family: int, outer: list[Interface], machine: Machine) -> list[Interface]:
    """The interfaces by which the internet comes: those of the default route, and public ones."""
    if machine.routes is None:
        return outer
    default = {
        route.interface for route in machine.routes if route.family == family and not route.length
    }
    public = {
        one.interface
        for one in machine.addresses
        if one.family == family and intervals.contains(internet(family), one.number)
    }
    return [one for one in outer if one.name in default | public]


def anywhere_else(
    family: int, sources: Intervals, interfaces: Iterable[Interface], machine: Machine
) -> Iterator[Standpoint]:
    """Places for addresses that somebody asked for: by the interface that routes lead to them.

    Args:
        family: 4 or 6.
        sources: The addresses.
        interfaces: The machine's.
        machine: Its addresses and routes.
    """
    own = intervals.intersection(
        sources, intervals.union(machine.own(family), _set(family, _LOOPBACK[family]))
    )
    if own:
        yield Standpoint(None, family, LOOPBACK, own)
    left = intervals.difference(sources, own)
    for interface in interfaces:
        if interface.kind == "loopback" or not interface.up:
            continue
        routed = machine.routed(family, interface.name)
        part = left if routed is None else intervals.intersection(left, routed)
        if part:
            yield Standpoint(None, family, interface.name, part)


@cache
def private(family: int) -> Intervals:
    """The networks that people use at home and at work (RFC 1918, RFC 6598, RFC 4193)."""
    if family == IPV4:
        return _set(IPV4, ["10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16"])
    return _set(IPV6, ["fc00::/7", _LINK_LOCAL_6])
