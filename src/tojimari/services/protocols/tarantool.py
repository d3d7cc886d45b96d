"""Tarantool: the greeting with its version."""

import re

from tojimari.core.endpoint import Transport
from tojimari.core.service import Service
from tojimari.services.dialogue import Dialogue, Peer, Protocol, read_exactly
from tojimari.services.octets import snippet, text

SIZE = 128  # bytes, always
GREETING = re.compile(r"Tarantool (?P<version>[0-9][\w.-]*) \((?P<kind>[A-Z][a-z]+)\)")


def greet(peer: Peer) -> Dialogue:
    """Read the greeting."""
    del peer
    data = yield from read_exactly(SIZE)
    found = GREETING.match(text(data))
    if found is None or len(data) < SIZE:
        return None
    return Service("tarantool", "Tarantool", found["version"], evidence=snippet(data[:63]))


PROTOCOL = Protocol(
    name="tarantool",
    transport=Transport.TCP,
    ports=frozenset({3301}),
    server_speaks_first=True,
    source="https://www.tarantool.io/en/doc/latest/reference/internals/box_protocol/",
    dialogue=greet,
    executables=frozenset({"tarantool"}),
    likelihood=1,
)
