import errno
import os
import threading
from pathlib import Path

import pytest

from actors import actor
from tojimari.linux import libc, namespaces, procfs
from tojimari.linux.namespaces import Found, Visitor

GONE = 1 << 30


def own() -> int:
    return Path("/proc/self/ns/net").stat().st_ino


def test_our_own_namespace_is_always_found(network: None) -> None:
    del network
    found = namespaces.survey([])
    assert found.own == own()
    assert list(found.found) == [own()]


@pytest.mark.usefixtures("root")
def test_the_machines_own_is_that_of_pid_1_or_of_the_kernels_threads(network: None) -> None:
    del network
    assert namespaces.survey([]).host == Path("/proc/2/ns/net").stat().st_ino


def test_without_the_right_to_know_our_own_counts_as_the_machines(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    original = procfs.namespace

    def namespace(pid: int | str, kind: str) -> int | None:
        if pid in {1, namespaces.KTHREADD}:
            raise PermissionError
        return original(pid, kind)

    monkeypatch.setattr(procfs, "namespace", namespace)
    found = namespaces.survey([namespaces.KTHREADD])
    assert found.host == found.own
    assert found.refused == [namespaces.KTHREADD]


def test_processes_are_listed_by_their_namespace(network: None) -> None:
    del network
    with actor("space = own_network(); ready(space=space)") as one:
        found = namespaces.survey([os.getpid(), one.pid, GONE])
    assert found.found[one["space"]].pids == [one.pid]
    assert found.found[own()].pids == [os.getpid()]
    assert found.refused == []


def test_a_mount_in_another_mount_namespace_is_found(network: None) -> None:
    del network
    body = """
assert libc.unshare(0x00020000) == 0  # CLONE_NEWNS
home = os.open("/proc/self/ns/net", os.O_RDONLY)
assert libc.mount(b"tmpfs", b"/mnt", b"tmpfs", 0, None) == 0
open("/mnt/hidden house", "w").close()
space = own_network()
assert libc.mount(b"/proc/thread-self/ns/net", b"/mnt/hidden house", None, 4096, None) == 0
assert libc.setns(home, 0) == 0
ready(space=space)
"""
    with actor(body) as one:
        found = namespaces.survey([one.pid]).found[one["space"]]
        with Visitor_() as visitor:
            inside = visit(visitor, found)
    assert found.name == "hidden house"
    assert inside == one["space"]


class Visitor_:  # noqa: N801 - a visitor that closes itself
    def __enter__(self) -> Visitor:
        self.visitor = Visitor()
        return self.visitor

    def __exit__(self, *_: object) -> None:
        self.visitor.close()


def visit(visitor: Visitor, found: Found) -> int | None:
    descriptor = found.open()
    try:
        return visitor.visit(descriptor, lambda: procfs.namespace("thread-self", "net"))
    finally:
        os.close(descriptor)


def test_a_visit_moves_no_other_thread(network: None) -> None:
    del network
    with actor("space = own_network(); ready(space=space)") as one, Visitor_() as visitor:
        found = namespaces.survey([one.pid]).found[one["space"]]
        assert visit(visitor, found) == one["space"]
        assert procfs.namespace("thread-self", "net") == own()


def test_what_goes_wrong_on_a_visit_is_told_to_who_sent_it(network: None) -> None:
    del network

    def fail() -> None:
        raise KeyError("there")

    descriptor = os.open("/proc/self/ns/net", os.O_RDONLY)
    with Visitor_() as visitor:
        with pytest.raises(KeyError, match="there"):
            visitor.visit(descriptor, fail)
        assert visitor.visit(descriptor, lambda: 5) == 5
    os.close(descriptor)


def test_what_is_no_namespace_cannot_be_visited(network: None) -> None:
    del network
    descriptor = os.open("/dev/null", os.O_RDONLY)
    with Visitor_() as visitor, pytest.raises(OSError, match="Invalid argument"):
        visitor.visit(descriptor, lambda: None)
    os.close(descriptor)


def test_a_visitor_ends_with_its_visits(network: None) -> None:
    del network
    before = threading.active_count()
    descriptor = os.open("/proc/self/ns/net", os.O_RDONLY)
    with Visitor_() as visitor:
        visitor.visit(descriptor, lambda: None)
    os.close(descriptor)
    assert threading.active_count() == before


def test_an_open_namespace_is_opened_again(network: None) -> None:
    del network
    descriptor = os.open("/proc/self/ns/net", os.O_RDONLY)
    again = Found(own(), "", descriptor=descriptor).open()
    assert os.fstat(again).st_ino == own()
    os.close(again)
    os.close(descriptor)


def test_a_socket_tells_its_namespace(network: None) -> None:
    del network
    body = "a = socket.socket(); space = own_network(); ready(fd=a.fileno(), away=space)"
    with actor(body) as one:
        answer = namespaces.of_socket(one.pid, one["fd"])
    assert answer is not None
    inode, descriptor = answer
    os.close(descriptor)
    assert inode == own() != one["away"]


@pytest.mark.parametrize("number", [0, 999])
def test_what_is_no_socket_tells_none(network: None, number: int) -> None:
    del network
    with actor("ready()") as one:
        assert namespaces.of_socket(one.pid, number) is None


def test_a_process_that_has_gone_tells_none() -> None:
    assert namespaces.of_socket(GONE, 0) is None


def test_without_the_right_to_ask_that_is_said(network: None, as_nobody: None) -> None:
    del network, as_nobody
    with pytest.raises(PermissionError):
        namespaces.of_socket(1, 0)


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.EPERM])
def test_a_kernel_that_cannot_be_asked_hides_the_namespace(
    monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(*words: int) -> int:
        del words
        raise OSError(number, "no way")

    monkeypatch.setattr(libc, "pidfd_getfd", refuse)
    with pytest.raises(PermissionError, match="no way"):
        namespaces.of_socket(os.getpid(), 0)
