import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from actors import CAP_BPF, CAP_PERFMON, CAP_SYS_ADMIN, WITHOUT, actor, unmeasured
from tojimari.core.endpoint import Transport
from tojimari.linux import libc
from tojimari.sockets import events
from tojimari.sockets.events import Hint, Rung, Watch

pytestmark = pytest.mark.usefixtures("network")
RUNGS = pytest.mark.parametrize("rung", list(Rung))
PATIENCE = 20  # seconds, on a machine that is busy with other tests
TURNS = """
a = listener()
port = a.getsockname()[1]
ready(port=port)
a.close()
ready()
"""


def until(watch: Watch, wanted: Callable[[Hint], bool]) -> Hint:
    """The first hint that is wanted; others' doors open and close meanwhile."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        for hint in watch.wait(PATIENCE):
            if wanted(hint):
                return hint
    raise AssertionError("nothing was told")


@RUNGS
def test_a_door_that_opens_is_told_and_so_is_its_closing(rung: Rung) -> None:
    with events.watch(rung) as watch, actor(TURNS) as server:
        port = server["port"]
        opened = until(watch, lambda hint: hint.port == port)
        server.go_on()
        closed = until(watch, lambda hint: hint.port == port and not hint.opened)
    assert watch.rung is rung
    assert (opened.transport, opened.opened) == (Transport.TCP, True)
    assert closed.transport is Transport.TCP


@RUNGS
def test_udp_is_told_too(rung: Rung) -> None:
    body = """
a = socket.socket(type=socket.SOCK_DGRAM); a.bind(("127.0.0.1", 0))
ready(port=a.getsockname()[1])
a.close()
ready()
"""
    with events.watch(rung) as watch, actor(body) as server:
        port = server["port"]
        opened = until(watch, lambda hint: hint.port == port)
        server.go_on()
        closed = until(watch, lambda hint: hint.port == port)
    assert (opened.transport, opened.opened) == (Transport.UDP, True)
    assert (closed.transport, closed.opened) == (Transport.UDP, False)


@pytest.mark.usefixtures("root")
def test_the_best_means_is_taken() -> None:
    with events.watch() as watch:
        assert watch.rung is Rung.BPF


@pytest.mark.usefixtures("root")
def test_by_bpf_the_process_and_its_namespace_are_told() -> None:
    with (
        events.watch(Rung.BPF) as watch,
        actor("space = own_network(); a = listener(); ready(space=space)") as server,
    ):
        hint = until(watch, lambda hint: hint.pid == server.pid)
    assert hint.netns == server["space"]


@RUNGS
def test_doors_of_other_namespaces_are_told(rung: Rung) -> None:
    body = """
own_network()
ready()
a = listener(port=7017)
ready()
"""
    with events.watch(rung) as watch, actor(body) as server:
        server.go_on()
        assert until(watch, lambda hint: hint.port == 7017).opened


def test_where_even_closings_are_not_told_the_tables_are_compared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(protocols: tuple[int, ...]) -> None:
        del protocols
        raise PermissionError

    monkeypatch.setattr(events, "Destroyed", refuse)
    with events.watch(Rung.POLLING) as watch, actor(TURNS) as server:
        assert until(watch, lambda hint: hint.port == server["port"]).opened


@pytest.mark.usefixtures("root")
def test_a_kernel_without_diagnosis_cannot_be_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(transports: tuple[Transport, ...]) -> None:
        del transports
        raise FileNotFoundError

    monkeypatch.setattr(events, "Polling", refuse)
    before = sorted(Path("/proc/self/fd").iterdir())
    for rung in Rung:
        with pytest.raises(FileNotFoundError):
            events.watch(rung)
    assert sorted(Path("/proc/self/fd").iterdir()) == before


def test_waiting_ends_in_time() -> None:
    with events.watch() as watch:
        assert isinstance(watch.wait(0), tuple)


@pytest.mark.usefixtures("root")
def test_what_happens_together_is_told_together() -> None:
    body = """
