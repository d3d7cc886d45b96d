"""The portmapper (rpcbind) over TCP: which RPC programs are there, NFS among them."""

from tojimari.core.endpoint import Transport
from tojimari.services import sunrpc
from tojimari.services.dialogue import Dialogue, Peer, Protocol, Send, read_exactly

LAST = 0x80000000  # RFC 5531, section 11: the last fragment of a record
MAX_RECORD = 1 << 15  # bytes


def greet(peer: Peer) -> Dialogue:
    """Ask for the list of programs."""
    number = peer.number()
    call = sunrpc.dump(number)
    yield Send((LAST | len(call)).to_bytes(4, "big") + call)
    head = yield from read_exactly(4)
    size = int.from_bytes(head, "big") & ~LAST
    if len(head) < 4 or not 12 <= size <= MAX_RECORD:
        return None
    return sunrpc.service((yield from read_exactly(size)), number)


PROTOCOL = Protocol(
    name="rpcbind",
    transport=Transport.TCP,
    ports=frozenset({111}),
    server_speaks_first=False,
    source="RFC 1833, section 3; RFC 5531",
    dialogue=greet,
    executables=frozenset({"rpcbind", "portmap"}),
    likelihood=24,
    reads=4,
)
