"""AMQP 0-9-1: the protocol header, and the broker's properties in connection.start."""

from tojimari.core.endpoint import Transport
from tojimari.core.message import Value
from tojimari.core.service import Service
from tojimari.services.dialogue import Dialogue, Peer, Protocol, Send, read_exactly
from tojimari.services.octets import Cursor, text

HEADER = b"AMQP\0\0\x09\x01"
METHOD = 1
CONNECTION_START = b"\0\x0a\0\x0a"  # class 10, method 10
MAX_FRAME = 1 << 15  # bytes
LONG_STRING, TABLE, BOOLEAN = b"S", b"F", b"t"


def greet(peer: Peer) -> Dialogue:
    """Send the header and read connection.start; log in to nothing."""
    del peer
    yield Send(HEADER)
    head = yield from read_exactly(7)
    if head[:4] == b"AMQP" and len(head) == 7:
        last = yield from read_exactly(1)
        wanted = ".".join(str(octet) for octet in head[4:] + last)
        return Service("amqp", evidence=f"AMQP {wanted}", details={"wanted-version": wanted})
    size = int.from_bytes(head[3:7], "big")
    if len(head) < 7 or head[0] != METHOD or head[1:3] != b"\0\0" or size > MAX_FRAME:
        return None
    cursor = Cursor((yield from read_exactly(size)))
    if cursor.take(4) != CONNECTION_START:
        return None
    version = f"{cursor.big(1)}-{cursor.big(1)}"
    properties = _table(Cursor(cursor.prefixed(4)))
    details: dict[str, Value] = {"amqp-version": f"0-{version}"}
    if cursor.left:
        details["mechanisms"] = text(cursor.prefixed(4))
    for name in ("platform", "cluster_name"):
        if name in properties:
            details[name.replace("_", "-")] = properties[name]
    return Service(
        "amqp",
        product=properties.get("product"),
        version=properties.get("version"),
        evidence="connection.start",
        details=details,
    )


def _table(cursor: Cursor) -> dict[str, str]:
    """The texts of a field table; the rest is passed over."""
    found: dict[str, str] = {}
    while cursor:
        name = text(cursor.prefixed(1))
        kind = cursor.take(1)
        if kind == LONG_STRING:
            found[name] = text(cursor.prefixed(4))
        elif kind == TABLE:
            cursor.prefixed(4)
        elif kind == BOOLEAN:
            cursor.skip(1)
        else:
            break
    return found


PROTOCOL = Protocol(
    name="amqp",
    transport=Transport.TCP,
    ports=frozenset({5672}),
    tls_ports=frozenset({5671}),
    server_speaks_first=False,
    source="AMQP 0-9-1, sections 2.2.4 and 4.2.2; AMQP 1.0, section 2.2",
    dialogue=greet,
    executables=frozenset({"beam.smp", "rabbitmq-server"}),
    likelihood=38,
    drops=None,
)
