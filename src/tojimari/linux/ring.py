"""A ring of frames that the kernel fills and this process reads, without a call for each.

Every frame has the same place and stride, so that all that came can be read as columns.

Source: linux/if_packet.h (TPACKET_V2); Documentation/networking/packet_mmap.rst.
"""

import mmap
import struct
from _socket import socket as Socket  # noqa: N812 - it is a class
from select import POLLIN, poll

from tojimari.linux.packet_socket import SOL_PACKET

_RX_RING = 5
_VERSION = 10
_TPACKET_V2 = 1
_BLOCK = 1 << 20  # bytes; a multiple of the page size and of the stride
STRIDE = 256  # bytes of a frame in the ring, of which about 190 are the frame's own
STATUS = 0  # where the kernel's word of a frame is: 4 bytes, native; bit 0: it is ours to read
LENGTHS_AT = 4  # where two times 4 bytes say how long the frame was, and how much of it is here
TIME_AT = (
    16  # where the time of its coming is: seconds and nanoseconds of the wall clock, 4 bytes each
)
MAC_AT = 12  # where 2 bytes say at which place the frame's own first byte is (tp_mac)


class Ring:
    """The frames that a packet socket hears.

    Attributes:
        memory: All frames, ``STRIDE`` bytes each.
        room: How many.
    """

    def __init__(self, socket: Socket, room: int) -> None:
        """Make one; the socket hears into it from now on.

        Args:
            socket: As ``packet_socket.frames`` makes it; it stays the caller's.
            room: How many frames, a power of two, at least 4,096.

        Raises:
            OSError: The kernel refused; not enough memory.
        """
        self.room = room
        size = room * STRIDE
        socket.setsockopt(SOL_PACKET, _VERSION, _TPACKET_V2)
        layout = struct.pack("=IIII", _BLOCK, size // _BLOCK, STRIDE, room)
        socket.setsockopt(SOL_PACKET, _RX_RING, layout)
        self.memory = mmap.mmap(socket.fileno(), size, mmap.MAP_SHARED)
        self._poll = poll()
        self._poll.register(socket, POLLIN)

    def wait(self, seconds: float) -> None:
        """Until a frame is there, or the time is over; milliseconds count."""
        self._poll.poll(1e3 * seconds)

    def close(self) -> None:
        """Let go of the memory; views of it must be gone."""
        self.memory.close()
