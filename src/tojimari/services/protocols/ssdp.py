"""SSDP, UPnP's discovery, asked directly."""

from tojimari.core.endpoint import Transport
from tojimari.core.message import Value
from tojimari.services.dialogue import Dialogue, Peer, Protocol, ask
from tojimari.services.grammar import http as grammar
from tojimari.services.grammar.software import service as named
from tojimari.services.headers import of_datagram
from tojimari.services.octets import snippet

SEARCH = (
    b"M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\n"
    b'MAN: "ssdp:discover"\r\nMX: 1\r\nST: upnp:rootdevice\r\n\r\n'
)


def greet(peer: Peer) -> Dialogue:
    """M-SEARCH for root devices."""
    del peer
    answer = of_datagram((yield from ask(SEARCH)), b"HTTP/1.1")
    if answer is None or "usn" not in answer.headers:
        return None
    told = answer.headers.get("server", "")
    software = grammar.product(told)
    details: dict[str, Value] = {
        name: answer.headers[name]
        for name in ("server", "location", "usn")
        if name in answer.headers
    }
    return named(
        "ssdp",
        software,
        evidence=snippet(told.encode() or answer.line),
        details=details,
    )


PROTOCOL = Protocol(
    name="ssdp",
    transport=Transport.UDP,
    ports=frozenset({1900}),
    server_speaks_first=False,
    source="UPnP Device Architecture 2.0, section 1.3.2",
    dialogue=greet,
    executables=frozenset({"miniupnpd", "minissdpd", "minidlnad"}),
    likelihood=55,
)
