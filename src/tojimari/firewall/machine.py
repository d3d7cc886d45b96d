"""The machine around the firewall: addresses, routes, and what its kernel refuses by itself.

Between the chains stands the routing decision. Which addresses are the machine's own, by which
interface an answer would leave, and a few settings of the kernel decide as much as rules do.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tojimari.core.message import mark
from tojimari.firewall import intervals
from tojimari.firewall.intervals import IPV4, IPV6, Intervals
from tojimari.firewall.ruleset import ADDRESS_KINDS

LOOPBACK = "lo"
MAX_ROUTES = 20_000  # a full table of the internet has a million; beyond this, routes are unknown

UNICAST, LOCAL = ADDRESS_KINDS["unicast"], ADDRESS_KINDS["local"]
BROADCAST, MULTICAST = ADDRESS_KINDS["broadcast"], ADDRESS_KINDS["multicast"]
ANYCAST = ADDRESS_KINDS["anycast"]

_LOOPBACK_NET = {
    IPV4: intervals.interval(*intervals.parse_network("127.0.0.0/8", IPV4)),
    IPV6: intervals.interval(1, 1),
}
_MULTICAST_NET = {
    IPV4: intervals.interval(*intervals.parse_network("224.0.0.0/4", IPV4)),
    IPV6: intervals.interval(*intervals.parse_network("ff00::/8", IPV6)),
}
_EVERYBODY = intervals.interval(0xFFFFFFFF, 0xFFFFFFFF)  # 255.255.255.255
_NOBODY = intervals.interval(0, 0)
_MAPPED = intervals.interval(*intervals.parse_network("::ffff:0:0/96", IPV6))
_LINK_LOCAL = intervals.interval(*intervals.parse_network("fe80::/10", IPV6))


@dataclass(frozen=True, slots=True)
class Address:
    """One address of the machine.

    Attributes:
        family: 4 or 6.
        number: The address.
        length: Prefix length of its network.
        interface: Where it is.
    """

    family: int
    number: int
    length: int
    interface: str

    @property
    def network(self) -> Intervals:
        """Everything with the same prefix."""
        rest = (1 << (intervals.WIDTHS[self.family] - self.length)) - 1
        return intervals.interval(self.number & ~rest, self.number | rest)


@dataclass(frozen=True, slots=True)
class Route:
    """Where packets to a network go.

    Attributes:
        family: 4 or 6.
        number: The network's first address.
        length: Its prefix length.
        interface: Where they leave; None where they are refused (blackhole, unreachable).
    """

    family: int
    number: int
    length: int
    interface: str | None

    @property
    def network(self) -> Intervals:
        """Everything with the prefix."""
        rest = (1 << (intervals.WIDTHS[self.family] - self.length)) - 1
        return intervals.interval(self.number, self.number | rest)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Sources that the kernel refuses by itself.

    Attributes:
        sources: Which.
        reason: The setting or the rule of the kernel, in the kernel's words.
    """

    sources: Intervals
    reason: str


