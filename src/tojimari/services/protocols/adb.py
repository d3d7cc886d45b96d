"""The Android debug bridge: CNXN; the device names itself, or asks for a key."""

import struct

from tojimari.core.endpoint import Transport
from tojimari.core.message import Value
from tojimari.core.service import Service
from tojimari.services.dialogue import Dialogue, Peer, Protocol, Send, read_exactly
from tojimari.services.octets import text

CNXN, AUTH, STLS = 0x4E584E43, 0x48545541, 0x534C5453
VERSION, MAX_DATA = 0x01000000, 4096
MASK = 0xFFFFFFFF


def greet(peer: Peer) -> Dialogue:
    """CNXN; no key is shown."""
    del peer
    banner = b"host::\0"
    yield Send(
        struct.pack("<6I", CNXN, VERSION, MAX_DATA, len(banner), sum(banner), CNXN ^ MASK) + banner
    )
    head = yield from read_exactly(24)
    if len(head) < 24:
        return None
    command, _, _, size, _, magic = struct.unpack("<6I", head)
    if magic != command ^ MASK or command not in {CNXN, AUTH, STLS}:
        return None
    details: dict[str, Value] = {"authentication": "no" if command == CNXN else "yes"}
    if command == CNXN:
        details["device"] = text((yield from read_exactly(min(size, 1024)))).rstrip("\0")[:200]
    return Service("adb", "Android Debug Bridge", vendor="Google", evidence="CNXN", details=details)


PROTOCOL = Protocol(
    name="adb",
    transport=Transport.TCP,
    ports=frozenset({5555}),
    server_speaks_first=False,
    source="https://android.googlesource.com/platform/packages/modules/adb/+/main/protocol.txt",
    dialogue=greet,
    executables=frozenset({"adbd"}),
    likelihood=2,
    reads=24,
)
