"""Microsoft SQL Server: PRELOGIN, in which the server tells its version."""

import struct

from tojimari.core.endpoint import Transport
from tojimari.core.service import Service
from tojimari.services.dialogue import Dialogue, Peer, Protocol, Send, read_exactly
from tojimari.services.octets import Cursor

PRELOGIN, REPLY, LAST = 0x12, 0x04, 1
VERSION, ENCRYPTION, END = 0, 1, 0xFF
ENCRYPTIONS = {0: "off", 1: "on", 2: "not supported", 3: "required"}


def greet(peer: Peer) -> Dialogue:
    """PRELOGIN with a version of nothing."""
    del peer
    options = struct.pack(">BHHBHHB", VERSION, 11, 6, ENCRYPTION, 17, 1, END) + bytes(6) + b"\2"
    yield Send(struct.pack(">BBHHBB", PRELOGIN, LAST, 8 + len(options), 0, 0, 0) + options)
    head = yield from read_exactly(8)
    size = int.from_bytes(head[2:4], "big") - 8
    if len(head) < 8 or head[0] != REPLY or head[1] != LAST or not 12 <= size <= 512:
        return None
    body = yield from read_exactly(size)
    cursor = Cursor(body)
    found: dict[int, bytes] = {}
    while (option := cursor.big(1)) != END:
        offset, length = cursor.big(2), cursor.big(2)
        found[option] = Cursor(body, offset).take(length)
    version = found.get(VERSION, b"")
    if len(version) != 6:
        return None
    text = f"{version[0]}.{version[1]}.{int.from_bytes(version[2:4], 'big')}"
    encryption = found.get(ENCRYPTION, b"")[:1]
    details = {"encryption": ENCRYPTIONS.get(encryption[0], "?")} if encryption else {}
    return Service(
        "mssql", "SQL Server", text, vendor="Microsoft", evidence="PRELOGIN", details={**details}
    )


PROTOCOL = Protocol(
    name="mssql",
    transport=Transport.TCP,
    ports=frozenset({1433}),
    server_speaks_first=False,
    source="MS-TDS, section 2.2.6.5",
    dialogue=greet,
    executables=frozenset({"sqlservr"}),
    likelihood=44,
    reads=8,
)
