"""MySQL and MariaDB: the handshake that the server begins with."""

from tojimari.core.endpoint import Transport
from tojimari.core.message import Value
from tojimari.core.service import Service
from tojimari.services.dialogue import Dialogue, Peer, Protocol, read_exactly
from tojimari.services.grammar import mysql as grammar
from tojimari.services.grammar.software import service as named
from tojimari.services.octets import Cursor, ascii_word, snippet, text

VERSIONS = {9, 10}  # of the handshake
ERROR = 0xFF
MAX_GREETING = 1024  # bytes; real ones have some 100
CLIENT_SSL = 0x0800


def greet(peer: Peer) -> Dialogue:
    """Read the greeting; nothing is sent."""
    del peer
    head = yield from read_exactly(4)
    size = int.from_bytes(head[:3], "little")
    if len(head) < 4 or head[3] not in {0, 1} or not 4 <= size <= MAX_GREETING:
        return None
    cursor = Cursor((yield from read_exactly(size)))
    kind = cursor.big(1)
    if kind == ERROR:
        return _error(cursor)
    if kind not in VERSIONS:
        return None
    told = cursor.until(b"\0")
    if not ascii_word(told) or not told[:1].isdigit():
        return None
    software = grammar.product(text(told))
    details: dict[str, Value] = {"server-version": text(told), **_capabilities(cursor)}
    return named(
        "mysql",
        software,
        evidence=snippet(told),
        details=details,
    )


def _capabilities(cursor: Cursor) -> dict[str, Value]:
    """Whether TLS is offered, and how one would log in."""
    if cursor.left < 15:
        return {}
    cursor.skip(13)
    low = cursor.little(2)
    details: dict[str, Value] = {"starttls": "yes" if low & CLIENT_SSL else "no"}
    if cursor.left > 29:
        cursor.skip(16)
        plugin = cursor.rest().split(b"\0")
        named = [part for part in plugin if ascii_word(part) and len(part) > 12]
        if named:
            details["authentication"] = text(named[-1])
    return details


def _error(cursor: Cursor) -> Service | None:
    """It does not talk to our address: "Host ... is not allowed to connect"."""
    code = cursor.little(2)
    said = text(cursor.rest())
    if not 1000 <= code < 5000:
        return None
    product = "MariaDB" if "MariaDB" in said else "MySQL" if "MySQL" in said else None
    return Service(
        "mysql",
        product,
        evidence=snippet(said.encode()),
        details={"error": code, "said": said[:200]},
    )


PROTOCOL = Protocol(
    name="mysql",
    transport=Transport.TCP,
    ports=frozenset({3306, 3307, 13306}),
    server_speaks_first=True,
    source="https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase.html",
    dialogue=greet,
    executables=frozenset({"mysqld", "mariadbd", "maxscale", "proxysql"}),
    likelihood=70,
)
