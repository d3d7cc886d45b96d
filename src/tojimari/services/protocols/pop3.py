"""POP3: the greeting, CAPA, STLS. Nobody logs in."""

from tojimari.core.endpoint import Transport
from tojimari.core.message import Value
from tojimari.services.dialogue import (
    Dialogue,
    Peer,
    Protocol,
    Send,
    StartTls,
    Talk,
    read_line,
    read_reply,
)
from tojimari.services.grammar import pop3 as grammar
from tojimari.services.grammar.software import service as named
from tojimari.services.octets import snippet, text

MAX_GREETING = 512  # bytes, CR LF included (RFC 2449, section 4)


def greet(peer: Peer) -> Dialogue:
    """Greeting, CAPA, STLS, QUIT."""
    greeting = yield from read_line(MAX_GREETING)
    if not greeting.startswith((b"+OK", b"-ERR")):
        return None
    said = text(greeting.rstrip(b"\r\n")).partition(" ")[2]
    software = grammar.product(said)
    known = software is not None or "POP" in said.upper() or said.endswith(">")
    capabilities = yield from _capabilities()
    if capabilities is None and not (known and greeting.startswith(b"+OK")):
        return None
    details: dict[str, Value] = {"banner": said}
    details |= yield from _security(capabilities or [], peer)
    return named(
        "pop3",
        software,
        evidence=snippet(greeting),
        details=details,
    )


def _capabilities() -> Talk[list[str] | None]:
    """What CAPA names (RFC 2449, section 5); None where it was not understood."""
    yield Send(b"CAPA\r\n")
    first = yield from read_line(MAX_GREETING)
    if not first.startswith(b"+OK"):
        return [] if first.startswith(b"-ERR") else None
    lines = yield from read_reply(lambda line: line != b".")
    return [text(line) for line in lines if line != b"."]


def _security(capabilities: list[str], peer: Peer) -> Talk[dict[str, Value]]:
    """Whether the connection can be secured (RFC 2595); then leave."""
    details: dict[str, Value] = {}
    if capabilities:
        details["capabilities"] = ", ".join(capabilities)
    for one in capabilities:
        if one.upper().startswith("IMPLEMENTATION "):
            details["implementation"] = one[15:]
    offered = "STLS" in (one.upper() for one in capabilities)
    if not peer.tls:
        details["starttls"] = "yes" if offered else "no"
    if offered and not peer.tls:
        yield Send(b"STLS\r\n")
        answer = yield from read_line(MAX_GREETING)
        if answer.startswith(b"+OK") and not (yield StartTls()):
            return details
    yield Send(b"QUIT\r\n")
    return details


PROTOCOL = Protocol(
    name="pop3",
    transport=Transport.TCP,
    ports=frozenset({110}),
    tls_ports=frozenset({995}),
    server_speaks_first=True,
    source="RFC 1939, section 4; RFC 2449; RFC 2595",
    dialogue=greet,
    executables=frozenset({"dovecot", "popa3d", "qpopper", "pop3d", "couriertcpd"}),
    likelihood=40,
)
