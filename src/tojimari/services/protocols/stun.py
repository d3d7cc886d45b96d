"""STUN and TURN: a binding request, answered with our own address."""

import struct

from tojimari.core.endpoint import Transport
from tojimari.core.message import Value
from tojimari.core.service import Service
from tojimari.services.dialogue import Dialogue, Peer, Protocol, ask
from tojimari.services.octets import Cursor, text

REQUEST, SUCCESS, FAILURE = 0x0001, 0x0101, 0x0111
COOKIE = 0x2112A442  # RFC 8489, section 5
SOFTWARE = 0x8022


def greet(peer: Peer) -> Dialogue:
    """Binding."""
    number = peer.nonce[:12]
    answer = yield from ask(struct.pack(">HHI", REQUEST, 0, COOKIE) + number)
    if len(answer) < 20:
        return None
    kind, size, cookie = struct.unpack_from(">HHI", answer)
    if kind not in {SUCCESS, FAILURE} or cookie != COOKIE or answer[8:20] != number:
        return None
    cursor = Cursor(answer, 20, 20 + size)
    told = ""
    while cursor.left >= 4:
        attribute, length = cursor.big(2), cursor.big(2)
        value = cursor.take(length)
        cursor.skip(min(-length % 4, cursor.left))
        if attribute == SOFTWARE:
            told = text(value).strip("\0 ")
    product, _, version = told.partition("-")
    details: dict[str, Value] = {"software": told} if told else {}
    return Service(
        "stun",
        product=product or None,
        version=version.partition(" ")[0].strip("'") or None,
        evidence=told[:80] or "binding success",
        details=details,
    )


PROTOCOL = Protocol(
    name="stun",
    transport=Transport.UDP,
    ports=frozenset({3478, 5349, 19302}),
    server_speaks_first=False,
    source="RFC 8489, sections 5 and 14.14",
    dialogue=greet,
    executables=frozenset({"turnserver", "coturn", "stund"}),
    likelihood=25,
)