held = [listener() for _ in range(5)]
ready(ports=[one.getsockname()[1] for one in held])
"""
    with events.watch(Rung.BPF) as watch, actor(body) as server:
        hints = next(hints for hints in watch if server["ports"][0] in {one.port for one in hints})
    assert {hint.port for hint in hints} >= set(server["ports"])


def traces() -> list[str]:
    mount = libc.detached_mount("tracefs")
    folder = os.open("instances", os.O_RDONLY, dir_fd=mount)
    try:
        return [name for name in os.listdir(folder) if name.startswith("tojimari-")]  # noqa: PTH208 - by descriptor
    finally:
        os.close(folder)
        os.close(mount)


@pytest.mark.usefixtures("root")
def test_the_trace_is_removed_at_the_end() -> None:
    name = f"tojimari-{os.getpid()}"
    with events.watch(Rung.TRACEFS):
        assert name in traces()
    assert name not in traces()


WATCHER = """
import sys
from tojimari.sockets import events
from tojimari.sockets.events import Rung
with events.watch({rung}) as watch:
    print(watch.rung, flush=True)
    while True:
        watch.wait()
"""


@pytest.mark.usefixtures("root")
def test_the_trace_is_removed_on_interruption() -> None:
    body = WATCHER.format(rung="Rung.TRACEFS")
    with subprocess.Popen([sys.executable, "-c", body], stdout=subprocess.PIPE, stderr=-3) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"tracefs\n"
        child.send_signal(signal.SIGINT)
    assert f"tojimari-{child.pid}" not in traces()


@pytest.mark.usefixtures("root")
def test_a_trace_that_a_killed_process_left_is_removed_by_the_next() -> None:
    body = WATCHER.format(rung="Rung.TRACEFS")
    words = [sys.executable, "-c", body]
    with subprocess.Popen(words, stdout=subprocess.PIPE, env=unmeasured()) as child:
        assert child.stdout is not None
        child.stdout.readline()
        child.kill()
    assert f"tojimari-{child.pid}" in traces()
    with events.watch(Rung.TRACEFS):
        assert f"tojimari-{child.pid}" not in traces()


@pytest.mark.usefixtures("root")
@pytest.mark.parametrize(
    ("first", "rung"),
    [
        (f"without({CAP_BPF}, {CAP_PERFMON}, {CAP_SYS_ADMIN})", "polling"),
        ("as_nobody()", "polling"),
    ],
)
def test_without_the_rights_the_next_rung_is_taken(first: str, rung: str) -> None:
    body = f"""
{WITHOUT}
import select
from tojimari.sockets import events
{first}
with events.watch() as watch:
    print(watch.rung, flush=True)
    sys.stdin.readline()
    for hints in watch:
        if any(hint.port == 7019 and hint.opened for hint in hints):
            print("told", flush=True)
            break
"""
    with subprocess.Popen(
        [sys.executable, "-c", body], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdin is not None
        assert child.stdout.readline() == f"{rung}\n"
        with actor("a = listener(port=7019); ready()"):
            child.stdin.write("\n")
            child.stdin.flush()
            assert child.stdout.readline() == "told\n"


@pytest.mark.usefixtures("root")
def test_a_rung_that_is_asked_for_and_not_there_is_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(command: int, attributes: bytearray) -> int:
        del command, attributes
        raise PermissionError

    monkeypatch.setattr(libc, "bpf", refuse)
    with pytest.raises(PermissionError):
        events.watch(Rung.BPF)
    with events.watch() as watch:
        assert watch.rung is Rung.TRACEFS


@pytest.mark.usefixtures("root")
def test_nothing_is_left_open() -> None:
    before = sorted(Path("/proc/self/fd").iterdir())
    for rung in Rung:
        with events.watch(rung) as watch:
            watch.wait(0)
    assert sorted(Path("/proc/self/fd").iterdir()) == before
