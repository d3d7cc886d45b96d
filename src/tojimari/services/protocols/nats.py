"""NATS: the INFO line that the server begins with."""

import json

from tojimari.core.endpoint import Transport
from tojimari.core.message import Value
from tojimari.core.service import Service
from tojimari.services.dialogue import Dialogue, Peer, Protocol, read_line
from tojimari.services.jsontext import parsed
from tojimari.services.octets import snippet


def greet(peer: Peer) -> Dialogue:
    """Read INFO."""
    del peer
    line = yield from read_line(8192)
    if not line.startswith(b"INFO {"):
        return None
    info = parsed(line[5:])
    if not isinstance(info.get("server_id"), str):
        return None
    version = info.get("version")
    details: dict[str, Value] = {
        "authentication": "yes" if info.get("auth_required") else "no",
        "starttls": "yes" if info.get("tls_required") or info.get("tls_available") else "no",
        "jetstream": json.dumps(bool(info.get("jetstream"))),
    }
    return Service(
        "nats",
        product="NATS Server",
        version=version if isinstance(version, str) else None,
        vendor="NATS",
        evidence=snippet(line),
        details=details,
    )


PROTOCOL = Protocol(
    name="nats",
    transport=Transport.TCP,
    ports=frozenset({4222, 6222}),
    server_speaks_first=True,
    source="https://docs.nats.io/reference/reference-protocols/nats-protocol",
    dialogue=greet,
    executables=frozenset({"nats-server", "gnatsd"}),
    likelihood=12,
)
