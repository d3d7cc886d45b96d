"""IPP, the printing of today: the printer's attributes. Nothing is printed.

Unlike the raw ports and LPD, IPP never prints what it does not understand: it is HTTP.
"""

import struct

from tojimari.core.endpoint import Transport
from tojimari.core.message import Value
from tojimari.services import http
from tojimari.services.dialogue import Dialogue, Peer, Protocol, Send
from tojimari.services.grammar import http as grammar
from tojimari.services.grammar.software import service as named
from tojimari.services.octets import Cursor, DamagedError, snippet, text

VERSION_2_0, GET_PRINTERS = 0x0200, 0x4002  # CUPS-Get-Printers; RFC 8011 for the rest
OPERATION, END = 1, 3
CHARSET, LANGUAGE = 0x47, 0x48
SHOWN = ("printer-name", "printer-make-and-model", "printer-info")


def greet(peer: Peer) -> Dialogue:
    """Ask for the printers by POST."""
    body = struct.pack(
        ">HHIB", VERSION_2_0, GET_PRINTERS, peer.number() & 0x7FFFFFFF or 1, OPERATION
    )
    body += _attribute(CHARSET, b"attributes-charset", b"utf-8")
    body += _attribute(LANGUAGE, b"attributes-natural-language", b"en") + bytes([END])
    headers = {"Content-Type": "application/ipp", "Content-Length": str(len(body))}
    host = f"[{peer.name}]" if ":" in peer.name else peer.name
    head = http.request("/", f"{host}:{peer.endpoint.port}", method="POST", headers=headers)
    yield Send(head + body)
    response = yield from http.response()
    if response is None:
        return None
    is_ipp = "application/ipp" in response.header("content-type")
    software = grammar.product(response.header("server"))
    if not is_ipp and "IPP" not in response.header("server"):
        return None
    details: dict[str, Value] = {"status": response.status, "server": response.header("server")}
    if is_ipp:
        details |= _attributes(response.body)
    return named(
        "ipp",
        software,
        evidence=snippet(f"HTTP/{response.version} {response.status}".encode()),
        details=details,
    )


def _attribute(kind: int, name: bytes, value: bytes) -> bytes:
    return struct.pack(">BH", kind, len(name)) + name + struct.pack(">H", len(value)) + value


def _attributes(body: bytes) -> dict[str, Value]:
    """The names of the printers."""
    found: dict[str, Value] = {}
    cursor = Cursor(body, 8)
    try:
        while cursor:
            kind = cursor.big(1)
            if kind == END:
                break
            if kind < 0x10:
                continue
            name, value = text(cursor.prefixed(2)), cursor.prefixed(2)
            if name in SHOWN and name not in found:
                found[name] = text(value)
    except DamagedError:
        return found
    return found


PROTOCOL = Protocol(
    name="ipp",
    transport=Transport.TCP,
    ports=frozenset({631}),
    server_speaks_first=False,
    source="RFC 8010, section 3; RFC 8011, section 4.2",
    dialogue=greet,
    executables=frozenset({"cupsd"}),
)
