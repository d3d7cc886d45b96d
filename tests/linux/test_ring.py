import socket
import struct
from contextlib import closing

import pytest

from tojimari.linux import packet_socket
from tojimari.linux.ring import MAC_AT, STRIDE, Ring


@pytest.mark.usefixtures("root")
def test_frames_are_read_out_of_memory() -> None:
    # UDP over IPv4, the first 60 bytes.
    steps = [(0x30, 0, 0, 23), (0x15, 0, 1, 17), (0x06, 0, 0, 60), (0x06, 0, 0, 0)]
    heard = packet_socket.frames("lo", steps=steps)
    with closing(heard), socket.socket(type=socket.SOCK_DGRAM) as one:
        ring = Ring(heard, 8192)
        for word in (b"first", b"second"):
            one.sendto(word, ("127.0.0.1", 9))
        ring.wait(10)
        found: list[bytes] = []
        for at in (0, STRIDE, 2 * STRIDE):
            status, _, length, mac = struct.unpack_from("=IIIH", ring.memory, at)
            if status & 1:
                assert ring.memory[at + MAC_AT : at + MAC_AT + 2] == struct.pack("=H", mac)
                found.append(ring.memory[at + mac : at + mac + length])
        assert [frame[42:] for frame in found] == [b"first", b"second"]
        ring.close()


@pytest.mark.usefixtures("root")
def test_a_ring_of_an_odd_size_is_refused() -> None:
    heard = packet_socket.frames("lo", steps=[(0x06, 0, 0, 0)])
    with closing(heard), pytest.raises(OSError, match="Invalid argument"):
        Ring(heard, 8193)
