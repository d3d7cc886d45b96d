"""A busy machine in a network namespace of its own: many servers, many conversations.

Nothing of it can be left behind: the servers die with the process that made them, the namespace
goes with the last of them, and their control groups are emptied and removed at the end.
"""

import ctypes
import fcntl
import os
import resource
import signal
import socket
import struct
from collections.abc import Generator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tojimari.linux import cgroups, libc

PR_SET_PDEATHSIG = 1  # linux/prctl.h
SIOCSIFFLAGS = 0x8914  # linux/sockios.h
IFF_UP = 1  # linux/if.h
SPARE = 200  # descriptors a server needs beside its sockets


@dataclass(frozen=True, slots=True)
class Size:
    """How busy.

    Attributes:
        servers: Processes.
        tcp: Listening TCP sockets of each.
        udp: Bound UDP sockets of each.
        conversations: Loopback connections of each; both ends are its own.
    """

    servers: int = 50
    tcp: int = 36
    udp: int = 4
    conversations: int = 1000

    def __str__(self) -> str:
        """In one line."""
        tcp, udp = self.servers * self.tcp, self.servers * self.udp
        sockets = tcp + udp + 2 * self.servers * self.conversations
        return (
            f"{self.servers} processes, {tcp} TCP + {udp} UDP listeners,"
            f" {self.servers * self.conversations} connections, {sockets} sockets"
        )


@contextmanager
def lab(size: Size) -> Generator[None]:
    """Build it around this process, which stays in its namespace.

    Args:
        size: How busy.

    Raises:
        OSError: Not permitted, or there are not enough descriptors.
    """
    own_network()
    with ExitStack() as stack:
        for number in range(size.servers):
            group = stack.enter_context(_group(number))
            reading, writing = os.pipe()
            pid = os.fork()
            if not pid:
                os.close(reading)
                _serve(size, group, writing)
            os.close(writing)
            stack.callback(_end, pid)
            with os.fdopen(reading, "rb") as done:
                if done.read() != b"ready":
                    raise OSError(f"server {number} of the lab failed")
        yield


def own_network() -> None:
    """A network namespace of our own, with its loopback interface up."""
    libc.unshare(libc.CLONE_NEWNET)
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", IFF_UP))


def _serve(size: Size, group: Path | None, ready: int) -> None:
    """One server; never returns."""
    status = 1
    try:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if group is not None:
            (group / "cgroup.procs").write_text("0", encoding="ascii")
        needed = size.tcp + size.udp + 2 * size.conversations + SPARE
        hard = max(needed, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
        held = _sockets(size)
        os.write(ready, b"ready")
        os.close(ready)
        while held:
            signal.pause()
        status = 0
    finally:
        os._exit(status)


def _sockets(size: Size) -> list[socket.socket]:
    doors: list[socket.socket] = []
    for _ in range(size.tcp):
        door = socket.socket()
        door.bind(("0.0.0.0", 0))  # noqa: S104 - in a namespace without a way out
        door.listen(64)
        doors.append(door)
    held = list(doors)
    for _ in range(size.udp):
        door = socket.socket(type=socket.SOCK_DGRAM)
        door.bind(("127.0.0.1", 0))
        held.append(door)
    for number in range(size.conversations):
        door = doors[number % len(doors)]
        held.append(socket.create_connection(("127.0.0.1", door.getsockname()[1])))
        held.append(door.accept()[0])
    return held


@contextmanager
def _group(number: int) -> Generator[Path | None]:
    """A control group, as a supervisor would make it; None where that is not permitted."""
    mount = cgroups.mount()
    if mount is None:
        yield None
        return
    parent = Path(mount) / f"tojimari-bench-{os.getpid()}.slice"
    folder = parent / f"server-{number}.service"
    try:
        folder.mkdir(parents=True)
    except OSError:
        yield None
        return
    try:
        yield folder
    finally:
        folder.rmdir()
        with suppress(OSError):
            parent.rmdir()  # not yet empty but for the last


def _end(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
