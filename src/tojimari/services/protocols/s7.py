"""Siemens S7: the transport connection. Nothing is asked of the controller's program."""

from tojimari.core.endpoint import Transport
from tojimari.core.service import Service
from tojimari.services.dialogue import Dialogue, Peer, Protocol, Send, read_exactly

CONNECT = bytes.fromhex("0300001611e00000001400c1020100c2020102c0010a")
SETUP = bytes.fromhex("0300001902f08032010000000000080000f0000001000101e0")
CONFIRM, DATA, S7 = 0xD0, 0xF0, 0x32


def greet(peer: Peer) -> Dialogue:
    """COTP connection, then the negotiation of S7's size of messages."""
    del peer
    yield Send(CONNECT)
    head = yield from read_exactly(4)
    size = int.from_bytes(head[2:4], "big")
    if len(head) < 4 or head[:2] != b"\3\0" or not 11 <= size <= 128:
        return None
    answer = yield from read_exactly(size - 4)
    if len(answer) < 2 or answer[1] != CONFIRM:
        return None
    yield Send(SETUP)
    head = yield from read_exactly(4)
    size = int.from_bytes(head[2:4], "big")
    if len(head) < 4 or head[:2] != b"\3\0" or not 10 <= size <= 256:
        return None
    answer = yield from read_exactly(size - 4)
    if len(answer) < 4 or answer[1] != DATA or answer[3] != S7:
        return None
    return Service("s7", vendor="Siemens", evidence="S7 communication set up")


PROTOCOL = Protocol(
    name="s7",
    transport=Transport.TCP,
    ports=frozenset({102}),
    server_speaks_first=False,
    source="RFC 1006; https://wiki.wireshark.org/S7comm",
    dialogue=greet,
)
