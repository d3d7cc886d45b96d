"""Finding the holders of sockets by a program that walks all processes' files inside the kernel.

It sees what ``/proc`` may hide: descriptors of processes that even root may not read, sockets of
namespaces that nobody is in, and whether a UDP port was chosen by the program.

The kernel walks the processes of our own process namespace and gives each the number that it has
in the machine's first one; the program looks up the number that it has in ours.

Source: kernel/bpf/task_iter.c; Documentation/bpf/bpf_iterators.rst.
"""

import errno
import os
import struct
from typing import NamedTuple

from tojimari.linux import bpf, procfs
from tojimari.linux.assembler import FRAME, R0, R1, R2, R3, R6, R7, R8, R9, Assembler
from tojimari.linux.kernel_types import KernelTypes, kernel_types
from tojimari.sockets.holding import Holding, Place

# Helpers, by their numbers in linux/bpf.h.
_PROBE_READ_KERNEL = 113
_SEQ_WRITE = 127
_SKC_TO_TCP_SOCK = 137
_CURRENT_TASK = 158  # bpf_get_current_task_btf
_SOCK_FROM_FILE = 162

_AF_UNIX, _AF_INET, _AF_INET6 = 1, 2, 10
_TCP, _UDP, _MPTCP = 6, 17, 262
_LISTEN, _CLOSED = 10, 7

# What the program is handed for each file: struct bpf_iter__task_file.
_META, _TASK, _DESCRIPTOR, _FILE = 0, 8, 16, 24

TASK_FILE = "bpf_iter_task_file()"
WANTED = (
    TASK_FILE,
    "bpf_iter_tcp()",
    "bpf_iter_udp()",
    "bpf_iter_meta.seq",
    "file.f_inode",
    "file.f_path.dentry",
    "dentry.d_name.name",
    "unix_sock.scm_stat",
    "inode.i_ino",
    "task_struct.tgid",
    "task_struct.group_leader",
    "task_struct.thread_pid",
    "pid.level",
    "pid.numbers",
    "upid.nr",
    "socket.sk",
    "socket.file",
    "socket_alloc.vfs_inode",
    "sock.sk_socket",
    "sock.sk_protocol",
    "sock.sk_userlocks",
    "sock.sk_kern_sock",
    "sock.__sk_common.skc_family",
    "sock.__sk_common.skc_num",
    "sock.__sk_common.skc_state",
    "sock.__sk_common.skc_net.net",
    "net.ns.inum",
)
_UPID_SIZE_SHIFT = 4  # struct upid: a number, padding and a pointer, 16 bytes on 64-bit machines

# What the program writes for each socket: inode, process, descriptor, namespace, protocol, state,
# the byte that holds the locks.
RECORD = struct.Struct("=QIIIHBB")
# In place of a protocol: what may hold sockets unseen, and a process that was met.
RING, CARRIER, MET = 0xFFFF, 0xFFFE, 0xFFFD
_FIRST_FILES = 2  # standard input, output and errors: nearly every process has one of them
_BINDADDR_LOCK, _BINDPORT_LOCK = 4, 8  # net/sock.h

# The same for a socket of one namespace: inode, the byte that holds the kernel's mark, whether a
# file refers to it, the byte that holds the locks.
SOCKET_RECORD = struct.Struct("=QBBB5x")


class Inspection(NamedTuple):
    """What one socket says of itself.

    Attributes:
        is_kernel: Whether the kernel made it for itself, or no file refers to it; either way no
            process can hold it.
        locks: Whether the program chose the port, and whether it chose the address.
    """

    is_kernel: bool
    locks: tuple[bool, bool]


