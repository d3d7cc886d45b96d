import os
import select
from collections.abc import Callable

import pytest

from actors import actor
from tojimari.linux import bpf, libc, tcp_states
from tojimari.linux.tcp_states import Turn, Turns, TurnsByProgram, TurnsByTracefs, parse_line

BOTH = pytest.mark.parametrize("make", [TurnsByProgram, TurnsByTracefs])
TURNS = """
space = os.stat("/proc/self/ns/net").st_ino
a = listener(port={port})
port = a.getsockname()[1]
a.close()
ready(port=port, space=space)
"""


def both(turns: Turns, port: int) -> list[Turn]:
    """What was told of a port, until it has been closed."""
    waiting = select.poll()
    waiting.register(turns.descriptor, select.POLLIN)
    found: list[Turn] = []
    while not any(not turn.listens for turn in found):
        assert waiting.poll(20_000), "nothing was told"
        found += [turn for turn in turns.read() if turn.port == port]
    return found


@BOTH
def test_opening_and_closing_are_told(root: None, make: Callable[[], Turns]) -> None:
    del root
    turns = make()
    try:
        with actor(TURNS.format(port=7027)):
            assert [turn.listens for turn in both(turns, 7027)] == [True, False]
    finally:
        turns.close()


@BOTH
def test_a_port_that_the_kernel_chose_is_told_at_the_end_too(
    root: None, make: Callable[[], Turns]
) -> None:
    del root
    turns = make()
    try:
        with actor(TURNS.format(port=0)) as one:
            assert [turn.listens for turn in both(turns, one["port"])] == [True, False]
    finally:
        turns.close()


def test_the_program_tells_process_and_namespace(root: None) -> None:
    del root
    turns = TurnsByProgram()
    try:
        with actor(TURNS.format(port=7028)) as one:
            assert both(turns, 7028)[0] == Turn(7028, listens=True, netns=one["space"], pid=one.pid)
    finally:
        turns.close()


LINE = (
    b"   my - [prog]-812   [001] ...1.  9.5: inet_sock_set_state: family=AF_INET6"
    b" protocol=IPPROTO_TCP sport=80 dport=0 saddr=0.0.0.0 daddr=0.0.0.0 saddrv6=::"
    b" daddrv6=:: oldstate=TCP_CLOSE newstate=TCP_LISTEN"
)


@pytest.mark.parametrize(
    ("line", "turn"),
    [
        (LINE, Turn(80, listens=True, netns=0, pid=0)),
        (LINE.replace(b"TCP_LISTEN", b"TCP_CLOSE"), Turn(80, listens=False, netns=0, pid=0)),
        (LINE.replace(b"sport=80", b"sport=many"), None),
        (LINE.replace(b"sport=80", b""), None),
        (b"CPU:1 [LOST 3 EVENTS]", None),
        (b"", None),
    ],
)
def test_a_line_of_the_trace_is_read(line: bytes, turn: Turn | None) -> None:
    assert parse_line(line) == turn


def test_nothing_is_left_where_the_program_is_refused(
    root: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    del root

    def refuse(*words: object, **more: object) -> int:
        del words, more
        raise PermissionError

    before = os.listdir("/proc/self/fd")  # noqa: PTH208 - names, not paths
    monkeypatch.setattr(bpf, "load", refuse)
    with pytest.raises(PermissionError):
        TurnsByProgram()
    assert os.listdir("/proc/self/fd") == before  # noqa: PTH208 - the same


def test_nothing_is_left_where_the_trace_cannot_begin(
    root: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    del root
    before = os.listdir("/proc/self/fd")  # noqa: PTH208 - the same
    monkeypatch.setattr(tcp_states, "_EVENT", "events/no/such")
    with pytest.raises(FileNotFoundError):
        TurnsByTracefs()
    assert os.listdir("/proc/self/fd") == before  # noqa: PTH208 - the same
    monkeypatch.undo()
    TurnsByTracefs().close()  # its name is free again


def test_only_one_trace_of_a_process_is_possible(root: None) -> None:
    del root
    first = TurnsByTracefs()
    try:
        with pytest.raises(FileExistsError):
            TurnsByTracefs()
    finally:
        first.close()


def test_traces_of_others_that_live_are_left(root: None, monkeypatch: pytest.MonkeyPatch) -> None:
    del root
    first = TurnsByTracefs()
    try:
        with monkeypatch.context() as patch:
            patch.setattr(os, "getpid", lambda: 1 << 30)
            TurnsByTracefs().close()
        mount = libc.detached_mount("tracefs")
        folder = os.open("instances", os.O_RDONLY, dir_fd=mount)
        names = os.listdir(folder)  # noqa: PTH208 - by descriptor
        os.close(folder)
        os.close(mount)
        assert f"tojimari-{os.getpid()}" in names
    finally:
        first.close()
