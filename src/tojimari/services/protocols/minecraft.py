"""Minecraft: the status that the list of servers shows."""

import json

from tojimari.core.endpoint import Transport
from tojimari.core.message import Value
from tojimari.core.service import Service
from tojimari.services.dialogue import Dialogue, Peer, Protocol, Send, Talk, read_exactly
from tojimari.services.jsontext import field, parsed
from tojimari.services.octets import Cursor, DamagedError

STATUS = 1
MAX_PACKET = 1 << 15  # bytes


def greet(peer: Peer) -> Dialogue:
    """Handshake and status request."""
    name = peer.name.encode()[:255]
    hello = b"\0" + _number(760) + _number(len(name)) + name
    hello += peer.endpoint.port.to_bytes(2, "big") + _number(STATUS)
    yield Send(_number(len(hello)) + hello + b"\1\0")
    size = yield from _read_number()
    if size is None or not 4 < size <= MAX_PACKET:
        return None
    cursor = Cursor((yield from read_exactly(size)))
    if _take_number(cursor) != 0:
        return None
    status = parsed(cursor.take(_take_number(cursor)))
    version = field(status, "version", "name")
    if version is None:
        return None
    details: dict[str, Value] = {"motd": json.dumps(status.get("description"))[:200]}
    return Service(
        "minecraft", "Minecraft", version.rpartition(" ")[2], evidence=version[:80], details=details
    )


def _number(value: int) -> bytes:
    """Seven bits an octet, the lowest first."""
    octets = bytearray()
    while value > 0x7F:
        octets.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(octets) + bytes([value])


def _read_number() -> Talk[int | None]:
    value = 0
    for position in range(3):
        octet = yield from read_exactly(1)
        if not octet:
            return None
        value |= (octet[0] & 0x7F) << 7 * position
        if octet[0] < 0x80:
            return value
    return None


def _take_number(cursor: Cursor) -> int:
    value = 0
    for position in range(3):
        octet = cursor.big(1)
        value |= (octet & 0x7F) << 7 * position
        if octet < 0x80:
            return value
    msg = "a number without end"
    raise DamagedError(msg)


PROTOCOL = Protocol(
    name="minecraft",
    transport=Transport.TCP,
    ports=frozenset({25565}),
    server_speaks_first=False,
    source="https://minecraft.wiki/w/Java_Edition_protocol/Server_List_Ping",
    dialogue=greet,
)
