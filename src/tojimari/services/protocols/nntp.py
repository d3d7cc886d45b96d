"""NNTP, the news: the greeting and the capabilities."""

from tojimari.core.endpoint import Transport
from tojimari.core.message import Value
from tojimari.services.dialogue import Dialogue, Peer, Protocol, Send, read_reply
from tojimari.services.grammar import nntp as grammar
from tojimari.services.grammar.software import service as named
from tojimari.services.octets import snippet, text
from tojimari.services.replies import numbered, reply_text


def greet(peer: Peer) -> Dialogue:
    """Greeting, CAPABILITIES, QUIT."""
    del peer
    greeting = yield from numbered()
    if greeting is None or greeting.code not in {200, 201, 400, 502}:
        return None
    said = reply_text(greeting)
    yield Send(b"CAPABILITIES\r\n")
    lines = yield from read_reply(lambda line: line[:3] not in {b"500", b"480"} and line != b".")
    listed = lines[:1] and lines[0].startswith(b"101")
    if not listed and not any(
        word in said.upper() for word in ("NNTP", "NEWS", "INN ", "LEAFNODE")
    ):
        return None
    yield Send(b"QUIT\r\n")
    details: dict[str, Value] = {"banner": said, "posting": "yes" if greeting.code == 200 else "no"}
    if listed:
        details["capabilities"] = ", ".join(text(line) for line in lines[1:] if line != b".")
    software = grammar.product(said)
    return named(
        "nntp",
        software,
        evidence=snippet(greeting.raw),
        details=details,
    )


PROTOCOL = Protocol(
    name="nntp",
    transport=Transport.TCP,
    ports=frozenset({119}),
    tls_ports=frozenset({563}),
    server_speaks_first=True,
    source="RFC 3977, sections 5.1 and 5.2",
    dialogue=greet,
    executables=frozenset({"innd", "leafnode"}),
    likelihood=5,
)
