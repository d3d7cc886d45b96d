import socket
import threading
from contextlib import closing

import pytest

from tojimari.linux import packet_socket


@pytest.mark.usefixtures("root")
def test_a_classic_filter_chooses_what_is_heard() -> None:
    # Bytes 12 and 13 of the frame: 0x0800; byte 23: 17.
    steps = [
        (0x28, 0, 0, 12),
        (0x15, 0, 3, 0x0800),
        (0x30, 0, 0, 23),
        (0x15, 0, 1, 17),
        (0x06, 0, 0, 0xFFFF),
        (0x06, 0, 0, 0),
    ]
    heard = packet_socket.frames("lo", steps=steps)
    with closing(heard), socket.socket(type=socket.SOCK_DGRAM) as one, socket.socket() as other:
        other.connect_ex(("127.0.0.1", 1))
        one.sendto(b"hello", ("127.0.0.1", 9))
        assert heard.recv(100).endswith(b"hello")
        with pytest.raises(BlockingIOError):  # the error that nobody listens at 9 is not heard
            heard.recv(100, socket.MSG_DONTWAIT)
        assert packet_socket.dropped(heard) == 0


@pytest.mark.usefixtures("root")
def test_an_interface_must_be_there() -> None:
    with pytest.raises(OSError, match="No such device"):
        packet_socket.frames("nowhere0", steps=[(0x06, 0, 0, 0)])
    with pytest.raises(OSError, match="No such device"):
        packet_socket.packets_out(4, "nowhere0")


def test_packets_are_not_for_everybody(as_nobody: None) -> None:
    del as_nobody
    with pytest.raises(PermissionError):
        packet_socket.frames("lo", steps=[(0x06, 0, 0, 0)])
    with pytest.raises(PermissionError):
        packet_socket.packets_out(6, "lo")


@pytest.mark.usefixtures("root")
def test_one_that_is_left_is_closed_while_others_go_on() -> None:
    left = packet_socket.frames("lo", steps=[(0x06, 0, 0, 0)])
    packet_socket.leave(left)
    for one in threading.enumerate():
        if one.name == "tojimari-leave":
            one.join(10)
    assert left.fileno() == -1
