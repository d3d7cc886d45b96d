"""SIP over UDP: OPTIONS."""

from tojimari.core.endpoint import Transport
from tojimari.services import sipmessage
from tojimari.services.dialogue import Dialogue, Peer, Protocol, ask
from tojimari.services.headers import of_datagram


def greet(peer: Peer) -> Dialogue:
    """OPTIONS."""
    answer = of_datagram((yield from ask(sipmessage.options(peer, "UDP"))), b"SIP/2.0")
    return sipmessage.service(answer) if answer else None


PROTOCOL = Protocol(
    name="sip",
    transport=Transport.UDP,
    ports=frozenset({5060}),
    server_speaks_first=False,
    source="RFC 3261, section 11",
    dialogue=greet,
    executables=frozenset({"kamailio", "asterisk", "opensips", "freeswitch"}),
    likelihood=50,
)
