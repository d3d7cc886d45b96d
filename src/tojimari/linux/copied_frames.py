"""Frames that a program inside the kernel makes, each copy of which goes the way of every packet.

The kernel runs a program of the kind ``SCHED_CLS`` again and again on one packet; the program
writes into it and has a copy sent (``bpf_clone_redirect``, Linux 4.2). Every device takes such
packets, and what has no room is told to the program. No call is made for a packet and none is
brought over from this process; what a virtual cable's other end does is done for all of a run
together.

Source: linux/bpf.h; net/bpf/test_run.c and net/core/filter.c of Linux.
"""

import ctypes
import os
import struct

from tojimari.linux import bpf, libc

CLONE_REDIRECT = 13  # enum bpf_func_id: context, index of the device, flags
DATA, DATA_END = 76, 80  # where struct __sk_buff of linux/bpf.h has the packet's beginning and end
# Copies of one run. What goes over a virtual cable waits until the run is over, where the kernel
# keeps 1,000 of them (net.core.netdev_max_backlog); more than 512 made nothing faster (measured).
AT_ONCE = 512
_RUN = 10  # BPF_PROG_TEST_RUN of enum bpf_cmd


class CopiedFrames:
    """One program, ready to run."""

    def __init__(self, code: bytes, frame: bytes) -> None:
        """Load it.

        Args:
            code: The program.
            frame: The packet that it writes into, which says by its type of what kind all are.

        Raises:
            OSError: Not permitted, or the kernel is too old.
        """
        self._frame = ctypes.create_string_buffer(frame, len(frame))
        self._program = bpf.load(code, bpf.SCHED_CLS)

    def close(self) -> None:
        """Unload it."""
        os.close(self._program)

    def run(self, count: int) -> None:
        """Run it so many times, not more than ``AT_ONCE``; other threads run meanwhile.

        Raises:
            OSError: The kernel refused.
        """
        attributes = bytearray(152)
        struct.pack_into(
            "=IIIIQQI",
            attributes,
            0,
            self._program,
            0,
            len(self._frame),
            0,
            ctypes.addressof(self._frame),
            0,
            count,
        )
        libc.bpf(_RUN, attributes)
