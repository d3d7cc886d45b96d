"""TCP sockets that begin or cease to listen, told by the kernel as it happens.

Two ways, both by the tracepoint ``inet_sock_set_state``, which sees every network namespace: a
program at it, or the trace file system. The first tells the namespace; the second needs no BPF.

Source: include/trace/events/sock.h; Documentation/trace/events.rst, ftrace.rst.
"""

import errno
import os
import struct
from contextlib import suppress
from typing import NamedTuple, Protocol

from tojimari.linux import bpf, libc
from tojimari.linux.assembler import FRAME, R0, R1, R2, R3, R4, R6, R7, R8, R9, Assembler
from tojimari.linux.kernel_types import KernelTypes, kernel_types

_LISTEN = 10  # net/tcp_states.h
_GET_CURRENT_PID_TGID = 14  # helpers, by their numbers in linux/bpf.h
_PROBE_READ_KERNEL = 113
_RINGBUF_OUTPUT = 130
_RING = 1 << 16  # bytes; four thousand changes between two readings

TRACEPOINT = "typedef btf_trace_inet_sock_set_state"
_PORT = "sock.__sk_common.skc_num"
_NET = "sock.__sk_common.skc_net.net"
_INUM = "net.ns.inum"
_SPORT = "inet_sock.inet_sport"
WANTED = (TRACEPOINT, _PORT, _NET, _INUM, _SPORT)

# What the program writes: namespace, process, port, old and new state, port in network byte order.
RECORD = struct.Struct("=IIHBB2s2x")

_EVENT = "events/sock/inet_sock_set_state"
_PREFIX = "tojimari-"
_BUFFER_KIB = 64  # for each processor; a line is about 150 bytes
_READ = 1 << 16


class Turn(NamedTuple):
    """A socket that began or ceased to listen.

    Attributes:
        port: Its number; 0 where it had none yet, because the program left the choice to the kernel
            even without a bind.
        listens: Whether it does now.
        netns: Inode of its network namespace; 0 where that was not told.
        pid: Process that did it, as numbered in the machine's first process namespace; 0 where that
            was not told (the trace file system tells the thread).
    """

    port: int
    listens: bool
    netns: int
    pid: int


class Turns(Protocol):
    """Where turns come from."""

    descriptor: int  # can be polled for more

    def read(self) -> list[Turn]:
        """Those that came since the last time."""
        ...

    def close(self) -> None:
        """Leave nothing behind."""
        ...


class TurnsByProgram:
    """By a program at the tracepoint; it goes with this process, however that ends."""

    def __init__(self) -> None:
        """Attach it.

        Raises:
            OSError: Not permitted, or this kernel has no such thing.
            BtfError: The kernel's type description cannot be read.
        """
        types = kernel_types(WANTED, os.environ)
        self._ring = bpf.Ring(_RING)
        self.descriptor = self._ring.descriptor
        try:
            loaded = bpf.load(
                turns_program(types, self._ring.descriptor),
                bpf.TRACING,
                attach=bpf.TRACE_RAW_TP,
                target=types.number(TRACEPOINT),
            )
            try:
                self._attached = bpf.open_tracepoint(loaded)
            finally:
                os.close(loaded)
        except BaseException:
            self._ring.close()
            raise

    def read(self) -> list[Turn]:
        """Those that came since the last time."""
        return [
            Turn(port or int.from_bytes(sport, "big"), new == _LISTEN, netns, pid)
            for netns, pid, port, _, new, sport in map(RECORD.unpack, self._ring.read())
        ]

    def close(self) -> None:
        """Detach the program."""
        os.close(self._attached)
        self._ring.close()


