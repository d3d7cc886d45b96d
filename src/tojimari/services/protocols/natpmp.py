"""NAT-PMP, the opening of doors in a home router: its outer address."""

from tojimari.core.endpoint import Transport
from tojimari.core.message import Value
from tojimari.core.service import Service
from tojimari.services.dialogue import Dialogue, Peer, Protocol, ask

EXTERNAL = b"\0\0"
RESULTS = {0: "success", 1: "unsupported version", 2: "refused", 3: "network failure"}


def greet(peer: Peer) -> Dialogue:
    """Ask for the outer address."""
    del peer
    answer = yield from ask(EXTERNAL)
    if len(answer) not in {8, 12} or answer[:2] != b"\0\x80":
        return None
    result = int.from_bytes(answer[2:4], "big")
    if result not in RESULTS:
        return None
    details: dict[str, Value] = {"result": RESULTS[result]}
    if result == 0 and len(answer) == 12:
        details["outer-address"] = ".".join(str(octet) for octet in answer[8:])
    return Service("nat-pmp", evidence=f"NAT-PMP {RESULTS[result]}", details=details)


PROTOCOL = Protocol(
    name="nat-pmp",
    transport=Transport.UDP,
    ports=frozenset({5351}),
    server_speaks_first=False,
    source="RFC 6886, section 3.2",
    dialogue=greet,
    executables=frozenset({"miniupnpd"}),
)
