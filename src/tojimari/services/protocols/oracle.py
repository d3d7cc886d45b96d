"""Oracle's listener: its version, asked in its own way."""

import re
import struct

from tojimari.core.endpoint import Transport
from tojimari.core.service import Service
from tojimari.services.dialogue import Dialogue, Peer, Protocol, Send, read_exactly
from tojimari.services.octets import snippet, text

CONNECT, ACCEPT, REFUSE, REDIRECT, RESEND = 1, 2, 4, 5, 11
QUESTION = b"(CONNECT_DATA=(COMMAND=version))"
NUMBER = re.compile(r"\(VSNNUM=(?P<number>[0-9]+)\)")
HEADER = 58  # bytes before the connect data


def greet(peer: Peer) -> Dialogue:
    """CONNECT with the command version."""
    del peer
    yield Send(_connect())
    head = yield from read_exactly(8)
    size = int.from_bytes(head[:2], "big") - 8
    if len(head) < 8 or head[4] not in {ACCEPT, REFUSE, REDIRECT, RESEND} or not 0 <= size <= 2048:
        return None
    if head[2:4] != b"\0\0" or head[6:8] != b"\0\0":
        return None
    said = yield from read_exactly(size)
    found = NUMBER.search(text(said))
    if head[4] == REFUSE and b"(" not in said:
        return None
    return Service(
        "oracle",
        "Oracle Database listener",
        _version(int(found["number"])) if found else None,
        vendor="Oracle",
        evidence=snippet(said[4:]) or "TNS",
    )


def _connect() -> bytes:
    body = struct.pack(
        ">HHHHHHHHHHIBB24x", 315, 300, 0, 2048, 0x7FFF, 0x4F98, 0, 1, len(QUESTION), HEADER, 0, 0, 0
    )
    return struct.pack(">HHBBH", HEADER + len(QUESTION), 0, CONNECT, 0, 0) + body + QUESTION


def _version(number: int) -> str:
    """The number holds 8, 4, 8, 4 and 8 bits."""
    parts = (
        number >> 24,
        number >> 20 & 0xF,
        number >> 12 & 0xFF,
        number >> 8 & 0xF,
        number & 0xFF,
    )
    return ".".join(str(part) for part in parts)


PROTOCOL = Protocol(
    name="oracle",
    transport=Transport.TCP,
    ports=frozenset({1521}),
    server_speaks_first=False,
    source="https://docs.oracle.com/en/database/oracle/oracle-database/19/netrf/",
    dialogue=greet,
    executables=frozenset({"tnslsnr"}),
    likelihood=16,
    reads=8,
)
