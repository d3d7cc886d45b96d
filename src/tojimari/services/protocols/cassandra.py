"""Cassandra's native protocol: OPTIONS, answered before anybody logs in."""

import struct

from tojimari.core.endpoint import Transport
from tojimari.core.message import Value
from tojimari.core.service import Service
from tojimari.services.dialogue import Dialogue, Peer, Protocol, Send, read_exactly
from tojimari.services.octets import Cursor, snippet, text

OPTIONS, SUPPORTED, ERROR = 5, 6, 0
RESPONSE = 0x80
MAX_BODY = 8192  # bytes


def greet(peer: Peer) -> Dialogue:
    """OPTIONS in version 4."""
    stream = peer.number(2) & 0x7FFF
    yield Send(struct.pack(">BBHBI", 4, 0, stream, OPTIONS, 0))
    head = yield from read_exactly(9)
    if len(head) < 9:
        return None
    version, _, number, opcode, size = struct.unpack(">BBHBI", head)
    if not version & RESPONSE or number != stream or size > MAX_BODY or version & 0x7F > 6:
        return None
    cursor = Cursor((yield from read_exactly(size)))
    details: dict[str, Value] = {"protocol": version & 0x7F}
    if opcode == ERROR:
        cursor.skip(4)
        said = cursor.prefixed(2)
        return Service("cassandra", evidence=snippet(said), details=details)
    if opcode != SUPPORTED:
        return None
    for _ in range(min(cursor.big(2), 64)):
        name = text(cursor.prefixed(2))
        values = [text(cursor.prefixed(2)) for _ in range(min(cursor.big(2), 64))]
        details[name.lower().replace("_", "-")] = ", ".join(values)
    product = "ScyllaDB" if "scylla-partitioner" in details else "Cassandra"
    return Service(
        "cassandra",
        product=product,
        vendor="ScyllaDB" if product == "ScyllaDB" else "Apache",
        evidence="SUPPORTED",
        details=details,
    )


PROTOCOL = Protocol(
    name="cassandra",
    transport=Transport.TCP,
    ports=frozenset({9042}),
    tls_ports=frozenset({9142}),
    server_speaks_first=False,
    source="https://github.com/apache/cassandra/blob/trunk/doc/native_protocol_v4.spec",
    dialogue=greet,
    likelihood=15,
    drops=None,
)
