"""PPTP: the start of a control connection, in which the server tells its maker."""

import struct

from tojimari.core.endpoint import Transport
from tojimari.core.message import Value
from tojimari.core.service import Service
from tojimari.services.dialogue import Dialogue, Peer, Protocol, Send, read_exactly
from tojimari.services.octets import text

COOKIE = 0x1A2B3C4D  # RFC 2637, section 1.4
SIZE = 156
REQUEST, REPLY = 1, 2


def greet(peer: Peer) -> Dialogue:
    """Start-Control-Connection-Request."""
    del peer
    head = struct.pack(">HHIHHHHIIHH", SIZE, 1, COOKIE, REQUEST, 0, 0x0100, 0, 1, 1, 0, 0)
    yield Send(head + bytes(64) + b"tojimari".ljust(64, b"\0"))
    answer = yield from read_exactly(SIZE)
    if len(answer) < SIZE:
        return None
    size, kind, cookie, message = struct.unpack_from(">HHIH", answer)
    if (size, kind, cookie, message) != (SIZE, 1, COOKIE, REPLY):
        return None
    host, vendor = (text(answer[at : at + 64].split(b"\0")[0]) for at in (28, 92))
    details: dict[str, Value] = {"host": host, "maker": vendor}
    (firmware,) = struct.unpack_from(">H", answer, 26)
    return Service("pptp", vendor or None, str(firmware), evidence="PPTP reply", details=details)


PROTOCOL = Protocol(
    name="pptp",
    transport=Transport.TCP,
    ports=frozenset({1723}),
    server_speaks_first=False,
    source="RFC 2637, sections 2.1 and 2.2",
    dialogue=greet,
    executables=frozenset({"pptpd"}),
    likelihood=3,
)
