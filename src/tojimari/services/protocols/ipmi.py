"""IPMI, the board behind a server: which ways of logging in it offers."""

from tojimari.core.endpoint import Transport
from tojimari.core.message import Value
from tojimari.core.service import Service
from tojimari.services.dialogue import Dialogue, Peer, Protocol, ask

CAPABILITIES = bytes.fromhex("0600ff07000000000000000000092018c88100388e04b5")
HEADER = b"\6\0\xff\7"
COMMAND, COMMAND_AT = 0x38, 19


def greet(peer: Peer) -> Dialogue:
    """Get Channel Authentication Capabilities; answered to anybody."""
    del peer
    answer = yield from ask(CAPABILITIES)
    if len(answer) < 28 or answer[:4] != HEADER or answer[COMMAND_AT] != COMMAND or answer[20]:
        return None
    kinds, status = answer[22], answer[23]
    details: dict[str, Value] = {
        "versions": "2.0" if kinds & 0x80 else "1.5",
        "anonymous": "yes" if status & 0x07 else "no",
        "none-authentication": "yes" if kinds & 0x01 else "no",
    }
    return Service("ipmi", evidence="channel authentication capabilities", details=details)


PROTOCOL = Protocol(
    name="ipmi",
    transport=Transport.UDP,
    ports=frozenset({623}),
    server_speaks_first=False,
    source="IPMI 2.0, section 22.13",
    dialogue=greet,
    likelihood=10,
)
