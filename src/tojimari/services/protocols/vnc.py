"""VNC: version and kinds of security, on one connection: servers count those that never log in."""

import re

from tojimari.core.endpoint import Transport
from tojimari.core.message import Value
from tojimari.core.service import Service
from tojimari.services.dialogue import Dialogue, Peer, Protocol, Send, Talk, read_exactly
from tojimari.services.octets import snippet, text

GREETING = re.compile(rb"RFB (?P<major>[0-9]{3})\.(?P<minor>[0-9]{3})\n")
SIZE = 12  # bytes (RFC 6143, section 7.1.1)
SECURITY = {
    1: "none",
    2: "vnc",
    5: "ra2",
    6: "ra2ne",
    16: "tight",
    17: "ultra",
    18: "tls",
    19: "vencrypt",
    20: "sasl",
    30: "apple",
    35: "apple-srp",
}
MAX_TEXT = 1024  # bytes


def greet(peer: Peer) -> Dialogue:
    """Version, then the kinds of security that are offered; none is chosen."""
    del peer
    line = yield from read_exactly(SIZE)
    found = GREETING.fullmatch(line)
    if found is None:
        return None
    major, minor = int(found["major"]), int(found["minor"])
    details: dict[str, Value] = {"rfb-version": f"{major}.{minor}"}
    if (major, minor) in {(3, 7), (3, 8), (4, 1), (5, 0), (3, 889)}:
        # Apple writes 3.889, RealVNC 4 and 5; all of them speak 3.8.
        yield Send(b"RFB 003.008\n")
        details |= yield from _security()
    product = {889: "Apple Remote Desktop"}.get(minor) or ("RealVNC" if major > 3 else None)
    return Service("vnc", product=product, evidence=snippet(line), details=details)


def _security() -> Talk[dict[str, Value]]:
    count = yield from read_exactly(1)
    if count == b"\0":
        size = int.from_bytes((yield from read_exactly(4)), "big")
        return {"refusal": text((yield from read_exactly(min(size, MAX_TEXT))))}
    kinds = yield from read_exactly(count[0] if count else 0)
    names = ", ".join(SECURITY.get(kind, str(kind)) for kind in kinds)
    return {"security": names, "authentication": "no" if 1 in kinds else "yes"} if kinds else {}


PROTOCOL = Protocol(
    name="vnc",
    transport=Transport.TCP,
    ports=frozenset({*range(5900, 5911)}),
    server_speaks_first=True,
    source="RFC 6143, sections 7.1.1 and 7.1.2",
    dialogue=greet,
    executables=frozenset(
        {"Xtigervnc", "Xvnc", "x11vnc", "vncserver-x11-core", "x0vncserver", "qemu-system-x86_64"}
    ),
    likelihood=68,
)
