"""What programs inside the kernel and this process both see: an area of memory, a table.

Source: linux/bpf.h; Documentation/bpf/maps.rst.
"""

import contextlib
import ctypes
import mmap
import os
import struct

from tojimari.linux import libc

_MAP_CREATE, _MAP_UPDATE = 0, 2  # enum bpf_cmd
_HASH, _ARRAY = 1, 2  # enum bpf_map_type
_MMAPABLE = 1 << 10  # BPF_F_MMAPABLE, since Linux 5.5
_ATTRIBUTES = 128  # bytes; a kernel with a smaller union accepts zeros behind it


class Area:
    """Bytes that a program writes and this process reads and writes: an array of one element.

    Attributes:
        descriptor: Of the map; programs are given it.
        memory: The bytes, shared.
    """

    def __init__(self, size: int) -> None:
        """Make one, full of zeros.

        Args:
            size: Bytes.

        Raises:
            OSError: The kernel refused.
        """
        attributes = bytearray(_ATTRIBUTES)
        struct.pack_into("=IIIII", attributes, 0, _ARRAY, 4, size, 1, _MMAPABLE)
        self.descriptor = libc.bpf(_MAP_CREATE, attributes)
        pages = -(-size // mmap.PAGESIZE) * mmap.PAGESIZE
        try:
            self.memory = mmap.mmap(self.descriptor, pages, mmap.MAP_SHARED)
        except OSError:
            os.close(self.descriptor)
            raise

    def close(self) -> None:
        """Let go of it; the memory goes with the last view of it."""
        os.close(self.descriptor)
        with contextlib.suppress(BufferError):
            self.memory.close()


class Table:
    """Values by key, which a program looks up: a hash map.

    Attributes:
        descriptor: Of the map; programs are given it.
    """

    def __init__(self, key: int, value: int, entries: int) -> None:
        """Make one.

        Args:
            key: Bytes of a key.
            value: Bytes of a value.
            entries: At most so many.

        Raises:
            OSError: The kernel refused.
        """
        attributes = bytearray(_ATTRIBUTES)
        struct.pack_into("=IIII", attributes, 0, _HASH, key, value, entries)
        self.descriptor = libc.bpf(_MAP_CREATE, attributes)

    def close(self) -> None:
        """Let go of it."""
        os.close(self.descriptor)

    def put(self, key: bytes, value: bytes) -> None:
        """Set the value of a key.

        Raises:
            OSError: The kernel refused.
        """
        held_key = ctypes.create_string_buffer(key, len(key))
        held_value = ctypes.create_string_buffer(value, len(value))
        attributes = bytearray(_ATTRIBUTES)
        struct.pack_into(
            "=I4xQQQ",
            attributes,
            0,
            self.descriptor,
            ctypes.addressof(held_key),
            ctypes.addressof(held_value),
            0,
        )
        libc.bpf(_MAP_UPDATE, attributes)
