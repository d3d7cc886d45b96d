"""IKE, the key exchange of IPsec: a header with a version that there is not.

The answer to a major version above 2 is INVALID_MAJOR_VERSION (RFC 7296, section 2.5), whatever
proposals the server would take, and no half-open exchange is left behind.
"""

import struct

from tojimari.core.endpoint import Transport
from tojimari.core.service import Service
from tojimari.services.dialogue import Dialogue, Peer, Protocol, ask

HEADER = 28  # bytes (RFC 7296, section 3.1)
SA_INIT = 34
INITIATOR = 0x08
NAT_TRAVERSAL = 4500  # RFC 3948, section 2.2: four zero octets tell IKE from ESP
MARKER = bytes(4)


def greet(peer: Peer) -> Dialogue:
    """A bare header of version 3."""
    marker = MARKER if peer.endpoint.port == NAT_TRAVERSAL else b""
    cookie = peer.nonce[:8]
    header = cookie + bytes(8) + struct.pack(">BBBBII", 33, 0x30, SA_INIT, INITIATOR, 0, HEADER)
    answer = (yield from ask(marker + header)).removeprefix(marker)
    if len(answer) < HEADER or answer[:8] != cookie:
        return None
    version, length = answer[17], int.from_bytes(answer[24:28], "big")
    if version >> 4 not in {1, 2, 3} or length != len(answer):
        return None
    return Service(
        "ike", evidence=f"IKE {version >> 4}.{version & 15}", details={"ike-version": version >> 4}
    )


PROTOCOL = Protocol(
    name="ike",
    transport=Transport.UDP,
    ports=frozenset({500, 4500}),
    server_speaks_first=False,
    source="RFC 7296, sections 2.5 and 3.1",
    dialogue=greet,
    executables=frozenset({"charon", "charon-systemd", "pluto", "iked", "racoon"}),
    likelihood=35,
)
