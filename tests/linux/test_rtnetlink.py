import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tojimari.core.interface import Interface
from tojimari.linux import rtnetlink
from tojimari.linux.netlink import HEADER, NetlinkError, attribute
from tojimari.linux.rtnetlink import Link


def message(kind: int, body: bytes) -> bytes:
    return HEADER.pack(16 + len(body), kind, 2, 1, 0) + body


def link(*attributes: bytes, hardware: int = 1, index: int = 7, flags: int = 1) -> bytes:
    head = struct.pack("=BxHiII", 0, hardware, index, flags, 0)
    return message(16, head + b"".join(attributes))


def address(*attributes: bytes, family: int = 2, prefix: int = 24, index: int = 7) -> bytes:
    head = struct.pack("=BBBBI", family, prefix, 0, 0, index)
    return message(20, head + b"".join(attributes))


NAME = attribute(3, b"tunnel0\0")


def tunnel(kind: bytes, number: int, port: bytes) -> bytes:
    return attribute(18, attribute(1, kind + b"\0") + attribute(2, attribute(number, port)))


def test_the_loopback_of_this_namespace_is_there(network: None) -> None:
    del network
    (loopback,) = [one.interface for one in rtnetlink.links() if one.interface.name == "lo"]
    assert loopback == Interface("lo", 1, ("127.0.0.1/8", "::1/128"), up=True, kind="loopback")


def test_an_interface_has_the_addresses_of_its_index() -> None:
    (found,) = rtnetlink.parse_links([link(NAME)], {7: ["192.0.2.1/24"], 8: ["192.0.2.2/24"]})
    assert found == Link(
        Interface("tunnel0", 7, ("192.0.2.1/24",), up=True, kind="ethernet"), None, sort=1
    )


def test_an_interface_may_be_down_nameless_and_of_no_known_hardware() -> None:
    (found,) = rtnetlink.parse_links([link(hardware=32, flags=0)], {})
    assert found.interface == Interface("7", 7, (), up=False, kind="other")


@pytest.mark.parametrize(("kind", "number"), [(b"vxlan", 15), (b"geneve", 5), (b"bareudp", 1)])
def test_a_tunnel_tells_where_the_kernel_listens(kind: bytes, number: int) -> None:
    (found,) = rtnetlink.parse_links([link(NAME, tunnel(kind, number, b"\x12\xb5"))], {})
    assert (found.interface.kind, found.tunnel_port) == (kind.decode(), 4789)


def test_a_tunnel_that_tells_no_port_has_none() -> None:
    (found,) = rtnetlink.parse_links([link(NAME, tunnel(b"vxlan", 15, b"\1"))], {})
    assert found.tunnel_port is None


def test_the_local_end_counts_where_there_are_two() -> None:
    ends = attribute(1, bytes([192, 0, 2, 9])) + attribute(2, bytes([192, 0, 2, 1]))
    assert rtnetlink.parse_addresses([address(ends, prefix=32)]) == {7: ["192.0.2.1/32"]}


def test_addresses_of_both_families_are_read() -> None:
    six = address(attribute(1, bytes(15) + b"\1"), family=10, prefix=128)
    four = address(attribute(2, bytes([192, 0, 2, 1])))
    assert rtnetlink.parse_addresses([four + six]) == {7: ["192.0.2.1/24", "::1/128"]}


def test_an_address_of_the_wrong_length_is_left_out() -> None:
    assert rtnetlink.parse_addresses([address(attribute(1, b"abc"))]) == {}


def test_other_messages_are_passed_over() -> None:
    assert rtnetlink.parse_links([message(99, b"")], {}) == ()
    assert rtnetlink.parse_addresses([message(99, b"")]) == {}


def test_a_message_that_is_too_short_is_an_error() -> None:
    with pytest.raises(NetlinkError):
        rtnetlink.parse_links([message(16, bytes(8))], {})
    with pytest.raises(NetlinkError):
        rtnetlink.parse_addresses([message(20, bytes(4))])


@given(st.binary(max_size=100), st.sampled_from([16, 20]))
def test_no_attributes_crash_the_reader(noise: bytes, kind: int) -> None:
    head = struct.pack("=BxHiII", 0, 1, 7, 1, 0) if kind == 16 else bytes([2, 24, 0, 0, 7, 0, 0, 0])
    datagram = message(kind, head + noise)
    try:
        rtnetlink.parse_links([datagram], {})
        rtnetlink.parse_addresses([datagram])
    except NetlinkError:
        return
