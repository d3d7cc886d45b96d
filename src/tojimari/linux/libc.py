"""The system calls for which Python has no word, or has one only since a later version.

Nothing else in tojimari touches the C library. Each function raises ``OSError`` with the kernel's
error number, as Python's own do.
"""

import ctypes
import os
from functools import cache

CLONE_NEWNET = 0x40000000  # linux/sched.h

# Numbers of the calls that the C library does not wrap, by machine (asm/unistd_64.h of x86,
# asm-generic/unistd.h for aarch64). From 424 on, all architectures share one number.
_BPF = {"x86_64": 321, "aarch64": 280}
_PIDFD_GETFD = 438
_FSOPEN = 430
_FSCONFIG = 431
_FSMOUNT = 432
_SHARED = frozenset({"x86_64", "aarch64", "riscv64", "ppc64le", "s390x", "i686", "armv7l"})

_IN_CLOEXEC = 0o2000000  # linux/inotify.h, O_CLOEXEC of asm-generic/fcntl.h
_FSOPEN_CLOEXEC = 1  # linux/mount.h
_FSCONFIG_CMD_CREATE = 6
_FSMOUNT_CLOEXEC = 1


@cache
def _library() -> ctypes.CDLL:
    library = ctypes.CDLL(None, use_errno=True)
    library.syscall.restype = ctypes.c_long
    library.syscall.argtypes = [ctypes.c_long] * 7
    return library


def _syscall(number: int, *arguments: int) -> int:
    padded = (*arguments, *([0] * (6 - len(arguments))))
    result: int = _library().syscall(number, *padded)
    if result < 0:
        raise _error()
    return result


def _error() -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number))


def _unknown() -> OSError:
    """What the kernel itself would say of a call that it does not have."""
    import errno  # noqa: PLC0415 - only on machines whose numbers are not known

    return OSError(errno.ENOSYS, f"system call numbers of {os.uname().machine} are not known")


def bpf(command: int, attributes: bytearray) -> int:
    """Ask the BPF subsystem for something.

    Args:
        command: ``enum bpf_cmd`` of linux/bpf.h; see also the manual page bpf, section 2.
        attributes: ``union bpf_attr``, native byte order; the kernel may write into it.

    Returns:
        What the command returns, most often a file descriptor (close-on-exec by the kernel).

    Raises:
        OSError: The kernel refused, or the machine's number of this call is not known (ENOSYS).
    """
    number = _BPF.get(os.uname().machine)
    if number is None:
        raise _unknown()
    union = (ctypes.c_char * len(attributes)).from_buffer(attributes)
    return _syscall(number, command, ctypes.addressof(union), len(attributes))


def setns(descriptor: int, kind: int) -> None:
    """Move this thread, and no other, into a namespace (setns(2)).

    Args:
        descriptor: Open file of the namespace.
        kind: ``CLONE_NEWNET`` and the like; 0 for any.

    Raises:
        OSError: EPERM without CAP_SYS_ADMIN there and here.
    """
    if _library().setns(descriptor, kind) != 0:
        raise _error()


def unshare(kinds: int) -> None:
    """Give this thread namespaces of its own (unshare(2)).

    Args:
        kinds: ``CLONE_NEWNET`` and the like.

    Raises:
        OSError: EPERM without CAP_SYS_ADMIN.
    """
    if _library().unshare(kinds) != 0:
        raise _error()


def sendmmsg(descriptor: int, messages: int, count: int) -> int:
    """Send many messages in one call (sendmmsg(2)); other threads run meanwhile.

    Args:
        descriptor: Of the socket.
        messages: Address of the first ``struct mmsghdr``.
        count: How many there are.

    Returns:
        How many were sent; the first one that could not be ended the call.

    Raises:
        OSError: Not even the first could be sent.
    """
    sent: int = _library().sendmmsg(
        descriptor, ctypes.c_void_p(messages), ctypes.c_uint(count), ctypes.c_int(0)
    )
    if sent < 0:
        raise _error()
    return sent


def pidfd_getfd(pidfd: int, descriptor: int) -> int:
    """A duplicate of another process's file descriptor, close-on-exec (pidfd_getfd(2)).

    Args:
        pidfd: From ``os.pidfd_open``.
        descriptor: Its number in that process.

    Raises:
        OSError: EPERM where ptrace would be refused, EBADF where it is closed by now, ENOSYS
            before Linux 5.6.
    """
    if os.uname().machine not in _SHARED:
        raise _unknown()
    return _syscall(_PIDFD_GETFD, pidfd, descriptor, 0)


def detached_mount(filesystem: str) -> int:
    """A fresh mount of a virtual file system that appears nowhere in the tree.

    Nobody else can see it, and closing the descriptor ends it; so nothing is left behind, even
    when this process is killed.

    Args:
        filesystem: Its type, such as ``tracefs``.

    Returns:
        Descriptor of its root directory, for use as ``dir_fd`` (it is an O_PATH one).

    Raises:
        OSError: EPERM without CAP_SYS_ADMIN, ENODEV where the kernel lacks it, ENOSYS before
            Linux 5.2.
    """
    if os.uname().machine not in _SHARED:
        raise _unknown()
    name = ctypes.create_string_buffer(filesystem.encode())
    context = _syscall(_FSOPEN, ctypes.addressof(name), _FSOPEN_CLOEXEC)
    try:
        _syscall(_FSCONFIG, context, _FSCONFIG_CMD_CREATE)
        return _syscall(_FSMOUNT, context, _FSMOUNT_CLOEXEC)
    finally:
        os.close(context)


def inotify() -> int:
    """A new instance of inotify.

    Returns:
        Its descriptor.

    Raises:
        OSError: EMFILE where the user has as many as fs.inotify.max_user_instances allows.

    Source: inotify_init1(2), inotify(7).
    """
    descriptor: int = _library().inotify_init1(_IN_CLOEXEC)
    if descriptor < 0:
        raise _error()
    return descriptor
