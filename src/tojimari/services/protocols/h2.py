"""HTTP/2 without the first: the server's settings, and its answer to one request. gRPC speaks this.

A web server that takes nothing older is as talkative in it as in any other version; a server of
gRPC answers the request by saying that it is none of its own.
"""

from tojimari.core.endpoint import Transport
from tojimari.core.message import Value
from tojimari.core.service import Service
from tojimari.services import http2, website
from tojimari.services.dialogue import Dialogue, Peer, Protocol, Send, Talk
from tojimari.services.http import Response
from tojimari.services.octets import DamagedError
from tojimari.services.page import pages

NAMES = {
    1: "header-table-size",
    3: "max-concurrent-streams",
    4: "initial-window-size",
    5: "max-frame-size",
}
GRPC = "application/grpc"


def greet(peer: Peer) -> Dialogue:
    """Preface and settings; the server must answer with its own (RFC 9113, section 3.4)."""
    yield Send(http2.OPENING)
    first = yield from http2.read_frame()
    if first is None or first.kind != http2.SETTINGS or first.flags or first.stream:
        return None
    settings = http2.settings(first.payload)
    if settings is None:
        return None
    details: dict[str, Value] = {
        NAMES[key]: value for key, value in settings.items() if key in NAMES
    }
    response = yield from _asked(peer)
    yield Send(http2.GOODBYE)
    if response is None:
        return Service("h2", evidence="HTTP/2 SETTINGS", details=details)
    return _service(response, details)


def _asked(peer: Peer) -> Talk[Response | None]:
    """The answer to GET /; None where there is none that can be read."""
    host = website.host(peer.name, peer.endpoint.port, tls=peer.tls)
    yield Send(http2.TAKEN + http2.request(host, tls=peer.tls))
    try:
        return (yield from http2.answer())
    except DamagedError:
        return None


def _service(response: Response, details: dict[str, Value]) -> Service:
    if response.header("content-type").startswith(GRPC):
        details["grpc"] = "yes"
    for page in pages():
        answer = page.recognise(response)
        if answer is not None:
            found = website.service("h2", response, page, answer)
            break
    else:
        found = website.service("h2", response)
    found.details.update(details)
    return found


PROTOCOL = Protocol(
    name="h2",
    transport=Transport.TCP,
    ports=frozenset({50051}),
    tls_ports=frozenset({50052}),
    server_speaks_first=False,
    source="RFC 9113, sections 3.4, 6.2 and 6.5; RFC 7541",
    dialogue=greet,
    likelihood=19,
)
