"""Where the kernel would send a packet, asked of the real kernel."""

import ipaddress
import struct
from collections.abc import Generator

import pytest

import yard
from tojimari.linux import neighbours, passage, rtnetlink
from tojimari.linux.netlink import HEADER, NetlinkError, attribute
from tojimari.linux.passage import Passage, Passages, Sort
from yard import CABLE, OURS, OURS_V6, THEIRS, THEIRS_V6, Yard, run


def number(text: str) -> int:
    return int(ipaddress.ip_address(text))


@pytest.fixture
def far(root: None) -> Generator[Yard]:
    del root
    with yard.yard() as made:
        yield made


@pytest.fixture
def passages(network: None) -> Generator[Passages]:
    del network
    made = Passages()
    yield made
    made.close()


def index(name: str = CABLE) -> int:
    return next(one.interface.index for one in rtnetlink.links() if one.interface.name == name)


@pytest.mark.usefixtures("far")
class TestRoutes:
    def test_a_neighbour_is_on_the_link(self, passages: Passages) -> None:
        found = passages.to(4, number(THEIRS))
        assert found == Passage(Sort.UNICAST, index(), number(OURS), None)
        found = passages.to(6, number(THEIRS_V6))
        assert found == Passage(Sort.UNICAST, index(), number(OURS_V6), None)

    def test_far_away_is_behind_a_gateway(self, passages: Passages) -> None:
        run("ip", "route", "add", "192.0.2.0/24", "via", THEIRS)
        run("ip", "route", "add", "2001:db8::/32", "via", THEIRS_V6)
        found = passages.to(4, number("192.0.2.77"))
        assert found == Passage(Sort.UNICAST, index(), number(OURS), number(THEIRS), 4)
        found = passages.to(6, number("2001:db8::1"))
        assert found == Passage(Sort.UNICAST, index(), number(OURS_V6), number(THEIRS_V6), 6)

    def test_our_own_address_is_reached_by_the_loopback(self, passages: Passages) -> None:
        found = passages.to(4, number(OURS))
        assert found == Passage(Sort.LOCAL, 1, number(OURS), None)

    def test_the_broadcast_address_is_called_that(self, passages: Passages) -> None:
        found = passages.to(4, number("10.99.0.255"))
        assert found is not None
        assert found.sort is Sort.BROADCAST

    def test_there_may_be_no_way(self, passages: Passages) -> None:
        assert passages.to(4, number("198.51.100.1")) is None
        assert passages.to(6, number("2001:db8:1::1")) is None

    def test_what_is_refused_by_a_route_has_no_way(self, passages: Passages) -> None:
        for kind in ("blackhole", "unreachable", "prohibit"):
            run("ip", "route", "replace", kind, "198.51.100.0/24")
            assert passages.to(4, number("198.51.100.1")) is None
            run("ip", "route", "del", kind, "198.51.100.0/24")

    def test_the_interface_can_be_named(self, passages: Passages) -> None:
        found = passages.to(6, number("fe80::1"), index())
        assert found is not None
        assert found.index == index()

    def test_the_choice_changes_only_at_the_borders_of_networks(self, passages: Passages) -> None:
        found = passages.borders(4)
        for text in ("10.99.0.0", "10.99.1.0", OURS, THEIRS, "10.99.0.255", "127.0.0.0"):
            assert number(text) in found
        assert number("10.99.0.77") not in found

    def test_a_rule_has_borders_too(self, passages: Passages) -> None:
        run("ip", "rule", "add", "to", "203.0.113.64/26", "table", "7")
        try:
            assert {number("203.0.113.64"), number("203.0.113.128")} <= passages.borders(4)
        finally:
            run("ip", "rule", "del", "to", "203.0.113.64/26", "table", "7")


class TestNeighbours:
    def test_who_is_not_known_is_asked_for(self, link_address: str) -> None:
        assert neighbours.known(index(), 4) == {}
        for version, text in ((4, THEIRS), (6, THEIRS_V6)):
            found = neighbours.find([number(text)], index(), version)
            assert {one: link.hex(":") for one, link in found.items()} == {
                number(text): link_address
            }

    def test_who_does_not_answer_is_left_out(self, far: Yard) -> None:
        del far
        wanted = [number(THEIRS), number("10.99.0.9")]
        found = neighbours.find(wanted, index(), 4, seconds=0.3)
        assert found.keys() == {number(THEIRS)}

    def test_without_the_right_a_datagram_makes_the_kernel_ask(
        self, link_address: str, as_nobody: None
    ) -> None:
        del as_nobody
        for version, text in ((4, THEIRS), (6, THEIRS_V6)):
            found = neighbours.find([number(text)], index(), version)
            assert found[number(text)].hex(":") == link_address


@pytest.fixture
def link_address(far: Yard) -> str:
    shown = far.run("ip", "-o", "link", "show", CABLE)
    return shown.split("link/ether ")[1].split()[0]


def message(kind: int, body: bytes) -> bytes:
    return HEADER.pack(HEADER.size + len(body), kind, 0, 1, 0) + body


def test_a_route_without_an_interface_is_none() -> None:
    body = struct.pack("=BBBBBBBBI", 2, 32, 0, 0, 254, 3, 0, 1, 0)
    assert passage.parse(message(24, body)) is None
    assert passage.parse(message(3, b"")) is None


def test_a_route_of_a_kind_that_is_not_known_is_none() -> None:
    body = struct.pack("=BBBBBBBBI", 2, 32, 0, 0, 254, 3, 0, 99, 0) + attribute(4, bytes(4))
    assert passage.parse(message(24, body)) is None


def test_a_message_shorter_than_a_route_is_refused() -> None:
    with pytest.raises(NetlinkError):
        passage.parse(message(24, b"1234"))


def test_neighbours_of_other_links_families_and_shapes_are_passed_over() -> None:
    def entry(family: int, interface: int, state: int, *more: bytes) -> bytes:
        return message(28, struct.pack("=B3xiHBB", family, interface, state, 0, 1) + b"".join(more))

    ours, link = attribute(1, bytes([10, 0, 0, 1])), attribute(2, b"\2\0\0\0\0\1")
    datagrams = [
        entry(2, 8, 2, ours, link),
        entry(10, 7, 2, ours, link),
        entry(2, 7, 2, attribute(1, b"12345"), link),
        entry(2, 7, 2, ours),
        message(28, b"12"),
        message(3, b""),
        entry(2, 7, 0x20, attribute(1, bytes([10, 0, 0, 2]))),
        entry(2, 7, 4, attribute(1, bytes([10, 0, 0, 3])), link),
    ]
    assert neighbours.parse(datagrams, 7, 4) == (
        {number("10.0.0.3"): b"\2\0\0\0\0\1"},
        frozenset({number("10.0.0.2")}),
    )
