"""MongoDB: hello and buildInfo, which are answered before anybody logs in."""

import struct

from tojimari.core.endpoint import Transport
from tojimari.core.message import Value
from tojimari.core.service import Service
from tojimari.services import bson
from tojimari.services.dialogue import Dialogue, Peer, Protocol, Send, Talk, read_exactly

OP_MSG = 2013
HEADER = 16  # bytes: length, request, response to, operation
MAX_REPLY = 1 << 16  # bytes


def greet(peer: Peer) -> Dialogue:
    """hello, buildInfo."""
    number = peer.number() & 0x7FFFFFFF
    hello = yield from _asked(number, "hello")
    if hello is None:
        return None
    build = yield from _asked(number + 1 & 0x7FFFFFFF, "buildInfo")
    details: dict[str, Value] = {}
    for key in ("maxWireVersion", "setName", "msg"):
        value = hello.get(key)
        if isinstance(value, str | int):
            details[key] = value
    version = (build or {}).get("version")
    return Service(
        "mongodb",
        product="MongoDB",
        version=version if isinstance(version, str) else None,
        vendor="MongoDB",
        evidence="OP_MSG hello",
        details=details,
    )


def _asked(number: int, command: str) -> Talk[dict[str, object] | None]:
    """The document that answers a command on the database admin."""
    document = bson.document({command: 1, "$db": "admin"})
    size = HEADER + 5 + len(document)
    yield Send(struct.pack("<iiiiIB", size, number, 0, OP_MSG, 0, 0) + document)
    head = yield from read_exactly(HEADER)
    if len(head) < HEADER:
        return None
    length, _, answers, operation = struct.unpack("<iiii", head)
    if operation != OP_MSG or answers != number or not HEADER + 5 < length <= MAX_REPLY:
        return None
    body = yield from read_exactly(length - HEADER)
    return bson.parsed(body[5:])


PROTOCOL = Protocol(
    name="mongodb",
    transport=Transport.TCP,
    ports=frozenset({27017, 27018, 27019}),
    server_speaks_first=False,
    source="https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/",
    dialogue=greet,
    executables=frozenset({"mongod", "mongos"}),
    likelihood=50,
    reads=16,
)
