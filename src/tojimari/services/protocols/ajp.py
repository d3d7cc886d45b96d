"""AJP, between a web server and Tomcat: CPing, answered by CPong."""

from tojimari.core.endpoint import Transport
from tojimari.core.service import Service
from tojimari.services.dialogue import Dialogue, Peer, Protocol, Send, read_exactly

CPING = b"\x12\x34\0\1\x0a"
CPONG = b"AB\0\1\x09"


def greet(peer: Peer) -> Dialogue:
    """CPing."""
    del peer
    yield Send(CPING)
    answer = yield from read_exactly(len(CPONG))
    return Service("ajp", evidence="CPong") if answer == CPONG else None


PROTOCOL = Protocol(
    name="ajp",
    transport=Transport.TCP,
    ports=frozenset({8009}),
    server_speaks_first=False,
    source="https://tomcat.apache.org/connectors-doc/ajp/ajpv13a.html",
    dialogue=greet,
    likelihood=11,
    reads=4,
)
