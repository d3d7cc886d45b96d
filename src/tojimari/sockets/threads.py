"""Which threads of a process wait for one of its sockets right now.

A socket belongs to a process, and so to all of its threads; no thread owns it. What the kernel does
tell is the call that a thread sleeps in: one that accepts from the socket, or that waits for a set
of descriptors which the socket is in. That is true for this moment and says no more.

Source: proc(5), /proc/PID/syscall and fdinfo of epoll; the numbers are from
arch/x86/entry/syscalls/syscall_64.tbl and scripts/syscall.tbl (arm64 and riscv use the latter).
"""

import os
import struct
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

MAX_THREADS = 4096  # of one process that are looked at; busy Java servers have some hundreds
MAX_POLLED = 65536  # descriptors of one poll or select that are looked at
POLLFD = struct.Struct("=ihh")  # struct pollfd: descriptor, events asked, events returned (poll(2))
READ_LIMIT = 1 << 20  # bytes; an epoll that watches ten thousand descriptors lists them in this
ELF_CLASS = 4  # offset of the byte that tells 32 from 64 bits (elf(5), EI_CLASS)
ELF_32 = 1
IN_KERNEL = 7  # fields of /proc/PID/syscall: number and six arguments, before sp and pc


class Wait(Enum):
    """How a call names what it waits for."""

    DESCRIPTOR = auto()  # the first argument is the descriptor
    EPOLL = auto()  # the first argument is an epoll
    POLL = auto()  # first an array in the process's memory, then its length
    SELECT = auto()  # first how many bits, then a bitmap in the process's memory


_BY_NAME = {
    "accept": Wait.DESCRIPTOR,
    "accept4": Wait.DESCRIPTOR,
    "read": Wait.DESCRIPTOR,
    "readv": Wait.DESCRIPTOR,
    "recvfrom": Wait.DESCRIPTOR,
    "recvmsg": Wait.DESCRIPTOR,
    "recvmmsg": Wait.DESCRIPTOR,
    "epoll_wait": Wait.EPOLL,
    "epoll_pwait": Wait.EPOLL,
    "epoll_pwait2": Wait.EPOLL,
    "poll": Wait.POLL,
    "ppoll": Wait.POLL,
    "select": Wait.SELECT,
    "pselect6": Wait.SELECT,
}
_X86_64 = {
    "read": 0, "poll": 7, "readv": 19, "select": 23, "accept": 43, "recvfrom": 45, "recvmsg": 47,
    "epoll_wait": 232, "pselect6": 270, "ppoll": 271, "epoll_pwait": 281, "accept4": 288,
    "recvmmsg": 299, "epoll_pwait2": 441,
}  # fmt: skip
_GENERIC = {
    "epoll_pwait": 22, "read": 63, "readv": 65, "pselect6": 72, "ppoll": 73, "accept": 202,
    "recvfrom": 207, "recvmsg": 212, "accept4": 242, "recvmmsg": 243, "epoll_pwait2": 441,
}  # fmt: skip
_NUMBERS = {"x86_64": _X86_64, "aarch64": _GENERIC, "riscv64": _GENERIC}


@dataclass(frozen=True, slots=True)
class Waiting:
    """A thread that waits for the socket at this moment.

    Attributes:
        tid: Its number; the process's own for the first thread.
        name: The kernel's name of it, chosen by the thread itself.
        call: The system call that it sleeps in.
    """

    tid: int
    name: str
    call: str


@dataclass(frozen=True, slots=True)
class Threads:
    """The threads of a process that holds a socket. All of them hold it.

    Attributes:
        pid: The process.
        total: How many threads there are.
        waiting: Those that wait for the socket at this moment, by number.
        unreadable: How many could not be asked what they do.
    """

    pid: int
    total: int
    waiting: tuple[Waiting, ...]
    unreadable: int


def threads(
    pid: int, inodes: Collection[int], proc: str = "/proc", machine: str | None = None
) -> Threads:
    """Who of a process waits for a socket.

    Args:
        pid: The process.
        inodes: The socket's inode; several where sockets share a door (SO_REUSEPORT).
        proc: Where the process file system is mounted.
        machine: The architecture, as ``uname -m`` has it; None for this one.

    Raises:
        ProcessLookupError: The process is gone.
    """
    process = Path(proc, str(pid))
    try:
        tids = sorted(int(task.name) for task in (process / "task").iterdir())
    except OSError as error:
        msg = f"no process {pid}"
        raise ProcessLookupError(msg) from error
    numbers = _NUMBERS.get(machine or os.uname().machine, {})
    names = {b"%d" % number: name for name, number in numbers.items()}
    if not names or _is_32_bit(process / "exe"):
        return Threads(pid, len(tids), (), unreadable=len(tids))
    links = {f"socket:[{inode}]" for inode in inodes}
    waiting: list[Waiting] = []
    unreadable = max(0, len(tids) - MAX_THREADS)
    for tid in tids[:MAX_THREADS]:
        look = _Look(process / "task" / str(tid), links, frozenset(inodes))
        try:
            call = look.call(names)
        except PermissionError:
            unreadable += 1
        else:
            if call is not None:
                waiting.append(Waiting(tid, look.name(), call))
    return Threads(pid, len(tids), tuple(waiting), unreadable)


