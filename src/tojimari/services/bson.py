"""BSON documents, as far as a command and its answer need them (bsonspec.org, version 1.1)."""

import struct

from tojimari.services.octets import Cursor, DamagedError, text

DOUBLE, STRING, DOCUMENT, ARRAY, BINARY, OBJECT_ID, BOOLEAN = 1, 2, 3, 4, 5, 7, 8
DATE, NULL, INT32, TIMESTAMP, INT64, DECIMAL = 9, 10, 16, 17, 18, 19
FIXED = {DOUBLE: 8, OBJECT_ID: 12, DATE: 8, NULL: 0, TIMESTAMP: 8, DECIMAL: 16}


def document(values: dict[str, str | int]) -> bytes:
    """A flat document of texts and 32-bit numbers."""
    body = b""
    for name, value in values.items():
        key = name.encode() + b"\0"
        if isinstance(value, int):
            body += bytes([INT32]) + key + struct.pack("<i", value)
        else:
            data = value.encode() + b"\0"
            body += bytes([STRING]) + key + struct.pack("<i", len(data)) + data
    return struct.pack("<i", len(body) + 5) + body + b"\0"


def parsed(data: bytes) -> dict[str, object]:
    """The texts and numbers of a document's first level.

    Raises:
        DamagedError: It is no document.
    """
    cursor = Cursor(data)
    if cursor.little(4) > len(data):
        msg = "the document is longer than what came"
        raise DamagedError(msg)
    found: dict[str, object] = {}
    while cursor:
        kind = cursor.big(1)
        if kind == 0:
            break
        name = text(cursor.until(b"\0"))
        value = _value(kind, cursor)
        if value is not None:
            found[name] = value
    return found


def _value(kind: int, cursor: Cursor) -> str | int | None:
    if kind == STRING:
        return text(cursor.take(cursor.little(4))[:-1])
    if kind == INT32:
        return cursor.little(4)
    if kind == INT64:
        return cursor.little(8)
    if kind == BOOLEAN:
        return cursor.big(1)
    if kind in {DOCUMENT, ARRAY}:
        cursor.skip(cursor.little(4) - 4)
        return None
    if kind == BINARY:
        cursor.skip(cursor.little(4) + 1)
        return None
    if kind not in FIXED:
        msg = f"unknown BSON type {kind}"
        raise DamagedError(msg)
    cursor.skip(FIXED[kind])
    return None
