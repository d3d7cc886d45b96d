"""Mumble over UDP: the ping of its list of servers, which tells version and users."""

import struct

from tojimari.core.endpoint import Transport
from tojimari.core.message import Value
from tojimari.core.service import Service
from tojimari.services.dialogue import Dialogue, Peer, Protocol, ask

PING = bytes(4)
ANSWER = 24  # bytes
MOST = 1 << 20  # users; more is no answer


def greet(peer: Peer) -> Dialogue:
    """Ping."""
    number = peer.nonce[:8]
    answer = yield from ask(PING + number)
    if len(answer) != ANSWER or answer[4:12] != number or answer[0]:
        return None
    users, room, bandwidth = struct.unpack_from(">III", answer, 12)
    if not 0 < room < MOST or users > room:
        return None
    details: dict[str, Value] = {"users": users, "room": room, "bits-per-second": bandwidth}
    version = ".".join(str(part) for part in answer[1:4])
    return Service(
        "mumble",
        product="Murmur",
        version=version,
        vendor="Mumble",
        evidence=f"ping {version}",
        details=details,
    )


PROTOCOL = Protocol(
    name="mumble",
    transport=Transport.UDP,
    ports=frozenset({64738}),
    server_speaks_first=False,
    source="https://www.mumble.info/documentation/developer/ping/",
    dialogue=greet,
    executables=frozenset({"murmurd", "mumble-server"}),
)
