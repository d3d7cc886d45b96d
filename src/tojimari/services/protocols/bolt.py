"""Bolt, the protocol of Neo4j and Memgraph: the handshake, in which a version is agreed on."""

from tojimari.core.endpoint import Transport
from tojimari.core.service import Service
from tojimari.services.dialogue import Dialogue, Peer, Protocol, Send, read_exactly

MAGIC = b"\x60\x60\xb0\x17"
OFFERS = (
    bytes.fromhex("00080805") + bytes.fromhex("00020404") + bytes.fromhex("00000003") + bytes(4)
)


def greet(peer: Peer) -> Dialogue:
    """Offer versions 5, 4 and 3."""
    del peer
    yield Send(MAGIC + OFFERS)
    answer = yield from read_exactly(4)
    if len(answer) < 4 or answer[:2] != b"\0\0" or answer[3] not in {3, 4, 5} or answer[2] > 8:
        return None
    version = f"{answer[3]}.{answer[2]}"
    return Service("bolt", "Neo4j", evidence=f"Bolt {version}", details={"bolt-version": version})


PROTOCOL = Protocol(
    name="bolt",
    transport=Transport.TCP,
    ports=frozenset({7687}),
    server_speaks_first=False,
    source="https://neo4j.com/docs/bolt/current/bolt/handshake/",
    dialogue=greet,
    executables=frozenset({"memgraph"}),
    likelihood=7,
    reads=4,
)
