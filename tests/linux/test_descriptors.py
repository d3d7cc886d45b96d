import os

import pytest

from actors import actor
from tojimari.linux import descriptors
from tojimari.linux.descriptors import Scan

GONE = 1 << 30
SOCKETS = """
a, b = listener(), socket.socket(socket.AF_UNIX)
space = os.open("/proc/self/ns/net", os.O_RDONLY)
os.dup2(a.fileno(), 90)
ready(fd=a.fileno(), inode=inode(a), other=inode(b), otherfd=b.fileno(), space=space,
      netns=os.stat("/proc/self/ns/net").st_ino)
"""


def test_wanted_sockets_and_what_else_is_held_are_found(network: None) -> None:
    del network
    with actor(SOCKETS) as one:
        found = descriptors.scan([one.pid, GONE], {one["inode"]})
    assert found.holders == {one["inode"]: [(one.pid, one["fd"]), (one.pid, 90)]}
    assert found.others == {one["other"]: (one.pid, one["otherfd"])}
    assert found.spaces == {one["netns"]: (one.pid, one["space"])}
    assert (found.rings, found.refused) == ([], [])


def test_what_may_not_be_read_is_said(network: None, as_nobody: None) -> None:
    del network, as_nobody
    found = descriptors.scan([2, 1], {5})
    assert found.refused == [1]  # 2 is a kernel thread, which has none


def test_a_probe_stops_at_the_first_holder(network: None) -> None:
    del network
    with actor(SOCKETS) as one:
        wanted, found = {one["inode"]}, Scan()
        descriptors.probe([GONE, one.pid, 2], wanted, found)
    assert wanted == set()
    assert found.holders == {one["inode"]: [(one.pid, one["fd"])]}
    assert found.refused == []


def test_a_probe_leaves_what_it_does_not_find(network: None) -> None:
    del network
    with actor(SOCKETS) as one:
        wanted, found = {5}, Scan()
        descriptors.probe([one.pid], wanted, found)
    assert (wanted, found.holders) == ({5}, {})


def test_a_probe_says_what_it_may_not_read(network: None, as_nobody: None) -> None:
    del network
    found = Scan()
    descriptors.probe([2, 1], {5}, found)
    assert found.refused == [1]


def test_before_linux_6_2_a_probe_gives_up_after_a_gap(
    network: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    del network
    monkeypatch.setattr(descriptors, "_sizes_count", lambda: False)
    with actor(SOCKETS) as one:
        wanted, found = {one["inode"], 5}, Scan()
        descriptors.probe([one.pid], wanted, found)
    assert wanted == {5}


def test_rings_are_found(network: None) -> None:
    del network
    body = """
libc.syscall.argtypes = [ctypes.c_long] * 3
setup = ctypes.create_string_buffer(120)
ready(ring=libc.syscall(425, 8, ctypes.addressof(setup)))
"""
    with actor(body) as one:
        found = descriptors.scan([one.pid], set())
    assert found.rings == [(one.pid, one["ring"])]


def test_a_process_whose_first_thread_has_ended_is_read_by_another(network: None) -> None:
    del network
    body = """
a = listener()
threading.Thread(target=ready, kwargs={"fd": a.fileno(), "inode": inode(a)}).start()
libc.pthread_exit(None)
"""
    with actor(body) as one:
        found = descriptors.scan([one.pid], {one["inode"]})
    assert found.holders == {one["inode"]: [(one.pid, one["fd"])]}


def test_a_descriptor_that_closes_meanwhile_is_passed_over(
    network: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    del network
    original = os.listdir

    def listdir(path: int) -> list[str]:
        return [*original(path), "9999"]

    with actor(SOCKETS) as one:
        monkeypatch.setattr(os, "listdir", listdir)
        found = descriptors.scan([one.pid], {one["inode"]})
    assert list(found.holders) == [one["inode"]]


@pytest.mark.parametrize("fault", ["list", "link"])
def test_a_process_that_may_be_listed_but_not_read_is_refused(
    network: None, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    del network

    def refuse(*words: object, **more: object) -> str:
        del words, more
        raise PermissionError if fault == "link" else ProcessLookupError

    monkeypatch.setattr(os, "readlink", refuse)
    scanned = descriptors.scan([os.getpid()], {1})
    probed = Scan()
    descriptors.probe([os.getpid()], {1}, probed)
    expected = [os.getpid()] if fault == "link" else []
    assert (scanned.refused, probed.refused) == (expected, expected)


def test_a_process_is_readable_or_not(network: None) -> None:
    del network
    assert descriptors.is_readable(os.getpid())
    assert descriptors.is_readable(2)
    assert descriptors.is_readable(GONE)


def test_to_nobody_only_its_own_and_kernel_threads_are_readable(
    network: None, as_nobody: None
) -> None:
    del network, as_nobody
    assert not descriptors.is_readable(1)
    assert descriptors.is_readable(2)


def test_a_descriptor_tells_about_itself(network: None) -> None:
    del network
    with actor(SOCKETS) as one:
        told = descriptors.information((one.pid, one["otherfd"]))
        gone = descriptors.information((one.pid, 999))
    assert told["scm_fds"] == "0"
    assert gone == {}


def test_what_a_descriptor_tells_is_not_for_everybody(network: None, as_nobody: None) -> None:
    del network, as_nobody
    with pytest.raises(PermissionError):
        descriptors.information((1, 0))
    with pytest.raises(PermissionError):
        descriptors.fixed_sockets((1, 0))


def test_the_protocol_of_a_socket_is_known(network: None) -> None:
    del network
    body = """
held = [socket.socket(), socket.socket(socket.AF_INET6, socket.SOCK_DGRAM),
        socket.socket(socket.AF_UNIX), open("/dev/null")]
ready(fds=[one.fileno() for one in held])
"""
    with actor(body) as one:
        found = [descriptors.protocol((one.pid, number)) for number in one["fds"]]
    assert found[:2] == ["TCP", "UDPv6"]
    assert found[3] is None


FDINFO = """\
pos:\t0
UserFiles:\t3
    0: socket:[1234]
    1: /dev/null
    2: socket:[99]
    3: socket:[broken
UserBufs:\t0
"""


def test_the_fixed_files_of_a_ring_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def lines(place: tuple[int, int]) -> list[str]:
        assert place == (1, 3)
        return list(FDINFO.splitlines())

    monkeypatch.setattr(descriptors, "_lines", lines)
    assert descriptors.fixed_sockets((1, 3)) == [1234, 99]