@dataclass(frozen=True, slots=True)
class _Look:
    """One thread, and the sockets that it may wait for."""

    folder: Path
    links: Collection[str]
    inodes: Collection[int]

    def name(self) -> str:
        """The thread's name; empty where it is gone."""
        with suppress(OSError):
            return os.fsdecode(_read(self.folder / "comm")).rstrip("\n")
        return ""

    def call(self, names: dict[bytes, str]) -> str | None:
        """The call that it waits for one of the sockets in; None where it does not.

        Raises:
            PermissionError: We may not ask.
        """
        before = self._syscall()
        fields = before.split()
        name = names.get(fields[0]) if len(fields) >= IN_KERNEL else None
        if name is None or not self._awaits(_BY_NAME[name], int(fields[1], 16), int(fields[2], 16)):
            return None
        # What its arguments meant was read after them: it holds if the thread has not moved on.
        return name if self._syscall() == before else None

    def _syscall(self) -> bytes:
        """The line of the kernel; empty where the thread is gone."""
        try:
            return _read(self.folder / "syscall")
        except PermissionError:
            raise
        except OSError:
            return b""

    def _awaits(self, wait: Wait, first: int, second: int) -> bool:
        with suppress(OSError):
            match wait:
                case Wait.DESCRIPTOR:
                    return self._is_socket(first)
                case Wait.EPOLL:
                    return self._is_watched(first)
                case Wait.POLL:
                    return any(map(self._is_socket, self._polled(first, second)))
                case Wait.SELECT:
                    return any(map(self._is_socket, self._selected(first, second)))
        return False

    def _is_socket(self, descriptor: int) -> bool:
        with suppress(OSError):
            return os.fspath((self.folder / "fd" / str(descriptor)).readlink()) in self.links
        return False

    def _is_watched(self, epoll: int) -> bool:
        for descriptor, inode in targets(_read(self.folder / "fdinfo" / str(epoll))):
            if inode in self.inodes if inode is not None else self._is_socket(descriptor):
                return True
        return False

    def _polled(self, address: int, count: int) -> Iterator[int]:
        memory = self._memory(address, min(count, MAX_POLLED) * POLLFD.size)
        whole = len(memory) // POLLFD.size * POLLFD.size
        return (descriptor for descriptor, _, _ in POLLFD.iter_unpack(memory[:whole]))

    def _selected(self, count: int, address: int) -> Iterator[int]:
        memory = self._memory(address, (min(count, MAX_POLLED) + 7) // 8)
        bits = int.from_bytes(memory, "little")
        return (number for number in range(min(count, MAX_POLLED)) if bits >> number & 1)

    def _memory(self, address: int, size: int) -> bytes:
        """A piece of the process's memory; empty for the null address."""
        if address == 0:
            return b""
        file = os.open(self.folder / "mem", os.O_RDONLY | os.O_CLOEXEC)
        try:
            return os.pread(file, size, address)
        finally:
            os.close(file)


def targets(fdinfo: bytes) -> Iterator[tuple[int, int | None]]:
    """Descriptor and inode of everything that an epoll watches (proc(5)); old kernels omit one."""
    for line in fdinfo.splitlines():
        if not line.startswith(b"tfd:"):
            continue
        fields = line.replace(b":", b": ").split()
        with suppress(ValueError, IndexError):
            inode = int(fields[fields.index(b"ino:") + 1], 16) if b"ino:" in fields else None
            yield int(fields[1]), inode


def _is_32_bit(executable: Path) -> bool:
    """Whether a program has the call numbers of another architecture; no where it is not told."""
    with suppress(OSError), executable.open("rb") as file:
        return file.read(ELF_CLASS + 1)[ELF_CLASS:] == bytes([ELF_32])
    return False


def _read(path: Path) -> bytes:
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(file, READ_LIMIT)
    finally:
        os.close(file)
