"""BER, as far as LDAP and SNMP need it (ITU-T X.690, section 8.1)."""

from tojimari.services.octets import Cursor, DamagedError

INTEGER, OCTETS, NULL, OID, ENUMERATED = 0x02, 0x04, 0x05, 0x06, 0x0A
SEQUENCE, SET = 0x30, 0x31
MAX_LENGTH_OCTETS = 4


def element(tag: int, content: bytes) -> bytes:
    """One element with a definite length."""
    if len(content) < 0x80:
        return bytes([tag, len(content)]) + content
    size = len(content).to_bytes(4, "big").lstrip(b"\0")
    return bytes([tag, 0x80 | len(size)]) + size + content


def integer(value: int, tag: int = INTEGER) -> bytes:
    """A number that is not negative."""
    return element(tag, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def header(cursor: Cursor) -> tuple[int, int]:
    """Tag and length of the next element; its content comes next.

    Raises:
        DamagedError: No definite length, or no header at all.
    """
    tag = cursor.big(1)
    first = cursor.big(1)
    if first < 0x80:
        return tag, first
    count = first & 0x7F
    if not 1 <= count <= MAX_LENGTH_OCTETS:
        msg = "a length that nobody needs"
        raise DamagedError(msg)
    return tag, cursor.big(count)


def enter(cursor: Cursor, tag: int) -> Cursor:
    """The content of the next element, which must have this tag.

    Raises:
        DamagedError: It has another, or is longer than what is there.
    """
    found, length = header(cursor)
    if found != tag:
        msg = f"tag {found:#x} where {tag:#x} was expected"
        raise DamagedError(msg)
    return Cursor(cursor.take(length))


def number(cursor: Cursor, tag: int = INTEGER) -> int:
    """The next element, a number."""
    return int.from_bytes(enter(cursor, tag).rest(), "big", signed=True)


def octets(cursor: Cursor) -> bytes:
    """The next element, an octet string."""
    return enter(cursor, OCTETS).rest()


def oid(dotted: str) -> bytes:
    """An object identifier's element."""
    parts = [int(part) for part in dotted.split(".")]
    content = bytes([parts[0] * 40 + parts[1]])
    for part in parts[2:]:
        septets = [part & 0x7F]
        rest = part >> 7
        while rest:
            septets.append(0x80 | rest & 0x7F)
            rest >>= 7
        content += bytes(reversed(septets))
    return element(OID, content)
