import os
import select
import socket
import subprocess
import threading
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nobody import become_root_again
from tojimari.sockets.threads import Threads, Waiting, targets, threads

ME = os.getpid()


def listening() -> socket.socket:
    """A door of our own."""
    return socket.create_server(("127.0.0.1", 0))


def inode(of: socket.socket) -> int:
    return os.fstat(of.fileno()).st_ino


def take(door: socket.socket) -> None:
    """Accept one visitor and say good-bye."""
    door.accept()[0].close()


@contextmanager
def thread(name: str, waits: Callable[[], object], knock: Callable[[], object]) -> Generator[int]:
    """A thread that waits in the kernel, until it is knocked up."""
    tids: list[int] = []

    def run() -> None:
        Path("/proc/thread-self/comm").write_text(name, encoding="ascii")
        tids.append(threading.get_native_id())
        waits()

    waiter = threading.Thread(target=run)
    waiter.start()
    while not tids or b"S" not in Path(f"/proc/{ME}/task/{tids[0]}/stat").read_bytes().split()[2]:
        os.sched_yield()
    try:
        yield tids[0]
    finally:
        knock()
        waiter.join()


def found(
    waits: Callable[[socket.socket], object], server: socket.socket | None = None
) -> tuple[tuple[int, ...], Threads]:
    """The thread that waits for a server in some way, and what is said of it."""
    with closing(server or listening()) as door:
        address = door.getsockname()
        kind = door.type

        def knock() -> None:
            with socket.socket(type=kind) as client:
                client.connect(address)
                if kind == socket.SOCK_DGRAM:
                    client.send(b"x")

        with thread("waiter", lambda: waits(door), knock) as tid:
            said = threads(ME, [inode(door)])
            # The state says "sleeping" a moment before the call is there to be read.
            while not said.waiting:
                said = threads(ME, [inode(door)])
        return (tid,), said


@pytest.mark.usefixtures("network")
def test_a_thread_that_accepts_is_named() -> None:
    tids, said = found(take)
    assert said.waiting == (Waiting(tids[0], "waiter", "accept4"),)


@pytest.mark.usefixtures("network")
def test_a_thread_that_receives_is_named() -> None:
    server = socket.socket(type=socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))
    tids, said = found(lambda door: door.recvfrom(10), server)
    assert said.waiting == (Waiting(tids[0], "waiter", "recvfrom"),)


@pytest.mark.usefixtures("network")
def test_a_thread_that_waits_in_epoll_is_named() -> None:
    with select.epoll() as poll:

        def waits(door: socket.socket) -> None:
            poll.register(door, select.EPOLLIN)
            poll.poll()

        tids, said = found(waits)
    assert said.waiting == (Waiting(tids[0], "waiter", said.waiting[0].call),)
    assert said.waiting[0].call in {"epoll_wait", "epoll_pwait"}


@pytest.mark.usefixtures("network")
def test_a_thread_that_polls_is_named() -> None:
    def waits(door: socket.socket) -> None:
        poll = select.poll()
        poll.register(0, 0)
        poll.register(door, select.POLLIN)
        poll.poll()

    tids, said = found(waits)
    assert said.waiting[0].tid == tids[0]
    assert said.waiting[0].call in {"poll", "ppoll"}


@pytest.mark.usefixtures("network")
def test_a_thread_that_selects_is_named() -> None:
    tids, said = found(lambda door: select.select([door], [], []))
    assert said.waiting[0].tid == tids[0]
    assert said.waiting[0].call in {"select", "pselect6"}


@pytest.mark.usefixtures("network")
def test_all_threads_hold_a_socket_and_those_that_do_other_things_do_not_wait_for_it() -> None:
    with closing(listening()) as door, closing(listening()) as other:
        address = other.getsockname()
        with thread(
            "other",
            partial(take, other),
            lambda: socket.create_connection(address).close(),
        ):
            said = threads(ME, [inode(door)])
    assert (said.waiting, said.unreadable) == ((), 0)
    assert said.total >= 2


@pytest.mark.usefixtures("network")
def test_an_epoll_that_watches_something_else_does_not_wait_for_the_socket() -> None:
    with closing(listening()) as door, closing(listening()) as other, select.epoll() as poll:
        poll.register(other, select.EPOLLIN)
        address = other.getsockname()
        with thread("other", poll.poll, lambda: socket.create_connection(address).close()):
            said = threads(ME, [inode(door)])
    assert said.waiting == ()


@pytest.mark.usefixtures("network")
def test_a_sleep_in_select_without_descriptors_is_no_waiting_for_the_socket() -> None:
    with closing(listening()) as door:
        pipe = os.pipe()

        def rest() -> None:
            select.select([pipe[0]], [], [])

        with thread("rests", rest, lambda: os.write(pipe[1], b"x")):
            said = threads(ME, [inode(door)])
        for end in pipe:
            os.close(end)
    assert said.waiting == ()


