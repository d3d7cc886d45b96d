"""QUIC (HTTP/3): a version that there is not, answered with the versions that there are.

Source: RFC 8999, section 6; RFC 9000, sections 6 and 14.1 (a server answers no smaller datagram).
"""

from tojimari.core.endpoint import Transport
from tojimari.core.message import Value
from tojimari.core.service import Service
from tojimari.services import sunrpc
from tojimari.services.dialogue import Dialogue, Peer, Protocol, ask
from tojimari.services.octets import Cursor

SIZE = 1200  # bytes
GREASE = b"\x1a\x2a\x3a\x4a"  # reserved to be refused (RFC 9000, section 15)
LONG = 0x80
NAMES = {0x00000001: "1", 0x6B3343CF: "2", 0xFF00001D: "draft-29", 0x51303530: "Q050"}


def also_rpc(peer: Peer) -> bytes:
    """A call of Sun RPC that is a long header as well.

    The number of the call is QUIC's first byte and three bytes of a version that there is not; the
    zeros behind it end the version and are the lengths of two connection identifiers.
    """
    return sunrpc.dump(sunrpc.number(peer))


def greet(peer: Peer) -> Dialogue:
    """A long header with a version of grease."""
    ours, theirs = (peer.nonce[:8], peer.nonce[8:16]) if peer.expected else (b"", b"")
    head = bytes([0xC0]) + GREASE + bytes([8]) + theirs + bytes([8]) + ours
    answer = yield from ask((head if peer.expected else also_rpc(peer)).ljust(SIZE, b"\0"))
    if len(answer) < 7:
        return None
    cursor = Cursor(answer)
    if not cursor.big(1) & LONG or cursor.big(4) != 0:
        return None
    if cursor.prefixed(1) != ours or cursor.prefixed(1) != theirs or cursor.left % 4:
        return None
    versions = [cursor.big(4) for _ in range(cursor.left // 4)]
    names = [NAMES.get(one, f"{one:#x}") for one in versions if one & 0x0F0F0F0F != 0x0A0A0A0A]
    details: dict[str, Value] = {"versions": ", ".join(names)}
    return Service("quic", evidence="version negotiation", details=details)


PROTOCOL = Protocol(
    name="quic",
    transport=Transport.UDP,
    ports=frozenset({443, 8443, 784, 8853}),
    server_speaks_first=False,
    source="RFC 8999, section 6; RFC 9000, section 6",
    dialogue=greet,
    executables=frozenset({"nginx", "caddy", "haproxy", "h2o", "envoy", "traefik"}),
    likelihood=65,
)
