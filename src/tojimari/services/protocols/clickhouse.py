"""ClickHouse's native protocol: a hello that logs in nobody, and the server's version."""

from tojimari.core.endpoint import Transport
from tojimari.core.service import Service
from tojimari.services.dialogue import Dialogue, Peer, Protocol, Send, read_exactly
from tojimari.services.octets import snippet

HELLO, EXCEPTION = 0, 2


def greet(peer: Peer) -> Dialogue:
    """Hello as a user with a name of chance: the refusal is as good as a welcome."""
    user = b"tojimari" + peer.nonce[:4].hex().encode()
    fields = (b"tojimari", b"", user, b"")
    name, database, who, password = (bytes([len(one)]) + one for one in fields)
    yield Send(bytes([HELLO]) + name + b"\1\1\xb2\xa9\3" + database + who + password)
    kind = yield from read_exactly(1)
    if kind == bytes([EXCEPTION]):
        said = (yield from read_exactly(5))[4:]
        name = yield from read_exactly(said[0] if said else 0)
        if name != b"DB::Exception":
            return None
        return Service("clickhouse", "ClickHouse", vendor="ClickHouse", evidence=snippet(name))
    if kind != bytes([HELLO]):
        return None
    size = yield from read_exactly(1)
    product = yield from read_exactly(size[0] if size else 0)
    version = yield from read_exactly(2)
    if not product.startswith(b"ClickHouse") or len(version) < 2:
        return None
    return Service(
        "clickhouse",
        "ClickHouse",
        f"{version[0]}.{version[1]}",
        vendor="ClickHouse",
        evidence=snippet(product),
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
