"""Frames that a program inside the kernel makes, given to a device without becoming packets first.

The kernel runs a program of the kind ``XDP`` again and again, each time on a frame of its own
making; where the program says so, the frame leaves by the device, 64 with one ring of its bell
(BPF_F_TEST_XDP_LIVE_FRAMES, since Linux 5.18). Devices take such frames where they are made for
XDP; others throw them away, and say nothing: ``left`` tells how many they took.

Source: Documentation/bpf/bpf_prog_run.rst; linux/bpf.h.
"""

import ctypes
import os
import struct
import threading
from pathlib import Path

from tojimari.linux import bpf, libc

_RUN = 10  # BPF_PROG_TEST_RUN of enum bpf_cmd
_LIVE = 2  # BPF_F_TEST_XDP_LIVE_FRAMES
_AT_ONCE = 64  # frames given to the device together; more overran the ring of a virtual one
_CONTEXT = struct.Struct("=IIIIII")  # struct xdp_md: data, end, meta, interface, queue, out
_GENERIC = 1 << 1  # XDP_FLAGS_SKB_MODE of linux/if_link.h
_LOOPBACK = 1  # the index of the first interface of every namespace
_SENT = 9  # which number of a line of /proc/net/dev: packets sent

TX, DROP = 3, 1  # enum xdp_action


class LiveFrames:
    """One program, ready to run."""

    def __init__(self, code: bytes, interface: int, length: int) -> None:
        """Load it.

        A program that is attached nowhere costs each run 24 ms: the kernel makes a short way to it
        and waits until nobody can be on the old one. So it is attached to the loopback interface of
        a namespace that is made for that: no packet has ever been there.

        Args:
            code: The program.
            interface: The index of the device.
            length: Bytes of a frame.

        Raises:
            OSError: Not permitted, or the kernel is too old.
        """
        self._held = [bpf.load(code, bpf.XDP)]
        self._frame = ctypes.create_string_buffer(length)
        self._context = ctypes.create_string_buffer(
            _CONTEXT.pack(0, length, 0, interface, 0, 0), _CONTEXT.size
        )
        self._length = length
        self._errors: list[OSError] = []
        nowhere = threading.Thread(target=self._attach)
        nowhere.start()
        nowhere.join()
        if self._errors:
            self.close()
            raise self._errors[0]

    def _attach(self) -> None:
        """In a thread that ends: it leaves its namespace with it."""
        try:
            libc.unshare(libc.CLONE_NEWNET)
            self._held.append(os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC))
            self._held.append(bpf.link(self._held[0], bpf.ON_XDP, _LOOPBACK, flags=_GENERIC))
        except OSError as error:
            self._errors.append(error)

    def close(self) -> None:
        """Unload it."""
        while self._held:
            os.close(self._held.pop())

    def run(self, count: int) -> None:
        """Run it so many times; other threads run meanwhile.

        Raises:
            OSError: The kernel refused.
        """
        attributes = bytearray(152)
        struct.pack_into(
            "=IIIIQQIIIIQQIII",
            attributes,
            0,
            self._held[0],
            0,
            self._length,
            0,
            ctypes.addressof(self._frame),
            0,
            count,
            0,
            _CONTEXT.size,
            0,
            ctypes.addressof(self._context),
            0,
            _LIVE,
            0,
            _AT_ONCE,
        )
        libc.bpf(_RUN, attributes)


def left(interface: str) -> int:
    """How many frames have left by a device so far, by its own word.

    Raises:
        OSError: There is no such device, or this cannot be read.
    """
    for line in Path("/proc/thread-self/net/dev").read_text(encoding="ascii").splitlines():
        name, _, numbers = line.partition(":")
        if name.strip() == interface:
            return int(numbers.split()[_SENT])
    import errno  # noqa: PLC0415 - one use

    raise OSError(errno.ENODEV, os.strerror(errno.ENODEV), interface)
