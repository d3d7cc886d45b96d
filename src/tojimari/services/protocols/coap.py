"""CoAP, the HTTP of small things: a ping, answered with a reset (RFC 7252, section 4.3)."""

from tojimari.core.endpoint import Transport
from tojimari.core.service import Service
from tojimari.services.dialogue import Dialogue, Peer, Protocol, ask

CONFIRMABLE, RESET = 0x40, 0x70


def greet(peer: Peer) -> Dialogue:
    """An empty confirmable message."""
    number = peer.nonce[:2]
    answer = yield from ask(bytes([CONFIRMABLE, 0]) + number)
    if answer != bytes([RESET, 0]) + number:
        return None
    return Service("coap", evidence="reset")


PROTOCOL = Protocol(
    name="coap",
    transport=Transport.UDP,
    ports=frozenset({5683}),
    server_speaks_first=False,
    source="RFC 7252, section 4.3",
    dialogue=greet,
    likelihood=22,
)
