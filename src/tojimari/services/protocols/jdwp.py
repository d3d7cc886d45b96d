"""JDWP, the debugger's door of a Java machine: the handshake. Whoever passes it runs any code."""

from tojimari.core.endpoint import Transport
from tojimari.core.service import Service
from tojimari.services.dialogue import Dialogue, Peer, Protocol, Send, read_exactly

HANDSHAKE = b"JDWP-Handshake"


def greet(peer: Peer) -> Dialogue:
    """Say the fourteen letters; nothing is asked of the machine."""
    del peer
    yield Send(HANDSHAKE)
    answer = yield from read_exactly(len(HANDSHAKE))
    if answer != HANDSHAKE:
        return None
    return Service(
        "jdwp", "Java debugger", evidence="JDWP-Handshake", details={"authentication": "no"}
    )


PROTOCOL = Protocol(
    name="jdwp",
    transport=Transport.TCP,
    ports=frozenset({5005, 8787}),
    server_speaks_first=False,
    source="https://docs.oracle.com/en/java/javase/21/docs/specs/jdwp/jdwp-spec.html",
    dialogue=greet,
    likelihood=3,
    reads=14,
)
