"""SIP over TCP: OPTIONS."""

from tojimari.core.endpoint import Transport
from tojimari.services import sipmessage
from tojimari.services.dialogue import Dialogue, Peer, Protocol, Send
from tojimari.services.headers import textual


def greet(peer: Peer) -> Dialogue:
    """OPTIONS."""
    yield Send(sipmessage.options(peer, "TLS" if peer.tls else "TCP"))
    answer = yield from textual(b"SIP/2.0")
    return sipmessage.service(answer) if answer else None


PROTOCOL = Protocol(
    name="sip",
    transport=Transport.TCP,
    ports=frozenset({5060}),
    tls_ports=frozenset({5061}),
    server_speaks_first=False,
    source="RFC 3261, section 11",
    dialogue=greet,
    executables=frozenset({"kamailio", "asterisk", "opensips", "freeswitch"}),
    likelihood=17,
    drops=frozenset({"http"}),
)
