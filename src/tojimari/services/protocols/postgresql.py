"""PostgreSQL: whether TLS is offered, then a start-up that cannot succeed.

An impossible protocol version is asked for. The server's error names its source file and line, and
nobody tries to log in.
"""

import struct

from tojimari.core.endpoint import Transport
from tojimari.core.message import Value
from tojimari.core.service import Service
from tojimari.services.dialogue import Dialogue, Peer, Protocol, Send, StartTls, Talk, read_exactly
from tojimari.services.octets import Cursor, snippet, text

SSL_REQUEST = struct.pack(">II", 8, 80877103)
IMPOSSIBLE = struct.pack(">IHH", 8, 255, 255)  # protocol 255.255
MAX_ERROR = 4096  # bytes


def greet(peer: Peer) -> Dialogue:
    """SSLRequest, then the impossible start-up."""
    if peer.tls:
        answer = b""
    else:
        yield Send(SSL_REQUEST)
        answer = yield from read_exactly(1)
        if answer not in {b"S", b"N", b"E"}:
            return None
    details: dict[str, Value] = {} if peer.tls else {"starttls": "yes" if answer == b"S" else "no"}
    if answer == b"S" and not (yield StartTls()):
        return None
    if answer != b"E":
        yield Send(IMPOSSIBLE)
        answer = yield from read_exactly(1)
    fields = yield from _error() if answer == b"E" else _nothing()
    if "C" not in fields or "M" not in fields:
        return None
    details |= {"error": fields["C"], "said": fields["M"]}
    if "V" in fields:
        details["severity"] = fields["V"]
    return Service(
        "postgresql",
        product="PostgreSQL",
        vendor="PostgreSQL",
        evidence=snippet(fields["M"].encode()),
        details=details,
    )


def _error() -> Talk[dict[str, str]]:
    """An ErrorResponse without its first letter."""
    size = int.from_bytes((yield from read_exactly(4)), "big") - 4
    if not 0 < size <= MAX_ERROR:
        return {}
    cursor = Cursor((yield from read_exactly(size)))
    fields: dict[str, str] = {}
    while cursor:
        code = cursor.take(1)
        if code == b"\0":
            break
        fields[text(code)] = text(cursor.until(b"\0"))
    return fields


def _nothing() -> Talk[dict[str, str]]:
    yield from ()
    return {}


PROTOCOL = Protocol(
    name="postgresql",
    transport=Transport.TCP,
    ports=frozenset({5432, 5433, 6432}),
    server_speaks_first=False,
    source="https://www.postgresql.org/docs/current/protocol-message-formats.html",
    dialogue=greet,
    executables=frozenset({"postgres", "pgbouncer", "postmaster", "pgpool"}),
    likelihood=58,
    reads=4,
)