class Walk:
    """The programs, loaded once."""

    def __init__(self, *, connections: bool) -> None:
        """Load and attach the program that walks the files.

        Args:
            connections: Whether sockets that have a peer are wanted, too.

        Raises:
            OSError: The kernel refused; BPF takes CAP_BPF and CAP_PERFMON, and Linux 5.11.
            BtfError: The kernel's type description cannot be read.
        """
        if os.readlink("/proc/self") != str(os.getpid()):  # noqa: PTH115 - a link of the kernel's
            raise OSError(errno.EXDEV, "/proc shows the processes of another namespace")
        self._types = kernel_types(WANTED, os.environ)
        self._links: list[int] = []
        nested = not procfs.is_first_process_namespace()
        program = files_program(self._types, connections=connections, nested=nested)
        self._files = self._attach(program, TASK_FILE)

    def close(self) -> None:
        """Detach everything."""
        while self._links:
            os.close(self._links.pop())

    def holding(self) -> Holding:
        """Who holds what, now.

        Raises:
            OSError: The kernel refused.
        """
        found = Holding(multipath=False)
        places, spaces, locks, met = found.places, found.spaces, found.port_locks, found.met
        others: dict[int, list[Place]] = {RING: found.rings, CARRIER: found.carriers, MET: []}
        for inode, pid, number, space, protocol, _, byte in RECORD.iter_unpack(
            b"".join(bpf.iterate(self._files))
        ):
            if not pid:
                continue  # not one of ours
            place = (pid, number)
            met.add(pid)
            if protocol >= MET:
                others[protocol].append(place)
                continue
            known = places.get(inode)
            if known is None:
                places[inode] = [place]
                spaces.setdefault(space, place)
                if protocol == _UDP:
                    locks[inode] = self._locks(byte)
                elif protocol == _MPTCP:
                    found.multipath = True
            elif place not in known:
                known.append(place)
        return found

    def inspect(self, protocol: int) -> dict[int, Inspection]:
        """What the sockets of this thread's network namespace say of themselves.

        Args:
            protocol: 6 for the listening sockets of TCP, 17 for all of UDP.

        Returns:
            By inode; sockets without one are left out.

        Raises:
            OSError: The kernel refused.
            BtfError: This kernel's sockets do not tell.
        """
        mark_shift = self._types.bits("sock.sk_kern_sock") % 8
        target = "bpf_iter_tcp()" if protocol == _TCP else "bpf_iter_udp()"
        attached = self._attach(sockets_program(self._types, protocol), target)
        pieces = b"".join(bpf.iterate(attached))
        return {
            inode: Inspection(bool(mark >> mark_shift & 1 or not has_file), self._locks(byte))
            for inode, mark, has_file, byte in SOCKET_RECORD.iter_unpack(pieces)
            if inode
        }

    def _locks(self, byte: int) -> tuple[bool, bool]:
        """Whether the program chose the port, and whether it chose the address."""
        locks = byte >> self._types.bits("sock.sk_userlocks") % 8
        return bool(locks & _BINDPORT_LOCK), bool(locks & _BINDADDR_LOCK)

    def _attach(self, program: bytes, target: str) -> int:
        loaded = bpf.load(
            program, bpf.TRACING, attach=bpf.TRACE_ITER, target=self._types.number(target)
        )
        try:
            attached = bpf.link(loaded, bpf.TRACE_ITER)
        finally:
            os.close(loaded)
        self._links.append(attached)
        return attached


def files_program(types: KernelTypes, *, connections: bool, nested: bool) -> bytes:
    """The program that is called for every file of every process.

    Args:
        types: The kernel's offsets.
        connections: Whether sockets that have a peer are wanted, too.
        nested: Whether our process namespace is not the machine's first.

    Raises:
        BtfError: This kernel lacks something that it reads.
    """
    record = -RECORD.size
    sock = "sock.__sk_common."
    code = Assembler()
    code.move(R6, R1).load(8, R7, R6, _FILE).jump_if(R7, 0, "out")
    for position in range(0, RECORD.size, 8):
        code.store_value(8, FRAME, record + position, 0)
    code.move(R1, R7).call(_SOCK_FROM_FILE).jump_if(R0, 0, "other")
    code.load(8, R8, R0, types.offset("socket.sk")).jump_if(R8, 0, "plain")
    code.load(2, R1, R8, types.offset(sock + "skc_family"))
    code.jump_if(R1, _AF_INET, "internet").jump_if(R1, _AF_INET6, "internet")
    code.jump_unless(R1, _AF_UNIX, "plain")
    # A unix socket counts the descriptors that wait in it.
    code.move(R3, R8).add_value(R3, types.offset("unix_sock.scm_stat")).set(R2, 4)
    code.move(R1, FRAME).add_value(R1, record - 8).call(_PROBE_READ_KERNEL)
    code.load(4, R1, FRAME, record - 8).jump_if(R1, 0, "plain")
    code.store_value(2, FRAME, record + 20, CARRIER).jump("keep")

    code.label("other")
    # Everything else is told by its name alone; an io_uring's is "[io_uring]".
    code.load(8, R1, R7, types.offset("file.f_path.dentry")).jump_if(R1, 0, "plain")
    code.load(8, R3, R1, types.offset("dentry.d_name.name")).jump_if(R3, 0, "plain")
    code.set(R2, 8).move(R1, FRAME).add_value(R1, record - 8).call(_PROBE_READ_KERNEL)
    for position, word in enumerate(struct.unpack("=ii", b"[io_urin")):
        code.load(4, R1, FRAME, record - 8 + 4 * position).jump_unless(R1, word, "plain")
    code.store_value(2, FRAME, record + 20, RING).jump("keep")

    code.label("internet")
    code.load(1, R2, R8, types.offset(sock + "skc_state"))
    code.load(2, R1, R8, types.offset("sock.sk_protocol"))
    code.jump_if(R1, _UDP, "udp").jump_if(R1, _TCP, "tcp").jump_unless(R1, _MPTCP, "plain")
    code.label("tcp")
    if not connections:
        code.jump_unless(R2, _LISTEN, "plain")
    code.jump("socket").label("udp")
    if not connections:
        code.jump_unless(R2, _CLOSED, "plain")
    code.load(2, R3, R8, types.offset(sock + "skc_num")).jump_if(R3, 0, "plain")
    code.label("socket")
    code.store(2, FRAME, record + 20, R1).store(1, FRAME, record + 22, R2)
    code.load(1, R1, R8, types.offset("sock.sk_userlocks")).store(1, FRAME, record + 23, R1)
    code.load(8, R1, R8, types.offset(sock + "skc_net.net"))
    code.load(4, R1, R1, types.offset("net.ns.inum")).store(4, FRAME, record + 16, R1)
    code.load(8, R1, R7, types.offset("file.f_inode"))
    code.load(8, R1, R1, types.offset("inode.i_ino")).store(8, FRAME, record, R1)

    code.label("keep").load(4, R1, R6, _DESCRIPTOR).store(4, FRAME, record + 12, R1)
    code.load(8, R9, R6, _TASK).jump_if(R9, 0, "out")
    if nested:
        _process_here(code, types, record + 8, record - 8)
    else:
        code.load(4, R1, R9, types.offset("task_struct.tgid")).store(4, FRAME, record + 8, R1)
    _write(code, types, record, RECORD.size)
    code.jump("out").label("plain")
    # One of the first files of a process is worth a word, even if it is nothing: it was seen.
    code.load(4, R1, R6, _DESCRIPTOR).jump_above(R1, _FIRST_FILES, "out")
    code.store_value(2, FRAME, record + 20, MET).jump("keep")
    return code.label("out").set(R0, 0).exit().build()


