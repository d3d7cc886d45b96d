"""STUN and TURN: a binding request, answered with our own address.

It begins as a request of TFTP does (opcode 1, RFC 1350), with an empty name: a TFTP server answers
that something is missing, so that one datagram wakes both.
"""

from tojimari.core.endpoint import Transport
from tojimari.services import stunmessage
from tojimari.services.dialogue import Dialogue, Peer, Protocol, ask


def greet(peer: Peer) -> Dialogue:
    """Binding."""
    number = peer.nonce[: stunmessage.NUMBER]
    return stunmessage.service((yield from ask(stunmessage.binding(number))), number)


PROTOCOL = Protocol(
    name="stun",
    transport=Transport.UDP,
    ports=frozenset({3478, 5349, 19302}),
    server_speaks_first=False,
    source="RFC 8489, sections 5 and 14.14",
    dialogue=greet,
    executables=frozenset({"turnserver", "coturn", "stund"}),
    likelihood=68,
)
