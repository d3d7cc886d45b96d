import errno
import os
import resource
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from tojimari.linux import libc, procfs


class Machine(NamedTuple):
    """What uname says, as far as we ask."""

    machine: str


@pytest.fixture
def strange(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine of which nobody knows the numbers."""
    monkeypatch.setattr(os, "uname", lambda: Machine("pdp11"))


def test_an_unknown_machine_has_no_such_call(strange: None) -> None:
    del strange
    calls: tuple[Callable[[], int], ...] = (
        lambda: libc.bpf(0, bytearray(8)),
        lambda: libc.pidfd_getfd(0, 0),
        lambda: libc.detached_mount("tracefs"),
    )
    for call in calls:
        with pytest.raises(OSError, match="pdp11") as caught:
            call()
        assert caught.value.errno == errno.ENOSYS


@pytest.mark.parametrize(("machine", "number"), [("x86_64", 321), ("aarch64", 280)])
def test_the_machines_have_their_own_numbers(
    monkeypatch: pytest.MonkeyPatch, machine: str, number: int
) -> None:
    asked: list[tuple[int, ...]] = []

    def syscall(*words: int) -> int:
        asked.append(words)
        return 7

    monkeypatch.setattr(os, "uname", lambda: Machine(machine))
    monkeypatch.setattr(libc, "_syscall", syscall)
    assert libc.bpf(5, bytearray(8)) == 7
    assert asked[0][:2] == (number, 5)


def test_a_refusal_has_the_kernels_number() -> None:
    with pytest.raises(OSError, match="Bad file descriptor") as caught:
        libc.setns(-1, 0)
    assert caught.value.errno == errno.EBADF
    with pytest.raises(OSError, match="Invalid argument"):
        libc.unshare(1)
    with pytest.raises(OSError, match="Bad file descriptor"):
        libc.pidfd_getfd(-1, 0)


def test_a_detached_mount_is_seen_by_nobody(root: None) -> None:
    del root
    before = procfs.mounts()
    mount = libc.detached_mount("tmpfs")
    folder = os.open(".", os.O_RDONLY, dir_fd=mount)
    try:
        os.mkdir("inside", dir_fd=folder)
        assert os.listdir(folder) == ["inside"]  # noqa: PTH208 - by descriptor
        assert procfs.mounts() == before
    finally:
        os.close(folder)
        os.close(mount)


def test_a_file_system_that_the_kernel_lacks_is_refused(root: None) -> None:
    del root
    with pytest.raises(OSError, match="No such device"):
        libc.detached_mount("nosuchfs")


def test_an_instance_of_inotify_is_given_or_refused() -> None:
    given = libc.inotify()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(
        resource.RLIMIT_NOFILE, (given, hard)
    )  # whichever comes next is one too many
    try:
        with pytest.raises(OSError, match="Too many open files"):
            libc.inotify()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert str(Path(f"/proc/self/fd/{given}").readlink()) == "anon_inode:inotify"
    os.close(given)
