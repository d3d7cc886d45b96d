"""SOCKS 5: which ways of logging in the proxy takes. No connection is asked for."""

from tojimari.core.endpoint import Transport
from tojimari.core.service import Service
from tojimari.services.dialogue import Dialogue, Peer, Protocol, Send, read_exactly

OFFER = b"\5\2\0\2"  # nothing, or name and password (RFC 1928, section 3; RFC 1929)
METHODS = {0: "none", 2: "password", 0xFF: "refused"}


def greet(peer: Peer) -> Dialogue:
    """Offer to log in in two ways."""
    del peer
    yield Send(OFFER)
    answer = yield from read_exactly(2)
    if len(answer) != 2 or answer[0] != 5 or answer[1] not in METHODS:
        return None
    method = METHODS[answer[1]]
    return Service(
        "socks",
        evidence=f"SOCKS 5, {method}",
        details={"authentication": {"none": "no"}.get(method, "yes"), "method": method},
    )


PROTOCOL = Protocol(
    name="socks",
    transport=Transport.TCP,
    ports=frozenset({1080, 9050, 1081}),
    server_speaks_first=False,
    source="RFC 1928, section 3",
    dialogue=greet,
    executables=frozenset({"danted", "sockd", "microsocks", "tor"}),
    likelihood=14,
    reads=1,
)
