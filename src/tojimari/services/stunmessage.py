"""STUN messages (RFC 8489), as far as a binding request and its answer need them."""

import struct

from tojimari.core.message import Value
from tojimari.core.service import Service
from tojimari.services.octets import Cursor, text

REQUEST, SUCCESS, FAILURE = 0x0001, 0x0101, 0x0111
COOKIE = 0x2112A442  # section 5
HEAD = 20  # bytes
NUMBER = 12  # bytes
SOFTWARE = 0x8022  # section 14.14


def binding(number: bytes) -> bytes:
    """The request.

    Args:
        number: The transaction's, ``NUMBER`` bytes.
    """
    return struct.pack(">HHI", REQUEST, 0, COOKIE) + number


def size(head: bytes) -> int:
    """How many bytes follow the head of a message."""
    return int.from_bytes(head[2:4], "big")


def service(answer: bytes, number: bytes) -> Service | None:
    """What the answer to a binding request tells.

    Raises:
        DamagedError: It ends too soon.
    """
    if len(answer) < HEAD:
        return None
    kind, length, cookie = struct.unpack_from(">HHI", answer)
    if kind not in {SUCCESS, FAILURE} or cookie != COOKIE or answer[8:HEAD] != number:
        return None
    cursor = Cursor(answer, HEAD, HEAD + length)
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
