"""FastCGI (PHP-FPM): the values that an application server tells anybody."""

import struct

from tojimari.core.endpoint import Transport
from tojimari.core.message import Value
from tojimari.core.service import Service
from tojimari.services.dialogue import Dialogue, Peer, Protocol, Send, read_exactly
from tojimari.services.octets import Cursor, text

VERSION, GET_VALUES, RESULT = 1, 9, 10
ASKED = (b"FCGI_MAX_CONNS", b"FCGI_MAX_REQS", b"FCGI_MPXS_CONNS")


def greet(peer: Peer) -> Dialogue:
    """FCGI_GET_VALUES; no script is run."""
    del peer
    body = b"".join(bytes([len(name), 0]) + name for name in ASKED)
    padding = -len(body) % 8
    yield Send(
        struct.pack(">BBHHBx", VERSION, GET_VALUES, 0, len(body), padding) + body + bytes(padding)
    )
    head = yield from read_exactly(8)
    if len(head) < 8 or head[:4] != bytes([VERSION, RESULT, 0, 0]):
        return None
    size = int.from_bytes(head[4:6], "big")
    cursor = Cursor((yield from read_exactly(min(size, 1024))))
    details: dict[str, Value] = {}
    while cursor:
        names, values = cursor.big(1), cursor.big(1)
        name, value = cursor.take(names), cursor.take(values)
        if name in ASKED:
            details[text(name).lower().replace("_", "-")] = text(value)
    return Service("fastcgi", evidence="FCGI_GET_VALUES_RESULT", details=details)


PROTOCOL = Protocol(
    name="fastcgi",
    transport=Transport.TCP,
    ports=frozenset({9000, 9001}),
    server_speaks_first=False,
    source="FastCGI Specification 1.0, section 4.1",
    dialogue=greet,
    executables=frozenset(
        {"php-fpm", *(f"php-fpm{one}" for one in ("7.4", "8.0", "8.1", "8.2", "8.3", "8.4"))}
    ),
    likelihood=18,
    reads=8,
)