def turns_program(types: KernelTypes, ring: int) -> bytes:
    """The program that is called for every change of a TCP state.

    Args:
        types: The kernel's offsets.
        ring: Descriptor of the buffer that it writes to.

    Raises:
        BtfError: This kernel lacks something that it reads.
    """
    record = -RECORD.size
    code = Assembler()
    # The arguments of the tracepoint, eight bytes each: the socket, the old and the new state.
    code.move(R6, R1).load(8, R7, R6, 0).load(4, R8, R6, 8).load(4, R9, R6, 16)
    code.jump_if(R8, _LISTEN, "tell").jump_unless(R9, _LISTEN, "out").label("tell")
    code.store_value(8, FRAME, record + 8, 0)
    code.store(1, FRAME, record + 10, R8).store(1, FRAME, record + 11, R9)
    code.load(2, R1, R7, types.offset(_PORT)).store(2, FRAME, record + 8, R1)
    # A socket whose port the kernel chose has lost that when it is closed, but not its copy, which
    # lies in the structure around the socket.
    code.move(R3, R7).add_value(R3, types.offset(_SPORT)).set(R2, 2)
    code.move(R1, FRAME).add_value(R1, record + 12).call(_PROBE_READ_KERNEL)
    code.load(8, R1, R7, types.offset(_NET)).load(4, R1, R1, types.offset(_INUM))
    code.store(4, FRAME, record, R1)
    code.call(_GET_CURRENT_PID_TGID).shift_right(R0, 32).store(4, FRAME, record + 4, R0)
    code.load_map(R1, ring).move(R2, FRAME).add_value(R2, record)
    code.set(R3, RECORD.size).set(R4, 0).call(_RINGBUF_OUTPUT)
    return code.label("out").set(R0, 0).exit().build()


class TurnsByTracefs:
    """By a trace of our own in the trace file system, which is mounted where nobody sees it.

    The trace itself would outlive this process if that were killed; so the next one takes away
    what is left of those that are gone.
    """

    def __init__(self) -> None:
        """Begin the trace.

        Raises:
            OSError: Not permitted, or this kernel has no such thing.
        """
        self._name = f"{_PREFIX}{os.getpid()}"
        self._rest = b""
        mount = libc.detached_mount("tracefs")
        try:
            # What fsmount gives is a mere path; "." of it can be read.
            self._instances = os.open("instances", os.O_RDONLY | os.O_DIRECTORY, dir_fd=mount)
        finally:
            os.close(mount)
        try:
            self._remove_stale()
            os.mkdir(self._name, dir_fd=self._instances)
        except OSError:
            os.close(self._instances)
            raise
        try:
            self._write("buffer_size_kb", str(_BUFFER_KIB))
            self._write(f"{_EVENT}/filter", f"newstate=={_LISTEN}||oldstate=={_LISTEN}")
            self._write(f"{_EVENT}/enable", "1")
            self._write("tracing_on", "1")
            self.descriptor = os.open(
                f"{self._name}/trace_pipe",
                os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC,
                dir_fd=self._instances,
            )
        except OSError:
            self._remove()
            raise

    def read(self) -> list[Turn]:
        """Those that came since the last time."""
        with suppress(BlockingIOError):
            while piece := os.read(self.descriptor, _READ):
                self._rest += piece
        *lines, self._rest = self._rest.split(b"\n")
        return [turn for turn in map(parse_line, lines) if turn is not None]

    def close(self) -> None:
        """End the trace and remove it."""
        os.close(self.descriptor)
        self._remove()

    def _remove(self) -> None:
        try:
            with suppress(OSError):
                self._write(f"{_EVENT}/enable", "0")
            os.rmdir(self._name, dir_fd=self._instances)
        finally:
            os.close(self._instances)

    def _remove_stale(self) -> None:
        """Take away the traces of processes of ours that are gone."""
        for name in os.listdir(self._instances):
            number = name.removeprefix(_PREFIX)
            if name.startswith(_PREFIX) and number.isdecimal() and not _lives(int(number)):
                with suppress(OSError):
                    os.rmdir(name, dir_fd=self._instances)

    def _write(self, path: str, text: str) -> None:
        descriptor = os.open(f"{self._name}/{path}", os.O_WRONLY, dir_fd=self._instances)
        try:
            os.write(descriptor, text.encode())
        finally:
            os.close(descriptor)


def parse_line(line: bytes) -> Turn | None:
    """Read one line of the trace; None where it is another.

    ``nginx-812 [000] ..... 9.4: inet_sock_set_state: family=AF_INET protocol=IPPROTO_TCP sport=80
    dport=0 saddr=… oldstate=TCP_CLOSE newstate=TCP_LISTEN``, in one.
    """
    _, found, tail = line.rpartition(b": inet_sock_set_state: ")
    if not found:
        return None
    values = dict(part.split(b"=", 1) for part in tail.split() if b"=" in part)
    try:
        port = int(values[b"sport"])
    except (KeyError, ValueError):
        return None
    return Turn(port, values.get(b"newstate") == b"TCP_LISTEN", 0, 0)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError as error:
        return error.errno != errno.ESRCH
    return True