def test_a_process_that_is_gone_is_an_error() -> None:
    with pytest.raises(ProcessLookupError):
        threads(ME, [1], proc="/nowhere")


def test_of_an_architecture_whose_numbers_are_unknown_nothing_is_said() -> None:
    said = threads(ME, [1], machine="m68k")
    assert (said.waiting, said.unreadable) == ((), said.total)


def task(proc: Path, syscall: str, executable: bytes = b"\x7fELF\x02") -> Path:
    """A process file system with one thread in it."""
    folder = proc / "7/task/7"
    (folder / "fd").mkdir(parents=True)
    (folder / "fdinfo").mkdir()
    (folder / "comm").write_text("worker\n", encoding="ascii")
    (folder / "syscall").write_text(syscall, encoding="ascii")
    (folder / "fd/3").symlink_to("socket:[42]")
    (proc / "7/exe").write_bytes(executable)
    return folder


CALL = "{} 0x3 0x0 0x0 0x0 0x0 0x0 0x7ffe 0x7f00\n"


@pytest.mark.parametrize(
    ("machine", "number", "call"),
    [
        ("x86_64", 43, "accept"),
        ("x86_64", 288, "accept4"),
        ("x86_64", 47, "recvmsg"),
        ("x86_64", 299, "recvmmsg"),
        ("aarch64", 202, "accept"),
        ("aarch64", 242, "accept4"),
        ("aarch64", 207, "recvfrom"),
        ("riscv64", 243, "recvmmsg"),
    ],
)
def test_the_numbers_of_each_architecture_are_known(
    tmp_path: Path, machine: str, number: int, call: str
) -> None:
    task(tmp_path, CALL.format(number))
    assert threads(7, [42], str(tmp_path), machine).waiting == (Waiting(7, "worker", call),)


@pytest.mark.parametrize("line", ["running\n", "-1 0x7ffe 0x7f00\n", "", CALL.format(202)])
def test_a_thread_that_sleeps_in_no_such_call_does_not_wait(tmp_path: Path, line: str) -> None:
    task(tmp_path, line)
    assert threads(7, [42], str(tmp_path), "x86_64") == Threads(7, 1, (), 0)


def test_a_32_bit_program_has_other_numbers_and_nothing_is_said(tmp_path: Path) -> None:
    task(tmp_path, CALL.format(43), executable=b"\x7fELF\x01")
    assert threads(7, [42], str(tmp_path), "x86_64") == Threads(7, 1, (), 1)


def test_an_old_kernel_lists_descriptors_without_inodes(tmp_path: Path) -> None:
    folder = task(tmp_path, CALL.format(232).replace("0x3", "0x5"))
    (folder / "fdinfo/5").write_text("pos:\t0\ntfd:        3 events:       19 data:  3\n")
    assert threads(7, [42], str(tmp_path), "x86_64").waiting[0].call == "epoll_wait"


def test_an_epoll_that_is_gone_watches_nothing(tmp_path: Path) -> None:
    task(tmp_path, CALL.format(232).replace("0x3", "0x5"))
    assert threads(7, [42], str(tmp_path), "x86_64").waiting == ()


def test_a_thread_that_is_gone_does_not_wait(tmp_path: Path) -> None:
    (task(tmp_path, "") / "syscall").unlink()
    assert threads(7, [42], str(tmp_path), "x86_64") == Threads(7, 1, (), 0)


def test_a_thread_without_a_name_has_none(tmp_path: Path) -> None:
    (task(tmp_path, CALL.format(43)) / "comm").unlink()
    assert threads(7, [42], str(tmp_path), "x86_64").waiting[0].name == ""


def test_more_threads_than_are_looked_at_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task(tmp_path, CALL.format(43))
    (tmp_path / "7/task/8").mkdir()
    monkeypatch.setattr("tojimari.sockets.threads.MAX_THREADS", 1)
    assert threads(7, [42], str(tmp_path), "x86_64").unreadable == 1


def test_what_may_not_be_asked_is_counted(request: pytest.FixtureRequest) -> None:
    with subprocess.Popen(["sleep", "60"]) as child:
        request.getfixturevalue("as_nobody")
        said = threads(child.pid, [1])
        become_root_again()
        child.kill()
    assert said == Threads(child.pid, total=1, waiting=(), unreadable=1)


def test_what_an_epoll_watches_is_read_as_the_kernel_writes_it() -> None:
    line = b"tfd:       10 events:       19 data:                a  pos:0 ino:2a sdev:8\n"
    assert list(targets(b"pos:\t0\nflags:\t02\n" + line)) == [(10, 42)]


@given(st.binary())
def test_what_an_epoll_watches_may_be_anything(fdinfo: bytes) -> None:
    assert all(descriptor is not None for descriptor, _ in targets(fdinfo))
