"""Descriptors that wait inside a unix socket until somebody receives them (SCM_RIGHTS).

While they wait, no process holds what they refer to. They are looked at by peeking, which takes
nothing out: the receiver finds everything as it was.

Source: unix(7), recv(2); unix_peek_fds in net/unix/af_unix.c.
"""

import os
import stat
from _socket import (
    CMSG_SPACE,
    MSG_DONTWAIT,
    MSG_PEEK,
    SCM_RIGHTS,
    SOL_SOCKET,
    socket,
)
from array import array

from tojimari.linux import libc

SO_PEEK_OFF = 42  # asm-generic/socket.h
MSG_CMSG_CLOEXEC = 0x40000000  # linux/socket.h
SCM_MAX_FD = 253  # descriptors in one message (net/scm.h)
_DATA = 1 << 16  # bytes of the message itself, which nobody looks at


def waiting_sockets(pid: int, number: int) -> list[int]:
    """Inodes of the sockets in the first message that carries descriptors.

    Args:
        pid: A process that holds the unix socket.
        number: The socket's number in it.

    Returns:
        Empty where there are none, where they were received meanwhile, and where peeking would be
        noticed, because the program itself peeks with an offset.

    Raises:
        PermissionError: We may not.
    """
    try:
        pidfd = os.pidfd_open(pid)
        try:
            copy = libc.pidfd_getfd(pidfd, number)
        finally:
            os.close(pidfd)
    except PermissionError:
        raise
    except OSError:
        return []
    carrier = socket(fileno=copy)
    try:
        return _peek(carrier)
    except OSError:
        return []  # it only listens, or is not connected, or nothing is there any more
    finally:
        carrier.close()


def _peek(carrier: socket) -> list[int]:
    if carrier.getsockopt(SOL_SOCKET, SO_PEEK_OFF) >= 0:
        return []
    room = CMSG_SPACE(SCM_MAX_FD * array("i").itemsize)
    flags = MSG_PEEK | MSG_DONTWAIT | MSG_CMSG_CLOEXEC
    _, ancillary, _, _ = carrier.recvmsg(_DATA, room, flags)
    found: list[int] = []
    for level, kind, payload in ancillary:
        if level != SOL_SOCKET or kind != SCM_RIGHTS:
            continue
        descriptors = array("i")
        descriptors.frombytes(payload[: len(payload) - len(payload) % descriptors.itemsize])
        for descriptor in descriptors:
            status = os.fstat(descriptor)
            os.close(descriptor)
            if stat.S_ISSOCK(status.st_mode):
                found.append(status.st_ino)
    return found
