"""Kafka: which versions of which calls the broker takes (ApiVersions)."""

import struct

from tojimari.core.endpoint import Transport
from tojimari.core.service import Service
from tojimari.services.dialogue import Dialogue, Peer, Protocol, Send, read_exactly
from tojimari.services.octets import Cursor

API_VERSIONS = 18
MAX_ANSWER = 8192  # bytes


def greet(peer: Peer) -> Dialogue:
    """ApiVersions, version 0."""
    number = peer.number() & 0x7FFFFFFF
    client = b"tojimari"
    body = struct.pack(">hhi", API_VERSIONS, 0, number) + struct.pack(">h", len(client)) + client
    yield Send(struct.pack(">i", len(body)) + body)
    size = int.from_bytes((yield from read_exactly(4)), "big")
    if not 10 <= size <= MAX_ANSWER:
        return None
    cursor = Cursor((yield from read_exactly(size)))
    if cursor.big(4) != number:
        return None
    error, count = cursor.big(2), cursor.big(4)
    if error not in {0, 35} or not 0 < count < 200:
        return None
    highest: dict[int, int] = {}
    for _ in range(count):
        key = cursor.big(2)
        cursor.skip(2)
        highest[key] = cursor.big(2)
    if API_VERSIONS not in highest:
        return None
    return Service(
        "kafka",
        product="Kafka",
        vendor="Apache",
        evidence=f"ApiVersions, {count} calls",
        details={"calls": count, "fetch-version": highest.get(1, 0)},
    )


PROTOCOL = Protocol(
    name="kafka",
    transport=Transport.TCP,
    ports=frozenset({9092, 9094}),
    tls_ports=frozenset({9093}),
    server_speaks_first=False,
    source="https://kafka.apache.org/protocol.html#The_Messages_ApiVersions",
    dialogue=greet,
    likelihood=20,
    reads=4,
)
