import socket
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tojimari.linux import sock_diag
from tojimari.linux.netlink import HEADER, NetlinkError, attribute
from tojimari.linux.sock_diag import LISTEN, Row

CGROUP = attribute(21, struct.pack("=Q", 77))
V6ONLY = attribute(11, b"\1")
MARK = attribute(15, bytes(4))


def message(
    *attributes: bytes, family: int = 2, state: int = LISTEN, port: int = 80, inode: int = 5
) -> bytes:
    """A socket's message, as the kernel makes it (struct inet_diag_msg)."""
    address = bytes([127, 0, 0, 1]) + bytes(12) if family == 2 else bytes(15) + b"\1"
    body = struct.pack(
        ">BBBBHH16s16s", family, state, 0, 0, port, 0, address, bytes(16)
    ) + struct.pack("=IIIIIIII", 0, 1, 2, 0, 3, 128, 1000, inode)
    whole = body + b"".join(attributes)
    return HEADER.pack(16 + len(whole), 20, 2, 1, 0) + whole


def parsed(datagram: bytes) -> list[Row]:
    rows: list[Row] = []
    sock_diag.parse(datagram, rows)
    return rows


def row(port: int = 80, **more: Any) -> Row:  # noqa: ANN401 - whatever a row has
    plain = Row(
        family=2,
        state=LISTEN,
        port=port,
        peer_port=0,
        address=bytes([127, 0, 0, 1]),
        peer=bytes(4),
        interface=0,
        queued=3,
        backlog=128,
        uid=1000,
        inode=5,
        cgroup=0,
        v6only=None,
    )
    return plain._replace(**more)


def test_a_listening_socket_is_read_from_the_kernel(network: None) -> None:
    del network
    with socket.socket() as one, sock_diag.connect() as netlink:
        one.bind(("127.0.0.1", 0))
        one.listen(9)
        port, inode = one.getsockname()[1], fileno_inode(one)
        rows = sock_diag.dump(netlink, socket.AF_INET, socket.IPPROTO_TCP, 1 << LISTEN).rows
    (found,) = [each for each in rows if each.inode == inode]
    assert (found.port, found.address, found.backlog) == (port, b"\x7f\0\0\1", 9)
    assert found.cgroup > 0


def test_raw_answers_can_be_unpacked_later(network: None) -> None:
    del network
    with socket.socket(type=socket.SOCK_DGRAM) as one, sock_diag.connect(steady=True) as netlink:
        one.bind(("127.0.0.1", 0))
        inode = fileno_inode(one)
        wanted = (netlink, socket.AF_INET, socket.IPPROTO_UDP, 1 << sock_diag.CLOSED)
        pieces = sock_diag.raw(*wanted)
        assert pieces == sock_diag.raw(*wanted)
    assert inode in [each.inode for piece in pieces for each in parsed(piece)]


def fileno_inode(one: socket.socket) -> int:
    import os  # noqa: PLC0415 - one call

    return os.fstat(one.fileno()).st_ino


def test_a_run_of_equal_messages_is_read_whole() -> None:
    datagram = b"".join(message(CGROUP, port=port, inode=port) for port in range(1, 200))
    assert parsed(datagram) == [row(port, inode=port, cgroup=77) for port in range(1, 200)]


def test_messages_of_all_kinds_may_follow_each_other() -> None:
    datagram = (
        message(CGROUP, port=1)
        + message(port=2)
        + message(V6ONLY, CGROUP, family=10, port=3)
        + message(CGROUP, port=4)
        + message(CGROUP, port=5, state=1)
        + message(MARK, CGROUP, port=6)
        + message(V6ONLY, family=10, port=7)
    )
    found = [(each.port, each.family, each.cgroup, each.v6only) for each in parsed(datagram)]
    assert found == [
        (1, 2, 77, None),
        (2, 2, 0, None),
        (3, 10, 77, True),
        (4, 2, 77, None),
        (5, 2, 77, None),
        (6, 2, 77, None),
        (7, 10, 0, True),
    ]


def test_messages_as_long_with_other_attributes_are_read_anew() -> None:
    datagram = message(CGROUP, MARK, port=1) + message(MARK, CGROUP, port=2)
    assert [each.cgroup for each in parsed(datagram)] == [77, 77]


def test_attributes_in_an_order_that_no_kernel_has_are_not_believed() -> None:
    (found,) = parsed(message(CGROUP, V6ONLY, family=10))
    assert (found.cgroup, found.v6only) == (77, None)


def test_an_attribute_of_another_length_is_not_taken_for_the_group() -> None:
    assert parsed(message(attribute(21, bytes(4)))) == [row()]


def test_messages_that_are_no_sockets_are_passed_over() -> None:
    other = HEADER.pack(20, 99, 0, 1, 0) + bytes(4)
    assert parsed(other + message(CGROUP) + other) == [row(cgroup=77)]


@pytest.mark.parametrize(
    "datagram",
    [
        bytes(7),
        HEADER.pack(0, 99, 0, 1, 0),
        HEADER.pack(16, 20, 0, 1, 0),
        message(CGROUP)[:-4],
        message(struct.pack("=HH", 200, 21) + bytes(8)),
        HEADER.pack(400, 99, 0, 1, 0),
    ],
)
def test_a_broken_datagram_is_an_error(datagram: bytes) -> None:
    with pytest.raises(NetlinkError):
        parsed(datagram)


@given(st.binary(max_size=400))
def test_no_bytes_crash_the_reader(datagram: bytes) -> None:
    try:
        rows = parsed(datagram)
    except NetlinkError:
        return
    assert len(rows) <= len(datagram) // 88


@given(
    st.lists(st.sampled_from([b"", CGROUP, V6ONLY, MARK, attribute(8, b"\0")]), max_size=4),
    st.integers(0, 200),
    st.integers(0, 255),
)
def test_no_flipped_byte_crashes_the_reader(
    attributes: list[bytes], position: int, value: int
) -> None:
    datagram = bytearray(message(*attributes) * 2)
    datagram[position % len(datagram)] = value
    try:
        rows = parsed(bytes(datagram))
    except NetlinkError:
        return
    assert len(rows) <= 2
