import socket
import struct
from contextlib import closing

import pytest

from tojimari.linux import packet_socket
from tojimari.linux.outbox import Outbox, socket_address
from yard import run

pytestmark = pytest.mark.usefixtures("root")
ETHERTYPE = b"\x88\xb5"  # for experiments (IEEE 802)


def test_packets_go_out_as_they_stand() -> None:
    run("ip", "link", "add", "outbox0", "type", "veth", "peer", "outbox1")
    hears = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x88B5))
    with hears:
        run("ip", "link", "set", "outbox0", "up")
        run("ip", "link", "set", "outbox1", "up")
        hears.bind(("outbox1", 0x88B5))
        hears.settimeout(10)
        sends = packet_socket.frames("outbox0", steps=[(0x06, 0, 0, 0)])
        with closing(sends):
            box = Outbox(sends, 8, 20)
            assert box.stride == 32
            for one in range(8):
                box.packets[32 * one : 32 * one + 20] = bytes(12) + ETHERTYPE + bytes([one]) * 6
            assert box.send(5) == 5
            came = [hears.recv(100)[14] for _ in range(5)]
        run("ip", "link", "del", "outbox0")
    assert came == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(("version", "address"), [(4, "127.0.0.1"), (6, "::1")])
def test_raw_packets_are_aimed(version: int, address: str) -> None:
    family = socket.AF_INET if version == 4 else socket.AF_INET6
    packed = socket.inet_pton(family, address)
    with socket.socket(family, socket.SOCK_DGRAM) as hears:
        hears.bind((address, 0))
        hears.settimeout(10)
        port = hears.getsockname()[1]
        datagram = struct.pack(">HHHH", 7, port, 9, 0) + b"x"
        if version == 4:
            head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 29, 0, 0, 64, 17, 0, packed, packed)
        else:
            head = struct.pack(">IHBB16s16s", 6 << 28, 9, 17, 64, packed, packed)
            total = sum(struct.unpack(">16H", packed * 2)) + 17 + 9 + 7 + port + 9 + (ord("x") << 8)
            while total >> 16:
                total = (total & 0xFFFF) + (total >> 16)
            datagram = struct.pack(">HHHH", 7, port, 9, ~total & 0xFFFF) + b"x"
        sends = packet_socket.packets_out(version, "lo")
        with closing(sends):
            aim = socket_address(version, bytes(len(packed)), 1)
            box = Outbox(sends, 1, len(head) + 9, target=aim)
            box.aim(socket_address(version, packed, 1))
            box.packets[: len(head) + 9] = head + datagram
            assert box.send(1) == 1
        assert hears.recv(10) == b"x"


def test_a_refusal_is_an_error() -> None:
    sends = packet_socket.packets_out(4, "lo")
    with closing(sends):
        aim = socket_address(4, socket.inet_aton("192.0.2.1"), 1)
        box = Outbox(sends, 1, 20, target=aim)
        with pytest.raises(OSError, match=r"Network is unreachable|Invalid argument"):
            box.send(1)


def test_a_full_device_is_waited_for_but_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    first: list[int | OSError] = [2, BlockingIOError(11, "full"), 1]
    answers = iter(first + [OSError(105, "no room")] * 11_000)
    pauses: list[float] = []

    def send(*words: int) -> int:
        del words
        one = next(answers)
        if isinstance(one, OSError):
            raise one
        return one

    monkeypatch.setattr("tojimari.linux.libc.sendmmsg", send)
    monkeypatch.setattr("time.sleep", pauses.append)
    with socket.socket() as sends:
        assert Outbox(sends, 9, 20).send(9) == 3
    assert sum(pauses) == pytest.approx(1.0, abs=0.01)
