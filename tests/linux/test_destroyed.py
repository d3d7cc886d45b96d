import select
import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tojimari.linux import destroyed
from tojimari.linux.destroyed import Destroyed
from tojimari.linux.netlink import HEADER, NetlinkError, attribute


def closing(port: int, protocol: int) -> bytes:
    body = struct.pack(">BBBBHH", 2, 7, 0, 0, port, 0) + bytes(64)
    whole = body + attribute(10, bytes([protocol]))
    return HEADER.pack(16 + len(whole), 20, 0, 0, 0) + whole


def until(told: Destroyed, port: int) -> list[tuple[int, int]]:
    waiting = select.poll()
    waiting.register(told.descriptor, select.POLLIN)
    found: list[tuple[int, int]] = []
    while not found:
        assert waiting.poll(20_000), "nothing was told"
        found = [one for one in told.read() if one[1] == port]
    return found


@pytest.mark.parametrize(
    ("family", "kind", "protocol"),
    [
        (socket.AF_INET, socket.SOCK_STREAM, 6),
        (socket.AF_INET, socket.SOCK_DGRAM, 17),
        (socket.AF_INET6, socket.SOCK_STREAM, 6),
        (socket.AF_INET6, socket.SOCK_DGRAM, 17),
    ],
)
def test_a_door_that_closes_is_told(
    network: None, family: int, kind: socket.SocketKind, protocol: int
) -> None:
    del network
    told = Destroyed()
    try:
        with socket.socket(family, kind) as one:
            one.bind(("::1" if family == socket.AF_INET6 else "127.0.0.1", 0))
            if kind is socket.SOCK_STREAM:
                one.listen()
            port = one.getsockname()[1]
        assert until(told, port) == [(protocol, port)]
    finally:
        told.close()


def test_connections_are_not_told(network: None) -> None:
    del network
    told = Destroyed()
    try:
        with socket.socket() as door:
            door.bind(("127.0.0.1", 0))
            door.listen()
            port = door.getsockname()[1]
            with socket.create_connection(("127.0.0.1", port)) as one:
                called = one.getsockname()[1]
                door.accept()[0].close()
        seen = until(told, port)
        assert [one for one in seen if one[1] in {port, called}] == [(6, port)]
    finally:
        told.close()


def test_what_nobody_told_is_not_there(network: None) -> None:
    del network
    told = Destroyed()
    assert isinstance(told.read(), list)
    told.close()


def test_a_closing_is_read() -> None:
    assert destroyed.parse(closing(80, 6) + closing(53, 17)) == [(6, 80), (17, 53)]


def test_a_message_that_is_too_short_is_passed_over() -> None:
    assert destroyed.parse(HEADER.pack(20, 20, 0, 0, 0) + bytes(4)) == []


@given(st.binary(max_size=200))
def test_no_bytes_crash_the_reader(datagram: bytes) -> None:
    try:
        destroyed.parse(datagram)
    except (NetlinkError, OSError):
        return


def test_a_kernel_that_does_not_tell_leaves_nothing_open(
    network: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    del network
    monkeypatch.setattr(destroyed, "_GROUPS", {6: (999_999,), 17: ()})
    with pytest.raises(OSError, match="Invalid argument"):
        Destroyed()
