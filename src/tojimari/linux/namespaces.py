"""Network namespaces: which there are, and how to look into one.

A namespace lives as long as something refers to it: a process in it, a mount of it (``ip netns``
makes one in ``/run/netns``), an open file of it, or a socket that was opened in it and is still
held by a process elsewhere. The first three are found here; the last by whoever finds the socket,
who then asks the socket itself (``of_socket``).

Source: namespaces(7), network_namespaces(7), setns(2).
"""

import errno
import fcntl
import os
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from tojimari.linux import libc, procfs

SIOCGSKNS = 0x894C  # linux/sockios.h
KTHREADD = 2  # the kernel's own second process, in the namespaces that the machine began with

# What the kernel says of a process, a descriptor or a socket that is not there.
_GONE = frozenset({errno.ESRCH, errno.EBADF, errno.ENOTTY, errno.EINVAL, errno.EOPNOTSUPP})

T = TypeVar("T")


@dataclass(slots=True)
class Found:
    """A network namespace, and a way into it.

    Attributes:
        inode: The kernel's number for it.
        path: A file that refers to it; open it soon, for a process may go.
        name: Its name under ``/run/netns`` or wherever it is mounted; None where it is not.
        pids: Processes in it, ascending.
        descriptor: An open file of it; -1 where ``path`` is to be opened.
    """

    inode: int
    path: str
    name: str | None = None
    pids: list[int] = field(default_factory=list[int])
    descriptor: int = -1

    def open(self) -> int:
        """A descriptor of it, which the caller closes.

        Raises:
            OSError: It has gone, or we may not.
        """
        if self.descriptor >= 0:
            return os.dup(self.descriptor)
        return os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)


@dataclass(slots=True)
class Survey:
    """What a search for namespaces found.

    Attributes:
        own: Inode of our own.
        host: Inode of the machine's, as far as that can be known.
        found: Every one, by inode.
        refused: Processes whose namespace we may not know.
    """

    own: int
    host: int
    found: dict[int, Found]
    refused: list[int]


def survey(pids: list[int]) -> Survey:
    """Search the processes and the mounts.

    Args:
        pids: Processes to ask.
    """
    own = procfs.namespace("self", "net") or 0
    found = {own: Found(own, "/proc/self/ns/net")}
    refused: list[int] = []
    mount_spaces: dict[int, int] = {}
    for pid in pids:
        try:
            inode = procfs.namespace(pid, "net")
            if inode is None:
                continue
            space = procfs.namespace(pid, "mnt")
        except PermissionError:
            refused.append(pid)
            continue
        if space is not None:
            mount_spaces.setdefault(space, pid)
        known = found.get(inode)
        if known is None:
            known = found[inode] = Found(inode, f"/proc/{pid}/ns/net")
        known.pids.append(pid)
    _add_mounted(found, mount_spaces)
    return Survey(own, _host(own), found, refused)


def _host(own: int) -> int:
    """The namespace of pid 1; where we may not know it, the kernel's own threads tell."""
    for pid, needed in ((1, None), (KTHREADD, "kthreadd")):
        try:
            inode = procfs.namespace(pid, "net")
            if inode is not None and (needed is None or procfs.name(pid) == needed):
                return inode
        except PermissionError:
            continue
    return own


def _add_mounted(found: dict[int, Found], mount_spaces: dict[int, int]) -> None:
    """Add what is mounted, in our mount namespace and, where we may look, in the others."""
    views: list[tuple[str, int | str]] = [("", "self")]
    mine = procfs.namespace("self", "mnt")
    views += [(f"/proc/{pid}/root", pid) for space, pid in mount_spaces.items() if space != mine]
    for prefix, pid in views:
        for entry in procfs.mounts(pid):
            if entry.filesystem != "nsfs" or not entry.root.startswith("net:["):
                continue
            inode = procfs.inode_of(entry.root)
            if inode is None:
                continue
            known = found.setdefault(inode, Found(inode, prefix + entry.point))
            if known.name is None:
                known.name = os.path.basename(entry.point)


def of_socket(pid: int, descriptor: int) -> tuple[int, int] | None:
    """The network namespace in which a process's socket was opened.

    Args:
        pid: The process.
        descriptor: The socket's number in it.

    Returns:
        Inode, and a descriptor that the caller closes; None where it is gone by now.

    Raises:
        PermissionError: We may not.
    """
    try:
        pidfd = os.pidfd_open(pid)
    except OSError as error:
        _refuse_unless_gone(error)
        return None
    try:
        copy = libc.pidfd_getfd(pidfd, descriptor)
    except OSError as error:
        _refuse_unless_gone(error)
        return None
    finally:
        os.close(pidfd)
    try:
        space = fcntl.ioctl(copy, SIOCGSKNS)
    except OSError as error:
        _refuse_unless_gone(error)
        return None
    finally:
        os.close(copy)
    return os.fstat(space).st_ino, space


def _refuse_unless_gone(error: OSError) -> None:
    """What is gone, or is no socket, has no namespace; anything else we may not know.

    Raises:
        PermissionError: Not permitted, or this kernel is too old to be asked.
    """
    if error.errno not in _GONE:
        raise PermissionError(error.errno, error.strerror) from error


class Visitor:
    """A thread that goes into network namespaces on behalf of the others.

    Which namespace one is in is a matter of the thread, so nothing else of this process notices;
    the thread never comes back, it ends.
    """

    def __init__(self) -> None:
        self._tasks: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def close(self) -> None:
        """End the thread."""
        if self._thread is not None:
            self._tasks.put(None)
            self._thread.join()
            self._thread = None

    def visit(self, descriptor: int, look: Callable[[], T]) -> T:
        """Call ``look`` inside a namespace.

        Args:
            descriptor: Open file of the namespace.
            look: What is called there.

        Raises:
            OSError: We may not go in; or what ``look`` raises.
        """
        if self._thread is None:
            thread = threading.Thread(target=self._run, name="tojimari-netns", daemon=True)
            thread.start()
            self._thread = thread  # only now, for a Ctrl-C may come between any two lines
        outcome: queue.SimpleQueue[tuple[T, None] | tuple[None, BaseException]] = (
            queue.SimpleQueue()
        )

        def task() -> None:
            try:
                libc.setns(descriptor, libc.CLONE_NEWNET)
                outcome.put((look(), None))
            except BaseException as error:  # noqa: BLE001 - it is raised where it was asked for
                outcome.put((None, error))

        self._tasks.put(task)
        result, error = outcome.get()
        if error is not None:
            raise error
        return result  # type: ignore[return-value]  # there is a result where there is no error

    def _run(self) -> None:
        while (task := self._tasks.get()) is not None:
            task()
