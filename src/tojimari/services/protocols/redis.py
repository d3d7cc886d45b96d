"""Redis and what speaks its protocol: PING, then INFO where no password is asked."""

from tojimari.core.endpoint import Transport
from tojimari.core.message import Value
from tojimari.core.service import Service
from tojimari.services.dialogue import Dialogue, Peer, Protocol, Read, Send, Talk, read_line
from tojimari.services.octets import snippet, text

PING = b"*1\r\n$4\r\nPING\r\n"
INFO = b"*2\r\n$4\r\nINFO\r\n$6\r\nserver\r\n"
MAX_INFO = 16384  # bytes; INFO's server section has some 800
PRODUCTS = {
    "valkey_version": ("Valkey", "Linux Foundation"),
    "dragonfly_version": ("Dragonfly", "DragonflyDB"),
    "redis_version": ("Redis", "Redis"),
}
ERRORS = (b"-NOAUTH", b"-ERR ", b"-DENIED", b"-LOADING", b"-MASTERDOWN", b"-NOPERM", b"-BUSY")


def greet(peer: Peer) -> Dialogue:
    """PING, INFO server."""
    del peer
    yield Send(PING)
    answer = yield from read_line()
    if not answer.endswith(b"\r\n") or not answer.startswith((b"+PONG", *ERRORS)):
        return None
    if answer.startswith(b"-ERR") and b"command" not in answer and b"rotocol" not in answer:
        return None
    details: dict[str, Value] = {"authentication": "no" if answer[:1] == b"+" else "yes"}
    if answer.startswith(b"-DENIED"):
        details["protected-mode"] = "yes"
    info = yield from _info() if answer[:1] == b"+" else _nothing()
    product, vendor, version = "Redis", "Redis", None
    for key, (name, maker) in PRODUCTS.items():
        if key in info:
            product, vendor, version = name, maker, info[key]
            break
    for key in ("redis_mode", "os"):
        if key in info:
            details[key.replace("_", "-")] = info[key]
    return Service(
        "redis",
        product=product,
        version=version,
        vendor=vendor,
        evidence=snippet(answer),
        details=details,
    )


def _info() -> Talk[dict[str, str]]:
    """The server section of INFO, by name."""
    yield Send(INFO)
    head = yield from read_line()
    length = head[1:].strip()
    if head[:1] != b"$" or not length.isdigit():
        return {}
    size = min(int(length[:8]), MAX_INFO)
    body = (yield Read(exactly=size)) if size else b""
    pairs = (line.partition(":") for line in text(body).splitlines() if ":" in line)
    return {name: value.strip() for name, _, value in pairs}


def _nothing() -> Talk[dict[str, str]]:
    yield from ()
    return {}


PROTOCOL = Protocol(
    name="redis",
    transport=Transport.TCP,
    ports=frozenset({6379, 6380, 16379, 26379}),
    server_speaks_first=False,
    source="https://redis.io/docs/latest/develop/reference/protocol-spec/",
    dialogue=greet,
    executables=frozenset(
        {"redis-server", "valkey-server", "keydb-server", "dragonfly", "redis-check-rdb"}
    ),
    likelihood=60,
    drops=None,
)
