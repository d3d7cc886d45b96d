"""Mumble, voice between players: inside TLS, the server's version comes before any name."""

from tojimari.core.endpoint import Transport
from tojimari.core.message import Value
from tojimari.core.service import Service
from tojimari.services.dialogue import Dialogue, Peer, Protocol, read_exactly
from tojimari.services.octets import Cursor, text

VERSION = b"\0\0"  # the kind of the first message
MAX_MESSAGE = 1024  # bytes
NUMBER, RELEASE, SYSTEM, SYSTEM_VERSION = 0x08, 0x12, 0x1A, 0x22  # field and wire type (protobuf)
VARINTS = frozenset({NUMBER, 0x28})  # 5: the number anew, in 64 bits


def greet(peer: Peer) -> Dialogue:
    """Read the version that the server sends as soon as TLS stands."""
    del peer
    head = yield from read_exactly(6)
    size = int.from_bytes(head[2:], "big")
    if len(head) < 6 or head[:2] != VERSION or not 4 <= size <= MAX_MESSAGE:
        return None
    fields = _fields((yield from read_exactly(size)))
    if RELEASE not in fields or not {NUMBER, 0x28} & fields.keys():
        return None
    release = fields[RELEASE]
    details: dict[str, Value] = {
        name: fields[key]
        for key, name in ((SYSTEM, "system"), (SYSTEM_VERSION, "system-version"))
        if fields.get(key)
    }
    # Debian's build writes its revision behind the version: 1.3.4-4.
    return Service(
        "mumble",
        product="Murmur",
        version=release.removeprefix("Murmur ") or None,
        vendor="Mumble",
        evidence=f"Version {release}"[:80],
        details=details,
    )


def _fields(message: bytes) -> dict[int, str]:
    """The fields of a protobuf message, by their keys; numbers as digits.

    Raises:
        DamagedError: It ends too soon.
    """
    cursor = Cursor(message)
    found: dict[int, str] = {}
    while cursor:
        key = cursor.big(1)
        if key in VARINTS:
            found[key] = str(_varint(cursor))
        elif key in {RELEASE, SYSTEM, SYSTEM_VERSION}:
            found[key] = text(cursor.take(cursor.big(1)))
        else:
            break
    return found


def _varint(cursor: Cursor) -> int:
    number = 0
    for shift in range(0, 70, 7):  # 64 bits take ten bytes
        byte = cursor.big(1)
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            break
    return number


PROTOCOL = Protocol(
    name="mumble",
    transport=Transport.TCP,
    ports=frozenset(),
    tls_ports=frozenset({64738}),
    server_speaks_first=True,
    source="https://mumble-protocol.readthedocs.io/en/latest/protocol_stack_tcp.html",
    dialogue=greet,
    executables=frozenset({"murmurd", "mumble-server"}),
    likelihood=2,
)
