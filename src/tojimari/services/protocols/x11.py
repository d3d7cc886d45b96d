"""X11: the connection set-up without any key."""

import struct

from tojimari.core.endpoint import Transport
from tojimari.core.message import Value
from tojimari.core.service import Service
from tojimari.services.dialogue import Dialogue, Peer, Protocol, Send, read_exactly
from tojimari.services.grammar import x11 as grammar
from tojimari.services.octets import snippet, text

SETUP = struct.pack("<BxHHHHxx", 0x6C, 11, 0, 0, 0)
FAILED, SUCCESS, AUTHENTICATE = 0, 1, 2
VENDOR_AT = 32  # bytes into what follows the first eight


def greet(peer: Peer) -> Dialogue:
    """Set up, and close again."""
    del peer
    yield Send(SETUP)
    head = yield from read_exactly(8)
    if len(head) < 8:
        return None
    status, size, major, minor, words = struct.unpack("<BBHHH", head)
    if status not in {FAILED, SUCCESS, AUTHENTICATE} or (major != 11 and status != AUTHENTICATE):
        return None
    body = yield from read_exactly(min(words * 4, 4096))
    if status == SUCCESS and len(body) > VENDOR_AT:
        (release,) = struct.unpack_from("<I", body)
        (length,) = struct.unpack_from("<H", body, 16)
        vendor = text(body[VENDOR_AT : VENDOR_AT + length])
        software = grammar.product(vendor)
        details: dict[str, Value] = {"vendor": vendor, "release": release, "authentication": "no"}
        return Service(
            "x11",
            product=software.product if software else vendor or None,
            version=_version(release) if software and software.vendor == "X.Org" else None,
            vendor=software.vendor if software else None,
            evidence=f"X{major}.{minor} {snippet(vendor.encode())}",
            details=details,
        )
    reason = text(body[:size]).strip() if status == FAILED else text(body.rstrip(b"\0"))
    if len(body) < words * 4 or not reason.isprintable():
        return None
    return Service(
        "x11",
        evidence=snippet(reason.encode()),
        details={"authentication": "yes", "refusal": reason[:200]},
    )


def _version(release: int) -> str:
    """X.Org counts two digits for each part: 12101007 is 21.1.7 (xorg-server 21 put 1 before)."""
    if release > 12100000:
        release -= 10000000
    major, minor, patch = release // 100000, release // 1000 % 100, release % 1000
    return f"{major}.{minor}.{patch}"


PROTOCOL = Protocol(
    name="x11",
    transport=Transport.TCP,
    ports=frozenset({*range(6000, 6011)}),
    server_speaks_first=False,
    source="X Window System Protocol, version 11, chapter 8",
    dialogue=greet,
    executables=frozenset({"Xorg", "Xtigervnc", "Xvfb", "Xwayland"}),
    likelihood=10,
    reads=12,
)
