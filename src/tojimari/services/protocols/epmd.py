"""Erlang's port mapper: the names of the nodes on the machine."""

from tojimari.core.endpoint import Transport
from tojimari.core.message import Value
from tojimari.core.service import Service
from tojimari.services.dialogue import Dialogue, Peer, Protocol, Read, Send, read_exactly
from tojimari.services.octets import text

NAMES = b"\0\1n"
OWN_PORT = (4369).to_bytes(4, "big")


def greet(peer: Peer) -> Dialogue:
    """NAMES_REQ."""
    yield Send(NAMES)
    head = yield from read_exactly(4)
    if head not in {OWN_PORT, peer.endpoint.port.to_bytes(4, "big")}:
        return None
    said = text((yield Read(exactly=1024, seconds=0.3)))
    if said and not said.startswith("name "):
        return None
    nodes = [line.removeprefix("name ") for line in said.splitlines() if line.startswith("name ")]
    details: dict[str, Value] = {"nodes": ", ".join(nodes)} if nodes else {}
    return Service("epmd", "epmd", vendor="Ericsson", evidence="NAMES_RESP", details=details)


PROTOCOL = Protocol(
    name="epmd",
    transport=Transport.TCP,
    ports=frozenset({4369}),
    server_speaks_first=False,
    source="https://www.erlang.org/doc/apps/erts/erl_dist_protocol.html#names_req",
    dialogue=greet,
    executables=frozenset({"epmd"}),
    likelihood=3,
    reads=2,
)
