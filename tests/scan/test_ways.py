"""The ways to targets, on a machine with several."""

import ipaddress
from collections.abc import Generator

import pytest

import yard
from tojimari.scan import ways
from tojimari.scan.intervals import Intervals, network, shown
from tojimari.scan.ways import Stretch
from yard import CABLE, OURS, OURS_V6, THEIRS, THEIRS_V6, Yard, run


def number(text: str) -> int:
    return int(ipaddress.ip_address(text))


def asked(*networks: str, zone: str = "") -> dict[tuple[int, str], Intervals]:
    version = 6 if ":" in networks[0] else 4
    return {(version, zone): tuple(map(network, networks))}


def texts(found: Stretch) -> list[str]:
    spans = [(shown(found.version, low), shown(found.version, high)) for low, high in found.numbers]
    return [low if low == high else f"{low}-{high}" for low, high in spans]


@pytest.fixture
def far(root: None) -> Generator[Yard]:
    del root
    with yard.yard() as made:
        yield made


@pytest.mark.usefixtures("far")
class TestPlot:
    def test_a_network_on_the_link_has_ourselves_and_the_broadcast_address_in_it(self) -> None:
        found = ways.plot(asked("10.99.0.0/24"))
        own, near = sorted(found.stretches, key=lambda one: not one.own)
        assert texts(own) == [OURS]
        assert (own.way.link, own.way.interface, own.way.source) == (
            "loopback",
            "lo",
            number("127.0.0.1"),
        )
        assert texts(near) == ["10.99.0.0", "10.99.0.2-10.99.0.254"]
        assert (near.way.link, near.way.interface) == ("ethernet", CABLE)
        assert (near.way.source, near.way.gateway) == (number(OURS), None)
        assert (len(near.way.hardware), near.way.mtu) == (6, 1500)
        assert found.broadcast == (network("10.99.0.255/32"),)

    def test_what_is_behind_a_gateway_is_apart(self) -> None:
        run("ip", "route", "add", "192.0.2.0/25", "via", THEIRS)
        found = ways.plot(asked("192.0.2.0/24"))
        (stretch,) = found.stretches
        assert texts(stretch) == ["192.0.2.0-192.0.2.127"]
        assert stretch.way.gateway == number(THEIRS)
        assert found.unreachable == {4: (network("192.0.2.128/25"),)}

    def test_ipv6(self) -> None:
        run("ip", "route", "add", "2001:db8::/32", "via", THEIRS_V6)
        found = ways.plot(asked(f"{THEIRS_V6}/128", f"{OURS_V6}/128", "2001:db8::/64"))
        by_text = {",".join(texts(one)): one for one in found.stretches}
        assert by_text[OURS_V6].own
        assert by_text[THEIRS_V6].way.gateway is None
        behind = by_text["2001:db8::-2001:db8::ffff:ffff:ffff:ffff"]
        assert (behind.way.gateway, behind.way.source) == (number(THEIRS_V6), number(OURS_V6))

    def test_a_link_local_address_is_on_the_link_that_is_named(self) -> None:
        (stretch,) = ways.plot(asked("fe80::77/128", zone=CABLE)).stretches
        assert stretch.way.interface == CABLE

    def test_a_link_that_is_not_there_leads_nowhere(self) -> None:
        found = ways.plot(asked("fe80::77/128", zone="no-such"))
        assert (found.stretches, list(found.unreachable)) == ((), [6])

    def test_tunnels_take_bare_packets(self) -> None:
        run("ip", "tuntap", "add", "yard-tun", "mode", "tun")
        try:
            run("ip", "address", "add", "10.98.0.1/24", "dev", "yard-tun")
            run("ip", "link", "set", "yard-tun", "up")
            (stretch,) = ways.plot(asked("10.98.0.2/32")).stretches
            assert (stretch.way.link, stretch.way.hardware) == ("none", b"")
        finally:
            run("ip", "link", "del", "yard-tun")

    def test_a_bridge_is_an_ethernet(self) -> None:
        run("ip", "link", "add", "yard-bridge", "type", "bridge")
        try:
            run("ip", "address", "add", "10.97.0.1/24", "dev", "yard-bridge")
            run("ip", "link", "set", "yard-bridge", "up")
            (stretch,) = ways.plot(asked("10.97.0.2/32")).stretches
            assert (stretch.way.link, stretch.way.interface) == ("ethernet", "yard-bridge")
        finally:
            run("ip", "link", "del", "yard-bridge")

    def test_our_own_addresses_are_those_of_all_links(self) -> None:
        found = ways.own()
        assert {network("127.0.0.1/32"), network(f"{OURS}/32")} <= set(found[4])
        assert {network("::1/128"), network(f"{OURS_V6}/128")} <= set(found[6])
        assert not any(first >> 118 == 0xFE80 >> 6 for first, _ in found[6])
