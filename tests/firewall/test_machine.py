import pytest

from tojimari.firewall import intervals
from tojimari.firewall.machine import (
    ANYCAST,
    BROADCAST,
    LOCAL,
    MULTICAST,
    UNICAST,
    Address,
    Machine,
    Route,
)


def number(text: str) -> int:
    return intervals.parse_address(text, 6 if ":" in text else 4)


MACHINE = Machine(
    (
        Address(4, number("192.0.2.1"), 24, "eth0"),
        Address(4, number("198.51.100.1"), 31, "eth1"),
        Address(6, number("2001:db8::1"), 64, "eth0"),
    ),
    (
        Route(4, 0, 0, "eth0"),
        Route(4, number("10.0.0.0"), 8, "eth1"),
        Route(4, number("10.9.0.0"), 16, None),
        Route(6, number("2001:db8::"), 64, "eth0"),
    ),
    {4: True, 6: True},
    reverse_path={"eth0": 1, "eth1": 2},
    route_localnet=frozenset({"eth1"}),
    accept_local=frozenset({"eth1"}),
)


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("192.0.2.1", LOCAL),
        ("127.9.9.9", LOCAL),
        ("192.0.2.255", BROADCAST),
        ("255.255.255.255", BROADCAST),
        ("198.51.100.1", LOCAL),
        ("198.51.100.0", UNICAST),
        ("224.0.0.1", MULTICAST),
        ("8.8.8.8", UNICAST),
        ("2001:db8::1", LOCAL),
        ("2001:db8::", ANYCAST),
        ("::1", LOCAL),
        ("ff02::1", MULTICAST),
    ],
)
def test_an_address_is_of_the_kind_that_routing_sees(address: str, kind: int) -> None:
    family = 6 if ":" in address else 4
    assert MACHINE.kind(family, number(address)) == kind
    members = MACHINE.of_kind(family, kind)
    assert members is not None
    assert intervals.contains(members, number(address))


def test_an_address_is_local_only_where_it_stands() -> None:
    assert MACHINE.kind_here(4, number("192.0.2.1"), "eth0") == LOCAL
    assert MACHINE.kind_here(4, number("192.0.2.1"), "eth1") == UNICAST
    assert MACHINE.kind_here(6, number("2001:db8::1"), "eth1") is None
    assert MACHINE.kind_here(4, number("192.0.2.1"), None) is None
    assert MACHINE.kind_here(4, number("8.8.8.8"), "eth0") == UNICAST


def test_kinds_that_nobody_has_are_empty() -> None:
    assert MACHINE.of_kind(4, 9) == []


def test_the_longest_prefix_chooses_the_way() -> None:
    assert MACHINE.leaves_by(4, number("8.8.8.8")) == "eth0"
    assert MACHINE.leaves_by(4, number("10.1.1.1")) == "eth1"
    assert MACHINE.has_no_route(4, number("10.9.1.1"))
    assert MACHINE.has_no_route(6, number("2001:db9::1"))


def test_the_way_back_is_a_set() -> None:
    by_eth1 = MACHINE.routed(4, "eth1")
    assert by_eth1 is not None
    assert intervals.contains(by_eth1, number("10.1.1.1"))
    assert not intervals.contains(by_eth1, number("10.9.1.1"))
    assert not intervals.contains(by_eth1, number("8.8.8.8"))
    anyhow = MACHINE.routed(4, None)
    assert anyhow is not None
    assert not intervals.contains(anyhow, number("192.0.2.1"))
    assert MACHINE.routed(4, "lo") == intervals.universe(4)


def test_what_is_not_known_is_none() -> None:
    unknown = Machine(assumed=True)
    assert unknown.routed(4, "eth0") is None
    assert unknown.leaves_by(4, 1) is None
    assert not unknown.has_no_route(4, 1)
    assert unknown.of_kind(4, LOCAL) is None
    assert unknown.is_local(4, number("8.8.8.8"))
    assert unknown.kind_here(4, number("8.8.8.8"), None) == LOCAL
    other = Machine(routes=(Route(4, 0, 0, "eth0"),), policy_routing=True)
    assert other.routed(4, "eth0") is None


def refused(interface: str, source: str) -> list[str]:
    family = 6 if ":" in source else 4
    refusals = MACHINE.refused_on_arrival(family, interface)
    refusals += MACHINE.refused_by_routing(family, interface)
    refusals += MACHINE.refused_forwarding(family)
    return [one.reason for one in refusals if intervals.contains(one.sources, number(source))]


@pytest.mark.parametrize(
    ("interface", "source", "reasons"),
    [
        ("eth0", "8.8.8.8", []),
        ("eth0", "10.1.1.1", ["rp_filter=1 on eth0"]),
        ("eth1", "8.8.8.8", []),
        ("eth1", "10.9.1.1", ["rp_filter=2 on eth1"]),
        ("eth0", "224.1.1.1", ["multicast source"]),
        ("eth0", "0.0.0.0", ["source 0.0.0.0"]),
        ("eth0", "255.255.255.255", ["broadcast source", "rp_filter=1 on eth0"]),
        ("eth0", "127.0.0.1", ["loopback source, route_localnet=0", "rp_filter=1 on eth0"]),
        ("eth0", "192.0.2.1", ["our own address as source, accept_local=0", "rp_filter=1 on eth0"]),
        ("eth1", "192.0.2.1", ["rp_filter=2 on eth1"]),
        ("lo", "127.0.0.1", []),
        ("eth0", "::1", ["::1 from outside"]),
        ("eth0", "::ffff:1.2.3.4", ["IPv4-mapped source"]),
        ("eth0", "ff02::1", ["multicast source"]),
        ("eth0", "fe80::1", ["link-local source is not forwarded"]),
        ("eth0", "::", ["unspecified source is not forwarded"]),
    ],
)
def test_the_kernel_refuses_by_itself(interface: str, source: str, reasons: list[str]) -> None:
    assert refused(interface, source) == reasons


def test_loopback_destinations_are_refused_from_outside() -> None:
    assert MACHINE.refuses_destination(4, number("127.0.0.1"), "eth0") == "route_localnet=0 on eth0"
    assert MACHINE.refuses_destination(4, number("127.0.0.1"), "eth1") == ""
    assert MACHINE.refuses_destination(6, 1, "eth0") == "::1 from outside"
    assert MACHINE.refuses_destination(4, number("127.0.0.1"), "lo") == ""


def test_redirect_takes_the_first_address_of_the_interface() -> None:
    assert MACHINE.primary(4, "eth0") == number("192.0.2.1")
    assert MACHINE.primary(4, "lo") == number("127.0.0.1")
    assert MACHINE.primary(6, "lo") == 1
    assert MACHINE.primary(6, "eth1") is None
