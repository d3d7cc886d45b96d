"""TFTP: a file that nobody has. The refusal comes from a new port (RFC 1350, section 4)."""

import struct

from tojimari.core.endpoint import Transport
from tojimari.core.message import Value
from tojimari.core.service import Service
from tojimari.services.dialogue import Dialogue, Peer, Protocol, ask
from tojimari.services.octets import snippet, text

READ, DATA, ERROR, OPTIONS = 1, 3, 5, 6


def greet(peer: Peer) -> Dialogue:
    """Ask to read a file with a name of chance."""
    name = peer.nonce[:8].hex().encode()
    answer = yield from ask(struct.pack(">H", READ) + name + b"\0octet\0")
    if len(answer) < 4:
        return None
    kind, code = struct.unpack_from(">HH", answer)
    if kind == ERROR and code < 9 and answer.endswith(b"\0"):
        said = answer[4:-1]
        details: dict[str, Value] = {"error": code, "said": text(said)}
        return Service("tftp", evidence=snippet(said) or f"error {code}", details=details)
    if kind == DATA and code == 1 and len(answer) <= 516:
        return Service("tftp", evidence="data", details={"any-file": "yes"})
    return None


PROTOCOL = Protocol(
    name="tftp",
    transport=Transport.UDP,
    ports=frozenset({69}),
    server_speaks_first=False,
    source="RFC 1350, sections 4 and 5",
    dialogue=greet,
    executables=frozenset({"in.tftpd", "tftpd", "atftpd"}),
    likelihood=45,
)
