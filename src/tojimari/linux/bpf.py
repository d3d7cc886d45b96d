"""Programs inside the kernel: loading, attaching, and reading what they say.

Everything here ends with its file descriptors; nothing is pinned, so nothing is left behind when
this process ends, however it ends.

Source: linux/bpf.h; Documentation/bpf/.
"""

import ctypes
import mmap
import os
import struct
from collections.abc import Iterator

from tojimari.linux import libc

_MAP_CREATE, _PROG_LOAD, _RAW_TRACEPOINT_OPEN = 0, 5, 17  # enum bpf_cmd
_LINK_CREATE, _ITER_CREATE = 28, 33
_ATTRIBUTES = 152  # bytes; a kernel with a smaller union accepts zeros behind it

SOCKET_FILTER = 1  # enum bpf_prog_type
SCHED_CLS = 3
XDP = 6
CGROUP_SOCK = 9
TRACING = 26
CGROUP_INET4_POST_BIND = 12  # enum bpf_attach_type
CGROUP_INET6_POST_BIND = 13
TRACE_RAW_TP = 23
TRACE_ITER = 28
ON_XDP = 37

_RINGBUF = 27  # enum bpf_map_type
_BUSY = 1 << 31  # BPF_RINGBUF_BUSY_BIT
_DISCARD = 1 << 30  # BPF_RINGBUF_DISCARD_BIT
_LENGTH = _DISCARD - 1
_RECORD_HEADER = 8  # bytes; BPF_RINGBUF_HDR_SZ

_LICENCE = b"GPL"  # some helpers are for such programs only; the program runs in the kernel alone
_LOG = 1 << 16  # bytes for the verifier's reasons
_LOG_SHOWN = 1500  # its end says what was wrong
_READ = 1 << 20  # bytes a read of an iterator


def load(
    program: bytes, kind: int, *, attach: int = 0, target: int = 0, name: str = "tojimari"
) -> int:
    """Load a program.

    Args:
        program: As ``Assembler.build`` makes it.
        kind: ``TRACING`` and the like.
        attach: To what it will be attached: ``TRACE_ITER`` and the like.
        target: BTF id of the function or tracepoint that it is for; 0 for none.
        name: Shown by bpftool; at most 15 bytes.

    Returns:
        Descriptor, which the caller closes.

    Raises:
        OSError: Not permitted, unknown to this kernel, or found unsafe; the text holds the
            verifier's reasons.
    """
    try:
        return _load(program, kind, attach, target, name, None)
    except OSError:
        log = ctypes.create_string_buffer(_LOG)
        try:
            return _load(program, kind, attach, target, name, log)
        except OSError as error:
            reasons = log.value.decode("utf-8", "replace")[-_LOG_SHOWN:].strip()
            text = "\n".join(filter(None, [os.strerror(error.errno or 0), reasons]))
            raise OSError(error.errno, text) from error


def _load(
    program: bytes,
    kind: int,
    attach: int,
    target: int,
    name: str,
    log: "ctypes.Array[ctypes.c_char] | None",
) -> int:
    instructions = ctypes.create_string_buffer(program, len(program))
    licence = ctypes.create_string_buffer(_LICENCE)
    attributes = bytearray(_ATTRIBUTES)
    struct.pack_into(
        "=IIQQIIQII16sII",
        attributes,
        0,
        kind,
        len(program) // 8,
        ctypes.addressof(instructions),
        ctypes.addressof(licence),
        0 if log is None else 1,
        0 if log is None else len(log),
        0 if log is None else ctypes.addressof(log),
        0,
        0,
        name.encode()[:15],
        0,
        attach,
    )
    struct.pack_into("=I", attributes, 108, target)  # attach_btf_id
    return libc.bpf(_PROG_LOAD, attributes)


def link(program: int, attach: int, target: int = 0, flags: int = 0) -> int:
    """Attach a program.

    Args:
        program: Its descriptor.
        attach: ``TRACE_ITER`` and the like.
        target: Descriptor of what it is attached to: a control group's directory; or an interface's
            index; 0 for nothing.
        flags: ``BPF_F_BEFORE`` and the like.

    Returns:
        Descriptor; closing it detaches the program.

    Raises:
        OSError: The kernel refused.
    """
    return libc.bpf(_LINK_CREATE, _packed("=IIII", program, target, attach, flags))


def open_tracepoint(program: int) -> int:
    """Attach a program to the tracepoint that it was loaded for.

    Returns:
        Descriptor; closing it detaches the program.

    Raises:
        OSError: The kernel refused.
    """
    return libc.bpf(_RAW_TRACEPOINT_OPEN, _packed("=QI", 0, program))


def iterate(attached: int) -> Iterator[bytes]:
    """Run an iterator once.

    Args:
        attached: As ``link`` gives it. For one that walks sockets, the network namespace of this
            thread is what counts.

    Yields:
        What the program wrote, in pieces of any length.

    Raises:
        OSError: The kernel refused.
    """
    descriptor = libc.bpf(_ITER_CREATE, _packed("=II", attached, 0))
    try:
        while piece := os.read(descriptor, _READ):
            yield piece
    finally:
        os.close(descriptor)


class Ring:
    """A buffer that programs write and this process reads (Documentation/bpf/ringbuf.rst)."""

    def __init__(self, size: int) -> None:
        """Make one.

        Args:
            size: Bytes, a power of two and a multiple of the page size.

        Raises:
            OSError: The kernel refused.
        """
        page = mmap.PAGESIZE
        self._size = size
        self.descriptor = libc.bpf(_MAP_CREATE, _packed("=IIIII", _RINGBUF, 0, 0, size, 0))
        try:
            # One page that we write (how far we have read), one that we may only read (how far
            # the kernel has written), then the data, mapped twice so that no record is torn.
            self._ours = mmap.mmap(self.descriptor, page, mmap.MAP_SHARED)
            self._theirs = mmap.mmap(
                self.descriptor, page + 2 * size, mmap.MAP_SHARED, mmap.PROT_READ, offset=page
            )
        except OSError:
            os.close(self.descriptor)
            raise

    def close(self) -> None:
        """Let go of it."""
        self._ours.close()
        self._theirs.close()
        os.close(self.descriptor)

    def read(self) -> list[bytes]:
        """The records that came since the last time; ``descriptor`` can be polled for more."""
        records: list[bytes] = []
        (read,) = _POSITION.unpack_from(self._ours, 0)
        while read < _POSITION.unpack_from(self._theirs, 0)[0]:
            start = mmap.PAGESIZE + (read & (self._size - 1))
            (length,) = _RECORD_LENGTH.unpack_from(self._theirs, start)
            if length & _BUSY:
                break  # still being written
            size = length & _LENGTH
            if not length & _DISCARD:
                first = start + _RECORD_HEADER
                records.append(self._theirs[first : first + size])
            read += (size + _RECORD_HEADER + 7) & ~7
            _POSITION.pack_into(self._ours, 0, read)
        return records


_POSITION = struct.Struct("=Q")
_RECORD_LENGTH = struct.Struct("=I")


def _packed(layout: str, *values: int) -> bytearray:
    packed = bytearray(_ATTRIBUTES)
    struct.pack_into(layout, packed, 0, *values)
    return packed