def _process_here(code: Assembler, types: KernelTypes, result: int, scratch: int) -> None:
    """Store the number that the process of the task in r9 has in our process namespace.

    A process has one number for each namespace from the first down to its own
    (``pid.numbers``); ours is at the place that the reading process's own depth says.
    """
    code.call(_CURRENT_TASK)
    code.load(8, R1, R0, types.offset("task_struct.thread_pid"))
    code.load(4, R7, R1, types.offset("pid.level")).shift_left(R7, _UPID_SIZE_SHIFT)
    code.load(8, R9, R9, types.offset("task_struct.group_leader"))
    # Read as a mere number, for with pointers the verifier allows no sums.
    code.move(R3, R9).add_value(R3, types.offset("task_struct.thread_pid")).set(R2, 8)
    code.move(R1, FRAME).add_value(R1, scratch).call(_PROBE_READ_KERNEL)
    code.load(8, R3, FRAME, scratch).add(R3, R7)
    code.add_value(R3, types.offset("pid.numbers") + types.offset("upid.nr")).set(R2, 4)
    code.move(R1, FRAME).add_value(R1, result).call(_PROBE_READ_KERNEL)


def sockets_program(types: KernelTypes, protocol: int) -> bytes:
    """The program that is called for every socket of one protocol and namespace.

    Args:
        types: The kernel's offsets.
        protocol: 6 or 17.

    Raises:
        BtfError: This kernel lacks something that it reads.
    """
    record = -SOCKET_RECORD.size
    code = Assembler()
    code.move(R6, R1).load(8, R7, R6, 8).jump_if(R7, 0, "out")  # struct bpf_iter__tcp, __udp
    if protocol == _TCP:
        code.load(1, R1, R7, types.offset("sock.__sk_common.skc_state"))
        code.jump_unless(R1, _LISTEN, "out")
        code.move(R1, R7).call(_SKC_TO_TCP_SOCK).jump_if(R0, 0, "out").move(R7, R0)
    code.store_value(8, FRAME, record, 0).store_value(8, FRAME, record + 8, 0)
    code.load(1, R1, R7, types.offset("sock.sk_kern_sock")).store(1, FRAME, record + 8, R1)
    code.load(1, R1, R7, types.offset("sock.sk_userlocks")).store(1, FRAME, record + 10, R1)
    code.load(8, R8, R7, types.offset("sock.sk_socket")).jump_if(R8, 0, "out")
    code.load(8, R1, R8, types.offset("socket.file")).jump_if(R1, 0, "alone")
    code.store_value(1, FRAME, record + 9, 1).label("alone")
    # The inode lies behind the socket, in the structure around both.
    code.move(R3, R8)
    code.add_value(R3, types.offset("socket_alloc.vfs_inode") + types.offset("inode.i_ino"))
    code.set(R2, 8).move(R1, FRAME).add_value(R1, record).call(_PROBE_READ_KERNEL)
    _write(code, types, record, SOCKET_RECORD.size)
    return code.label("out").set(R0, 0).exit().build()


def _write(code: Assembler, types: KernelTypes, record: int, size: int) -> None:
    """Hand the record at ``record`` of the stack to the reader."""
    code.load(8, R1, R6, _META).load(8, R1, R1, types.offset("bpf_iter_meta.seq"))
    code.move(R2, FRAME).add_value(R2, record).set(R3, size).call(_SEQ_WRITE)
