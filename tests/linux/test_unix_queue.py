import os
import socket

import pytest

from actors import actor
from tojimari.linux import unix_queue

CARRIER = """
a, b = socket.socketpair()
c = socket.socket()
socket.send_fds(a, [b"words"], [c.fileno(), os.open("/dev/null", os.O_RDONLY)])
ready(fd=b.fileno(), empty=a.fileno(), inode=inode(c))
"""


def test_sockets_on_their_way_are_found(network: None) -> None:
    del network
    with actor(CARRIER) as one:
        before = os.listdir("/proc/self/fd")  # noqa: PTH208 - names, not paths
        assert unix_queue.waiting_sockets(one.pid, one["fd"]) == [one["inode"]]
        assert os.listdir("/proc/self/fd") == before  # noqa: PTH208 - the same


def test_they_are_still_there_afterwards(network: None) -> None:
    del network
    with actor(CARRIER) as one:
        unix_queue.waiting_sockets(one.pid, one["fd"])
        assert unix_queue.waiting_sockets(one.pid, one["fd"]) == [one["inode"]]


def test_where_nothing_waits_nothing_is_found(network: None) -> None:
    del network
    with actor(CARRIER) as one:
        assert unix_queue.waiting_sockets(one.pid, one["empty"]) == []
        assert unix_queue.waiting_sockets(one.pid, 999) == []
    assert unix_queue.waiting_sockets(1 << 30, 3) == []


def test_a_socket_that_listens_has_no_messages(network: None) -> None:
    del network
    body = """
a = socket.socket(socket.AF_UNIX); a.bind("\\0tojimari-test-" + str(os.getpid())); a.listen()
ready(fd=a.fileno())
"""
    with actor(body) as one:
        assert unix_queue.waiting_sockets(one.pid, one["fd"]) == []


def test_not_everybody_may_look(network: None, as_nobody: None) -> None:
    del network, as_nobody
    with pytest.raises(PermissionError):
        unix_queue.waiting_sockets(1, 0)


def test_a_receiver_that_peeks_with_an_offset_is_left_alone() -> None:
    left, right = socket.socketpair()
    with left, right:
        right.setsockopt(socket.SOL_SOCKET, unix_queue.SO_PEEK_OFF, 0)
        socket.send_fds(left, [b"words"], [left.fileno()])
        assert unix_queue.waiting_sockets(os.getpid(), right.fileno()) == []
