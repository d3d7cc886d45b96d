"""Modbus: the identification of the device. It is read; no register is touched."""

import struct

from tojimari.core.endpoint import Transport
from tojimari.core.message import Value
from tojimari.core.service import Service
from tojimari.services.dialogue import Dialogue, Peer, Protocol, Send, read_exactly
from tojimari.services.octets import Cursor, text

IDENTIFY = b"\x2b\x0e\x01\x00"  # function 43, MEI 14: basic identification, from the first object
FUNCTION = 0x2B
OBJECTS = {0: "vendor", 1: "product-code", 2: "revision"}


def greet(peer: Peer) -> Dialogue:
    """Read Device Identification from unit 1."""
    number = peer.nonce[:2]
    yield Send(number + struct.pack(">HHB", 0, len(IDENTIFY) + 1, 1) + IDENTIFY)
    head = yield from read_exactly(7)
    if len(head) < 7 or head[:2] != number or head[2:4] != b"\0\0":
        return None
    size = int.from_bytes(head[4:6], "big") - 1
    if not 2 <= size <= 253:
        return None
    cursor = Cursor((yield from read_exactly(size)))
    function = cursor.big(1)
    if function == FUNCTION | 0x80:
        return Service("modbus", evidence=f"exception {cursor.big(1)}")
    if function != FUNCTION:
        return None
    cursor.skip(5)
    details: dict[str, Value] = {}
    for _ in range(min(cursor.big(1), 3)):
        key = OBJECTS.get(cursor.big(1), "object")
        details[key] = text(cursor.prefixed(1))
    return Service(
        "modbus",
        product=str(details.get("product-code", "")) or None,
        version=str(details.get("revision", "")) or None,
        vendor=str(details.get("vendor", "")) or None,
        evidence="device identification",
        details=details,
    )


PROTOCOL = Protocol(
    name="modbus",
    transport=Transport.TCP,
    ports=frozenset({502}),
    server_speaks_first=False,
    source="MODBUS Application Protocol 1.1b3, section 6.21",
    dialogue=greet,
)
