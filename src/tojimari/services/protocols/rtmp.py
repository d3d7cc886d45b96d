"""RTMP, the sending of video: the first step of the handshake."""

from tojimari.core.endpoint import Transport
from tojimari.core.service import Service
from tojimari.services.dialogue import Dialogue, Peer, Protocol, Send, read_exactly

VERSION = 3
SIZE = 1536  # bytes (Adobe's RTMP specification 1.0, section 5.2.3)


def greet(peer: Peer) -> Dialogue:
    """C0 and C1; S0, S1 and S2 come back, S2 an echo of C1."""
    challenge = bytes(8) + (peer.nonce * 48)[: SIZE - 8]
    yield Send(bytes([VERSION]) + challenge)
    answer = yield from read_exactly(1 + SIZE)
    if len(answer) < 1 + SIZE or answer[0] != VERSION:
        return None
    echo = yield from read_exactly(SIZE)
    if echo[8:] != challenge[8:] and answer[5:9] == bytes(4):
        return None
    version = ".".join(str(octet) for octet in answer[5:9])
    return Service("rtmp", evidence="S0 S1 S2", details={"server-version": version})


PROTOCOL = Protocol(
    name="rtmp",
    transport=Transport.TCP,
    ports=frozenset({1935}),
    server_speaks_first=False,
    source="Adobe RTMP specification 1.0, section 5.2",
    dialogue=greet,
    likelihood=6,
)
