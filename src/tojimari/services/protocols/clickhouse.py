"""ClickHouse's native protocol: a hello that logs in nobody, and the server's version."""

from tojimari.core.endpoint import Transport
from tojimari.core.service import Service
from tojimari.services.dialogue import Dialogue, Peer, Protocol, Read, Send, read_exactly
from tojimari.services.octets import Cursor, snippet

HELLO, EXCEPTION = 0, 2


def greet(peer: Peer) -> Dialogue:
    """Hello as a user with a name of chance: the refusal is as good as a welcome."""
    user = b"tojimari" + peer.nonce[:4].hex().encode()
    fields = (b"tojimari", b"", user, b"")
    name, database, who, password = (bytes([len(one)]) + one for one in fields)
    yield Send(bytes([HELLO]) + name + b"\1\1\xb2\xa9\3" + database + who + password)
    kind = yield from read_exactly(1)
    if kind == bytes([EXCEPTION]):
        said = yield Read(limit=512)
        if b"DB::Exception" not in said:
            return None
        return Service("clickhouse", "ClickHouse", vendor="ClickHouse", evidence=snippet(said[5:]))
    if kind != bytes([HELLO]):
        return None
    cursor = Cursor((yield Read(limit=256)))
    product = cursor.prefixed(1)
    if product != b"ClickHouse":
        return None
    version = f"{cursor.big(1)}.{cursor.big(1)}"
    return Service(
        "clickhouse", "ClickHouse", version, vendor="ClickHouse", evidence=snippet(product)
    )


PROTOCOL = Protocol(
    name="clickhouse",
    transport=Transport.TCP,
    ports=frozenset({9000}),
    tls_ports=frozenset({9440}),
    server_speaks_first=False,
    source="https://clickhouse.com/docs/native-protocol/client#hello",
    dialogue=greet,
    executables=frozenset({"clickhouse", "clickhouse-server"}),
)
