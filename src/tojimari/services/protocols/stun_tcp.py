"""STUN and TURN over TCP: a binding request, answered with our own address."""

from tojimari.core.endpoint import Transport
from tojimari.services import stunmessage
from tojimari.services.dialogue import Dialogue, Peer, Protocol, Send, read_exactly


def greet(peer: Peer) -> Dialogue:
    """Binding."""
    number = peer.nonce[: stunmessage.NUMBER]
    yield Send(stunmessage.binding(number))
    head = yield from read_exactly(stunmessage.HEAD)
    if len(head) < stunmessage.HEAD or head[:1] != b"\1":
        return None
    return stunmessage.service(head + (yield from read_exactly(stunmessage.size(head))), number)


PROTOCOL = Protocol(
    name="stun",
    transport=Transport.TCP,
    ports=frozenset({3478}),
    tls_ports=frozenset({5349}),
    server_speaks_first=False,
    source="RFC 8489, sections 5, 6.2.2 and 14.14",
    dialogue=greet,
    executables=frozenset({"turnserver", "coturn", "stund"}),
    likelihood=10,
)
