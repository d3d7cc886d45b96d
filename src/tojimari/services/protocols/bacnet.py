"""BACnet, of buildings: who is there, and the device's name. Nothing is written."""

from tojimari.core.endpoint import Transport
from tojimari.core.service import Service
from tojimari.services.dialogue import Dialogue, Peer, Protocol, ask
from tojimari.services.octets import Cursor

READ_MODEL = bytes.fromhex("810a00110104000501 0c0c023fffff1946".replace(" ", ""))
TYPE = 0x81
COMPLEX_ACK, ERROR, REJECT, ABORT = 0x30, 0x50, 0x60, 0x70


def greet(peer: Peer) -> Dialogue:
    """Read the model name of whichever device this is (ReadProperty, object 4194303)."""
    del peer
    answer = yield from ask(READ_MODEL)
    if len(answer) < 8:
        return None
    cursor = Cursor(answer)
    if cursor.big(1) != TYPE or cursor.big(1) not in {0x0A, 0x0B}:
        return None
    if cursor.big(2) != len(answer) or cursor.big(1) != 1:
        return None
    control = cursor.big(1)
    if control & 0x20:
        cursor.skip(2)
        cursor.prefixed(1)
        cursor.skip(1)
    if cursor.big(1) & 0xF0 not in {COMPLEX_ACK, ERROR, REJECT, ABORT} or cursor.big(1) != 1:
        return None
    return Service("bacnet", evidence="BACnet/IP")


PROTOCOL = Protocol(
    name="bacnet",
    transport=Transport.UDP,
    ports=frozenset({47808}),
    server_speaks_first=False,
    source="ANSI/ASHRAE 135, clauses 15.5 and annex J",
    dialogue=greet,
)
