"""RTSP, the remote control of cameras: OPTIONS."""

from tojimari.core.endpoint import Transport
from tojimari.core.message import Value
from tojimari.services.dialogue import Dialogue, Peer, Protocol, Send
from tojimari.services.grammar import rtsp as grammar
from tojimari.services.grammar.software import service as named
from tojimari.services.headers import textual
from tojimari.services.octets import snippet


def greet(peer: Peer) -> Dialogue:
    """OPTIONS *."""
    del peer
    yield Send(b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\nUser-Agent: tojimari\r\n\r\n")
    answer = yield from textual(b"RTSP/")
    if answer is None:
        return None
    told = answer.headers.get("server", "")
    software = grammar.product(told)
    details: dict[str, Value] = {"status": answer.status}
    if told:
        details["server"] = told
    if "public" in answer.headers:
        details["methods"] = answer.headers["public"]
    return named(
        "rtsp",
        software,
        evidence=snippet(answer.line),
        details=details,
    )


PROTOCOL = Protocol(
    name="rtsp",
    transport=Transport.TCP,
    ports=frozenset({554, 8554}),
    tls_ports=frozenset({322}),
    server_speaks_first=False,
    source="RFC 2326, section 10.1; RFC 7826",
    dialogue=greet,
    likelihood=22,
    drops=None,
)
