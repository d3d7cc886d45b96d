import os
from contextlib import ExitStack

import pytest

from tojimari.linux import bpf, cgroups
from tojimari.linux.assembler import FRAME, R0, R1, R2, R3, R4, R6, Assembler
from tojimari.linux.kernel_types import kernel_types

pytestmark = pytest.mark.usefixtures("root")
TASK = "bpf_iter_task()"
SEQ = "bpf_iter_meta.seq"


def test_an_unsafe_program_is_rejected_with_the_reason() -> None:
    with pytest.raises(OSError, match="R0 !read_ok"):
        bpf.load(Assembler().exit().build(), bpf.CGROUP_SOCK)


def test_a_program_walks_the_tasks() -> None:
    types = kernel_types((TASK, SEQ), os.environ)
    code = Assembler().move(R6, R1).load(8, R1, R6, 8).jump_if(R1, 0, "out")
    code.store_value(8, FRAME, -8, 0x2A)
    code.load(8, R1, R6, 0).load(8, R1, R1, types.offset(SEQ))
    code.move(R2, FRAME).add_value(R2, -8).set(R3, 8).call(127)
    code.label("out").set(R0, 0).exit()
    program = bpf.load(code.build(), bpf.TRACING, attach=bpf.TRACE_ITER, target=types.number(TASK))
    attached = bpf.link(program, bpf.TRACE_ITER)
    try:
        written = b"".join(bpf.iterate(attached))
        again = b"".join(bpf.iterate(attached))
    finally:
        os.close(attached)
        os.close(program)
    assert set(written[::8]) == {0x2A}
    assert len(again) > 8


def test_a_link_to_nothing_is_refused() -> None:
    with pytest.raises(OSError, match="Bad file descriptor"):
        bpf.link(9999, bpf.TRACE_ITER)
    with pytest.raises(OSError, match="Bad file descriptor"):
        bpf.open_tracepoint(9999)


def bind_counter(ring: bpf.Ring, size: int) -> int:
    """A program that writes ``size`` bytes for each IPv4 bind of a control group."""
    code = Assembler()
    for position in range(0, size, 8):
        code.store_value(8, FRAME, position - size, position)
    code.load_map(R1, ring.descriptor).move(R2, FRAME).add_value(R2, -size)
    code.set(R3, size).set(R4, 0).call(130).set(R0, 1).exit()
    return bpf.load(code.build(), bpf.CGROUP_SOCK, attach=bpf.CGROUP_INET4_POST_BIND)


def test_records_are_read_in_order_and_round_the_end_of_the_ring() -> None:
    mount = cgroups.mount()
    assert mount is not None
    name = f"{mount}/tojimari-test-ring-{os.getpid()}"
    with ExitStack() as stack:
        os.mkdir(name)  # noqa: PTH102 - a control group
        stack.callback(os.rmdir, name)
        ring = bpf.Ring(4096)
        stack.callback(ring.close)
        group = os.open(name, os.O_RDONLY)
        stack.callback(os.close, group)
        program = bind_counter(ring, 120)
        stack.callback(os.close, program)
        stack.callback(os.close, bpf.link(program, bpf.CGROUP_INET4_POST_BIND, group))
        seen = ring.read()
        assert seen == []
        for _ in range(3):
            bind_inside(name, 20)
            seen += ring.read()
    assert len(seen) == 60
    assert all(record == seen[0] and len(record) == 120 for record in seen)


def bind_inside(group: str, times: int) -> None:
    """Bind sockets in a process that is in a control group."""
    pid = os.fork()
    if not pid:
        import socket  # noqa: PLC0415 - in the child

        with open(f"{group}/cgroup.procs", "w", encoding="ascii") as file:  # noqa: PTH123 - one write
            file.write("0")
        for _ in range(times):
            with socket.socket() as one:
                one.bind(("127.0.0.1", 0))
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0


def test_a_ring_of_no_power_of_two_is_refused() -> None:
    before = os.listdir("/proc/self/fd")  # noqa: PTH208 - names, not paths
    with pytest.raises(OSError, match="Invalid argument"):
        bpf.Ring(5000)
    assert os.listdir("/proc/self/fd") == before  # noqa: PTH208 - the same


def test_a_ring_that_cannot_be_mapped_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*words: object, **more: object) -> None:
        del words, more
        raise OSError(12, "no memory")

    monkeypatch.setattr("mmap.mmap", refuse)
    before = os.listdir("/proc/self/fd")  # noqa: PTH208 - the same
    with pytest.raises(OSError, match="no memory"):
        bpf.Ring(4096)
    assert os.listdir("/proc/self/fd") == before  # noqa: PTH208 - the same


def test_bpf_is_not_for_everybody(as_nobody: None) -> None:
    del as_nobody
    with pytest.raises(PermissionError):
        bpf.load(Assembler().set(R0, 0).exit().build(), bpf.CGROUP_SOCK)
