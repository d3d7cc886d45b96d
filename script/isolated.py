"""Make the namespaces that ``unshare`` gave ready for the tests, then become the given program.

Brings the loopback interface up, and hides ``/run`` behind an empty file system, so that named
network namespaces and sockets that the tests make there are seen by nobody else. Signals mean what
they usually mean, whoever started the tests.
"""

import ctypes
import fcntl
import os
import signal
import socket
import struct
import sys
from pathlib import Path

SIOCSIFFLAGS = 0x8914  # linux/sockios.h
IFF_UP = 1  # linux/if.h
MNT_DETACH = 2  # linux/fs.h


def interfaces() -> list[str]:
    """Names of the network interfaces of this namespace."""
    return [name for _, name in socket.if_nameindex()]


def loopback_up() -> None:
    """Bring ``lo`` up, without needing a program for it."""
    request = struct.pack("16sh22x", b"lo", IFF_UP)
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, request)


def empty_run() -> None:
    """An empty file system over ``/run``, in this mount namespace alone.

    What is mounted below it, such as the machine's named network namespaces, goes first where that
    is allowed: it would still be listed.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    mounts = Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()
    for place in reversed([line.split()[1] for line in mounts]):
        if place.startswith("/run/"):
            libc.umount2(place.encode(), MNT_DETACH)
    if libc.mount(b"tmpfs", b"/run", b"tmpfs", 0, b"mode=755") != 0:
        raise OSError(ctypes.get_errno(), "mount tmpfs on /run")


def heard_signals() -> None:
    """Undo what a background job inherits: what it ignores, every program tested would ignore."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)


def main() -> None:
    """Prepare, then replace this process."""
    heard_signals()
    if interfaces() == ["lo"]:
        loopback_up()
        empty_run()
        os.environ["TOJIMARI_TESTS_ISOLATED"] = "1"
    os.execvp(sys.argv[1], sys.argv[1:])  # noqa: S606 - the program is the caller's


if __name__ == "__main__":
    main()
