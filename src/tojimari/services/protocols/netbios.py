"""NetBIOS names: the table of names that a machine answers to."""

import struct

from tojimari.core.endpoint import Transport
from tojimari.core.message import Value
from tojimari.core.service import Service
from tojimari.services.dialogue import Dialogue, Peer, Protocol, ask
from tojimari.services.octets import Cursor, text

NBSTAT, IN = 0x21, 1
RESPONSE = 0x8000
WILDCARD = b"\x20" + b"CKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" + b"\0"  # "*" (RFC 1001, section 14.1)
NAME = 18  # bytes an entry: 15 letters, a suffix, two of flags
WORKSTATION, SERVER = 0x00, 0x20
GROUP = 0x8000


def greet(peer: Peer) -> Dialogue:
    """NBSTAT."""
    number = peer.number(2)
    question = struct.pack(">6H", number, 0, 1, 0, 0, 0) + WILDCARD + struct.pack(">HH", NBSTAT, IN)
    answer = yield from ask(question)
    if len(answer) < 57:
        return None
    cursor = Cursor(answer)
    if cursor.big(2) != number or not cursor.big(2) & RESPONSE:
        return None
    cursor.skip(8)
    if cursor.take(len(WILDCARD)) != WILDCARD or cursor.big(2) != NBSTAT:
        return None
    cursor.skip(8)
    details = _names(cursor, cursor.big(1))
    evidence = f"NBSTAT {details.get('name', '')}".strip()
    return Service("netbios-ns", evidence=evidence, details=details)


def _names(cursor: Cursor, count: int) -> dict[str, Value]:
    """Name and group, and the hardware address behind them."""
    details: dict[str, Value] = {}
    for _ in range(count):
        entry = Cursor(cursor.take(NAME))
        name, suffix, flags = text(entry.take(15)).strip(), entry.big(1), entry.big(2)
        if suffix == WORKSTATION and name:
            details.setdefault("group" if flags & GROUP else "name", name)
        if suffix == SERVER and not flags & GROUP:
            details["file-server"] = "yes"
    if cursor.left >= 6:
        hardware = cursor.take(6)
        if any(hardware):
            details["hardware-address"] = hardware.hex(":")
    return details


PROTOCOL = Protocol(
    name="netbios-ns",
    transport=Transport.UDP,
    ports=frozenset({137}),
    server_speaks_first=False,
    source="RFC 1002, sections 4.2.17 and 4.2.18",
    dialogue=greet,
    executables=frozenset({"nmbd"}),
    likelihood=40,
)
