"""HTTP/2 without the first: the preface, and the server's settings. gRPC speaks this."""

from tojimari.core.endpoint import Transport
from tojimari.core.message import Value
from tojimari.core.service import Service
from tojimari.services.dialogue import Dialogue, Peer, Protocol, Send, read_exactly
from tojimari.services.octets import Cursor

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"  # RFC 9113, section 3.4
EMPTY_SETTINGS = b"\0\0\0\4\0\0\0\0\0"
SETTINGS, GOAWAY = 4, 7
NAMES = {
    1: "header-table-size",
    3: "max-concurrent-streams",
    4: "initial-window-size",
    5: "max-frame-size",
}
NO_ERROR = b"\0\0\x08\7\0\0\0\0\0" + bytes(8)


def greet(peer: Peer) -> Dialogue:
    """Preface and empty settings; the server must answer with its own (RFC 9113, section 3.4)."""
    del peer
    yield Send(PREFACE + EMPTY_SETTINGS)
    head = yield from read_exactly(9)
    if len(head) < 9 or head[3] != SETTINGS or head[5:] != bytes(4):
        return None
    size = int.from_bytes(head[:3], "big")
    if size % 6 or size > 600:
        return None
    cursor = Cursor((yield from read_exactly(size)))
    details: dict[str, Value] = {}
    while cursor:
        key, value = cursor.big(2), cursor.big(4)
        if key in NAMES:
            details[NAMES[key]] = value
    yield Send(NO_ERROR)
    return Service("h2", evidence="HTTP/2 SETTINGS", details=details)


PROTOCOL = Protocol(
    name="h2",
    transport=Transport.TCP,
    ports=frozenset({50051}),
    tls_ports=frozenset({50052}),
    server_speaks_first=False,
    source="RFC 9113, sections 3.4 and 6.5",
    dialogue=greet,
    likelihood=19,
)
