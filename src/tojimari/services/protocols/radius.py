"""RADIUS: Status-Server. It is answered only to those who share its secret.

The secret that stands in every example (``testing123``) is tried, because a server that answers to
it is worth knowing of. Silence is the right answer.
"""

import struct

from tojimari.core.endpoint import Transport
from tojimari.core.service import Service
from tojimari.services.dialogue import Dialogue, Peer, Protocol, ask

STATUS, ACCEPT, ACCOUNTING = 12, 2, 5
MESSAGE_AUTHENTICATOR = 80
EXAMPLE = b"testing123"


def greet(peer: Peer) -> Dialogue:
    """Status-Server (RFC 5997)."""
    import hashlib  # noqa: PLC0415 - 4 ms together, for RADIUS alone
    import hmac  # noqa: PLC0415 - the same

    identifier, ours = peer.nonce[0], peer.nonce[:16]
    attribute = bytes([MESSAGE_AUTHENTICATOR, 18])
    packet = struct.pack(">BBH", STATUS, identifier, 38) + ours + attribute + bytes(16)
    signature = hmac.digest(EXAMPLE, packet, "md5")
    answer = yield from ask(packet[:-16] + signature)
    if len(answer) < 20 or answer[0] not in {ACCEPT, ACCOUNTING} or answer[1] != identifier:
        return None
    signed = answer[:4] + ours + answer[20:] + EXAMPLE
    if hashlib.md5(signed, usedforsecurity=False).digest() != answer[4:20]:
        return None
    return Service("radius", evidence="Status-Server", details={"example-secret": "yes"})


PROTOCOL = Protocol(
    name="radius",
    transport=Transport.UDP,
    ports=frozenset({1812, 1813, 1645, 1646}),
    server_speaks_first=False,
    source="RFC 2865, section 3; RFC 5997",
    dialogue=greet,
    executables=frozenset({"freeradius", "radiusd"}),
)
