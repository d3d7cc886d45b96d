"""SMB: negotiation of the version; no session is set up."""

import struct

from tojimari.core.endpoint import Transport
from tojimari.core.message import Value
from tojimari.core.service import Service
from tojimari.services.dialogue import Dialogue, Peer, Protocol, Reconnect, Send, Talk, read_exactly
from tojimari.services.octets import Cursor

SMB1, SMB2 = b"\xffSMB", b"\xfeSMB"
NEGOTIATE1, NEGOTIATE2 = 0x72, 0
DIALECTS = {
    0x0202: "2.0.2",
    0x0210: "2.1",
    0x02FF: "2",
    0x0300: "3.0",
    0x0302: "3.0.2",
    0x0311: "3.1.1",
}
SIGNING_ENABLED, SIGNING_REQUIRED = 1, 2
NETBIOS = 139  # a session must be asked for first (RFC 1002, section 4.3.2)
MAX_MESSAGE = 1 << 16  # bytes


def greet(peer: Peer) -> Dialogue:
    """Negotiate SMB 2 and 3, then see whether SMB 1 is taken too."""
    if peer.endpoint.port == NETBIOS and not (yield from _session()):
        return None
    reply = yield from _asked(_negotiate2(peer))
    if reply[:4] != SMB2:
        return _first_version(reply) if reply[:4] == SMB1 else None
    cursor = Cursor(reply, 64)
    cursor.skip(2)
    security = cursor.little(2)
    dialect = cursor.little(2)
    if dialect not in DIALECTS:
        return None
    cursor.skip(2)
    identifier = cursor.take(16)
    details: dict[str, Value] = {
        "dialect": DIALECTS[dialect],
        "signing": "required" if security & SIGNING_REQUIRED else "not required",
        "server-guid": identifier.hex(),
    }
    if (yield Reconnect()) and (peer.endpoint.port != NETBIOS or (yield from _session())):
        old = yield from _asked(_negotiate1())
        details["smb1"] = "yes" if _takes_first(old) else "no"
    samba = identifier.rstrip(b"\0").isalnum() or identifier[8:] == bytes(8)
    return Service(
        "smb",
        product="Samba" if samba else None,
        vendor="Samba" if samba else None,
        evidence=f"SMB {DIALECTS[dialect]}",
        details=details,
    )


def _session() -> Talk[bool]:
    """Ask for a NetBIOS session with whoever is there."""
    name = b"\x20" + b"CKFDENECFDEFFCFGEFFCCACACACACACA" + b"\0"
    yield Send(b"\x81\0" + struct.pack(">H", 2 * len(name)) + name + name)
    answer = yield from read_exactly(4)
    return answer[:1] == b"\x82"


def _asked(message: bytes) -> Talk[bytes]:
    yield Send(struct.pack(">I", len(message)) + message)
    head = yield from read_exactly(4)
    size = int.from_bytes(head[1:4], "big")
    if len(head) < 4 or head[0] or not 36 <= size <= MAX_MESSAGE:
        return b""
    return (yield from read_exactly(size))


def _negotiate2(peer: Peer) -> bytes:
    """MS-SMB2, section 2.2.3, without contexts: 3.1.1 would need them."""
    header = (
        SMB2 + struct.pack("<HHIHHIIQIIQ", 64, 0, 0, NEGOTIATE2, 1, 0, 0, 0, 0, 0, 0) + bytes(16)
    )
    dialects = (0x0202, 0x0210, 0x0300, 0x0302)
    body = struct.pack("<HHHHI", 36, len(dialects), SIGNING_ENABLED, 0, 0) + peer.nonce[:16]
    return header + body + bytes(8) + struct.pack(f"<{len(dialects)}H", *dialects)


def _negotiate1() -> bytes:
    """MS-CIFS, section 2.2.4.52: the last dialect of SMB 1 alone."""
    header = (
        SMB1 + bytes([NEGOTIATE1]) + bytes(4) + b"\x18\x01\x28" + bytes(12) + b"\0\0\1\0\0\0\0\0"
    )
    dialects = b"\x02NT LM 0.12\0"
    return header + b"\0" + struct.pack("<H", len(dialects)) + dialects


def _takes_first(reply: bytes) -> bool:
    return reply[:5] == SMB1 + bytes([NEGOTIATE1]) and reply[33:35] not in {b"\xff\xff", b""}


def _first_version(reply: bytes) -> Service:
    """A server that has nothing newer than SMB 1."""
    details: dict[str, Value] = {"dialect": "1", "smb1": "yes"}
    return Service("smb", evidence=f"SMB 1, {len(reply)} bytes", details=details)


PROTOCOL = Protocol(
    name="smb",
    transport=Transport.TCP,
    ports=frozenset({445, 139}),
    server_speaks_first=False,
    source="MS-SMB2, sections 2.2.3 and 2.2.4; RFC 1002, section 4.3",
    dialogue=greet,
    executables=frozenset({"smbd", "samba", "ksmbd"}),
    likelihood=40,
    drops=frozenset(),
)
