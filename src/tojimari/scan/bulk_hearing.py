"""What answers to very many probes are heard by; it is opened while numpy is loaded."""

import os
from _socket import socket as Socket  # noqa: N812 - it is a class
from collections.abc import Generator
from contextlib import contextmanager
from functools import partial

from tojimari.linux import packet_socket
from tojimari.linux.ring import Ring
from tojimari.scan.arrivals import PORTS
from tojimari.scan.meanwhile import Meanwhile
from tojimari.scan.packet import ETHERNET
from tojimari.scan.raw_wire import PORTS_FROM
from tojimari.scan.sieve import (
    ADD_X,
    AND,
    IF_ANY,
    IF_EQUAL,
    IF_LEAST,
    IF_LEAST_X,
    LOAD_BYTE,
    LOAD_BYTE_BEYOND,
    LOAD_HALF,
    LOAD_HALF_BEYOND,
    LOAD_HEADER,
    LOAD_LENGTH,
    NO,
    ON,
    SHIFT_RIGHT,
    SUBTRACT,
    TO_X,
    UNTAGGED,
    YES,
    Step,
    sieve,
)

ROOM = 1 << 16  # frames: 16 MiB, a sixteenth of a second at a million a second
PLAIN_VERSION, TCP = 0x45, 6  # a header of IPv4 without options; its protocol
_ICMP = 1
# Bytes of a frame that are looked at: an error, and what it quotes of a probe, each with all the
# options that there can be (RFC 791, section 3.1; RFC 792).
_SEEN = ETHERNET + 60 + 8 + 60 + 8


class Hearing:
    """A socket, and the ring of what it hears.

    Attributes:
        socket: Frames can be sent by it too.
        ring: What it hears.
        first_port: Of those that we probe from, a multiple of ``PORTS``.
    """

    def __init__(self, interface: str) -> None:
        """Begin to hear what comes in by an interface.

        Raises:
            OSError: Not permitted.
        """
        groups = (65536 - PORTS_FROM) // PORTS
        self.first_port = PORTS_FROM + PORTS * (os.urandom(1)[0] % groups)
        self.socket: Socket = packet_socket.frames(interface, steps=steps(self.first_port))
        try:
            self.ring = Ring(self.socket, ROOM)
        except OSError:
            self.socket.close()
            raise

    def close(self) -> None:
        """Hear no more; views of the ring must be gone."""
        self.ring.close()
        packet_socket.leave(self.socket)


@contextmanager
def opening(interface: str) -> Generator[Meanwhile[Hearing]]:
    """Begin to hear, in a thread: the kernel takes 10 to 15 ms for the ring."""
    coming = Meanwhile(partial(Hearing, interface))
    try:
        yield coming
    finally:
        hearing = coming.wait()
        if hearing is not None:
            hearing.close()


def steps(first_port: int) -> list[Step]:
    """A classic filter: whole IPv4, ICMP or TCP to one of our ports with SYN or RST."""
    made = [
        *UNTAGGED,
        (LOAD_HALF, ON, ON, 12),  # ethertype
        (IF_EQUAL, ON, NO, 0x0800),
        (LOAD_BYTE, ON, ON, ETHERNET),  # version and length of the header
        (IF_LEAST, ON, NO, PLAIN_VERSION),
        (IF_LEAST, NO, ON, 0x50),
        (LOAD_HALF, ON, ON, ETHERNET + 6),  # fragments
        (IF_ANY, NO, ON, 0x3FFF),
        (LOAD_BYTE, ON, ON, ETHERNET + 9),  # protocol
        (IF_EQUAL, YES, ON, _ICMP),
        (IF_EQUAL, ON, NO, TCP),
        (LOAD_HEADER, ON, ON, ETHERNET),
        (LOAD_HALF_BEYOND, ON, ON, ETHERNET + 2),  # port
        (AND, ON, ON, 0x10000 - PORTS),
        (IF_EQUAL, ON, NO, first_port),
        (LOAD_BYTE_BEYOND, ON, ON, ETHERNET + 13),  # flags
        (IF_ANY, ON, NO, 0x06),
        # The header of TCP, as long as it says, ends within the packet, and that within the frame.
        (LOAD_BYTE_BEYOND, ON, ON, ETHERNET + 12),
        (AND, ON, ON, 0xF0),
        (IF_LEAST, ON, NO, 0x50),
        (SHIFT_RIGHT, ON, ON, 2),
        (ADD_X, ON, ON, 0),
        (TO_X, ON, ON, 0),
        (LOAD_HALF, ON, ON, ETHERNET + 2),
        (IF_LEAST_X, ON, NO, 0),
        (TO_X, ON, ON, 0),
        (LOAD_LENGTH, ON, ON, 0),
        (SUBTRACT, ON, ON, ETHERNET),
        (IF_LEAST_X, YES, NO, 0),
    ]
    return sieve(made, _SEEN)