@dataclass(slots=True)
class Machine:
    """What the reasoner knows of the machine.

    Attributes:
        addresses: Its own addresses.
        routes: Its main routing table; None where nobody knows it.
        forwards: Families that it forwards; a family that is not named is not known.
        reverse_path: By interface, 0 off, 1 strict, 2 loose (``rp_filter``, the larger of the
            interface's own and ``all``).
        route_localnet: Interfaces that take 127.0.0.0/8 from outside.
        accept_local: Interfaces that take the machine's own addresses as sources.
        assumed: Whether this is no known machine: then every destination is taken for its own.
        policy_routing: Whether rules beside the usual three choose routes, so that ours is a guess.
        bridges: Interfaces that are bridges; None where nobody knows.
        stacked: Interfaces that stand on others (bridges, bonds, VLANs), by which their packets
            come first; None where nobody knows.
    """

    addresses: tuple[Address, ...] = ()
    routes: tuple[Route, ...] | None = None
    forwards: Mapping[int, bool] = field(default_factory=dict[int, bool])
    reverse_path: Mapping[str, int] = field(default_factory=dict[str, int])
    route_localnet: frozenset[str] = frozenset()
    accept_local: frozenset[str] = frozenset()
    assumed: bool = False
    policy_routing: bool = False
    bridges: frozenset[str] | None = frozenset()
    stacked: frozenset[str] | None = frozenset()
    _routed: dict[tuple[int, str | None], Intervals] = field(
        default_factory=dict[tuple[int, str | None], Intervals], repr=False
    )

    def is_local(self, family: int, number: int) -> bool:
        """Whether packets to the address are delivered here."""
        if self.assumed or intervals.contains(_LOOPBACK_NET[family], number):
            return True
        return any(own.number == number and own.family == family for own in self.addresses)

    def kind(self, family: int, number: int) -> int:
        """The kind of an address as routing sees it; one of ``ADDRESS_KINDS``."""
        if intervals.contains(_MULTICAST_NET[family], number):
            return MULTICAST
        if family == IPV4 and (number == _EVERYBODY[0] or number in self._broadcasts()):
            return BROADCAST
        if family == IPV6 and number in self._routers():
            return ANYCAST
        return LOCAL if self.is_local(family, number) else UNICAST

    def kind_here(self, family: int, number: int, interface: str | None) -> int | None:
        """The same, where only the addresses of one interface count as local; None: not known."""
        found = self.kind(family, number)
        if found != LOCAL or self.assumed:
            return found
        if interface is None:
            return None
        here = any(
            own.number == number and own.family == family and own.interface == interface
            for own in self.addresses
        )
        if here:
            return LOCAL
        return UNICAST if family == IPV4 else None

    def of_kind(self, family: int, kind: int) -> Intervals | None:
        """The addresses of a kind; None where nobody knows."""
        special = {
            MULTICAST: _MULTICAST_NET[family],
            LOCAL: intervals.union(_LOOPBACK_NET[family], self.own(family)),
            BROADCAST: intervals.union(_EVERYBODY, intervals.from_numbers(self._broadcasts()))
            if family == IPV4
            else [],
            ANYCAST: intervals.from_numbers(self._routers()) if family == IPV6 else [],
        }
        if kind == MULTICAST:
            return special[kind]
        if self.assumed:
            return None
        if kind == UNICAST:
            return intervals.difference(
                intervals.universe(family), intervals.union_all(special.values())
            )
        return special.get(kind, [])

    def own(self, family: int) -> Intervals:
        """The machine's own addresses, those of the loopback network left out."""
        return intervals.from_numbers(own.number for own in self.addresses if own.family == family)

    def primary(self, family: int, interface: str | None) -> int | None:
        """The address that REDIRECT takes: the first of the interface (nf_nat_redirect.c)."""
        if interface == LOOPBACK:
            return _LOOPBACK_NET[family][0] + (1 if family == IPV4 else 0)
        for own in self.addresses:
            if own.family == family and own.interface == interface:
                return own.number
        return None

    def leaves_by(self, family: int, number: int) -> str | None:
        """The interface that packets to an address leave by; None where it is not known."""
        if self.routes is None or self.policy_routing:
            return None
        best: Route | None = None
        for route in self.routes:
            longer = best is None or route.length > best.length
            if route.family == family and longer and intervals.contains(route.network, number):
                best = route
        return best.interface if best else None

    def has_no_route(self, family: int, number: int) -> bool:
        """Whether packets to an address certainly go nowhere."""
        if self.routes is None or self.policy_routing:
            return False
        return self.leaves_by(family, number) is None

    def routed(self, family: int, interface: str | None) -> Intervals | None:
        """The addresses whose route goes by an interface, or by any for None; None: not known."""
        if interface == LOOPBACK:
            # What comes by the loopback interface is never looked up (nft_fib_can_skip).
            return intervals.universe(family)
        if self.routes is None or self.policy_routing or len(self.routes) > MAX_ROUTES:
            return None
        key = family, interface
        if key not in self._routed:
            found: Intervals = []
            for route in sorted(self.routes, key=lambda one: one.length):
                if route.family != family:
                    continue
                goes = route.interface is not None and interface in {None, route.interface}
                change = intervals.union if goes else intervals.difference
                found = change(found, route.network)
            # A reverse look-up that finds anything but a unicast route counts as none.
            for kind in (LOCAL, BROADCAST, ANYCAST):
                found = intervals.difference(found, self.of_kind(family, kind) or [])
            self._routed[key] = found
        return self._routed[key]

    def refused_on_arrival(self, family: int, interface: str) -> list[Refusal]:
        """Sources that never get as far as the first chain (ip6_rcv_core)."""
        if family == IPV4 or interface == LOOPBACK:
            return []
        return [
            Refusal(_LOOPBACK_NET[IPV6], mark("::1 from outside")),
            Refusal(_MULTICAST_NET[IPV6], mark("multicast source")),
            Refusal(_MAPPED, mark("IPv4-mapped source")),
        ]

    def refused_by_routing(self, family: int, interface: str) -> list[Refusal]:
        """Sources that the routing decision refuses (ip_route_input_slow, fib_validate_source)."""
        if family == IPV6 or interface == LOOPBACK:
            return []
        found = [
            Refusal(_MULTICAST_NET[IPV4], mark("multicast source")),
            Refusal(_EVERYBODY, mark("broadcast source")),
            Refusal(_NOBODY, mark("source 0.0.0.0")),
        ]
        if interface not in self.route_localnet:
            found.append(Refusal(_LOOPBACK_NET[IPV4], mark("loopback source, route_localnet=0")))
        if interface not in self.accept_local:
            found.append(Refusal(self.own(IPV4), mark("our own address as source, accept_local=0")))
        mode = self.reverse_path.get(interface, 0)
        if mode:
            # Strict: back by the same interface. Loose: back by any (RFC 3704, section 2).
            back = self.routed(IPV4, interface if mode == 1 else None)
            if back is not None:
                away = intervals.difference(intervals.universe(IPV4), back)
                found.append(Refusal(away, f"rp_filter={mode} on {interface}"))
        return found

    def refuses_destination(self, family: int, number: int, interface: str) -> str:
        """Why routing refuses a destination; empty where it does not."""
        if interface == LOOPBACK or not intervals.contains(_LOOPBACK_NET[family], number):
            return ""
        if family == IPV6:
            return mark("::1 from outside")
        return "" if interface in self.route_localnet else f"route_localnet=0 on {interface}"

    def refused_forwarding(self, family: int) -> list[Refusal]:
        """Sources that are never forwarded (ip6_forward)."""
        if family == IPV4:
            return []
        return [
            Refusal(_LINK_LOCAL, mark("link-local source is not forwarded")),
            Refusal(_NOBODY, mark("unspecified source is not forwarded")),
        ]

    def _routers(self) -> set[int]:
        """Subnet-router anycast addresses, which a router answers to (RFC 4291, section 2.6.1)."""
        if not self.forwards.get(IPV6):
            return set()
        return {own.network[0] for own in self.addresses if own.family == IPV6 and own.length < 127}  # noqa: PLR2004 - two ends, or two parts

    def _broadcasts(self) -> set[int]:
        return {
            own.network[1] - 1
            for own in self.addresses
            if own.family == IPV4 and own.length < 31  # noqa: PLR2004 - two ends, or two parts
        }
