"""The portmapper (rpcbind) over UDP."""

from tojimari.core.endpoint import Transport
from tojimari.services import sunrpc
from tojimari.services.dialogue import Dialogue, Peer, Protocol, ask


def greet(peer: Peer) -> Dialogue:
    """Ask for the list of programs."""
    number = sunrpc.number(peer)
    answer = yield from ask(sunrpc.dump(number))
    return sunrpc.service(answer, number) if answer else None


PROTOCOL = Protocol(
    name="rpcbind",
    transport=Transport.UDP,
    ports=frozenset({111}),
    server_speaks_first=False,
    source="RFC 1833, section 3; RFC 5531",
    dialogue=greet,
    executables=frozenset({"rpcbind", "portmap"}),
    likelihood=30,
)
