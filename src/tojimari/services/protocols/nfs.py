"""NFS: the empty call of versions 4 and 3, which everybody may make."""

import struct

from tojimari.core.endpoint import Transport
from tojimari.core.service import Service
from tojimari.services.dialogue import Dialogue, Peer, Protocol, Send, read_exactly
from tojimari.services.octets import Cursor

PROGRAM, NULL = 100003, 0
LAST = 0x80000000
REPLY, ACCEPTED, MISMATCH = 1, 0, 2


def greet(peer: Peer) -> Dialogue:
    """Call nothing of a version that there is not: the answer names the versions that there are."""
    number = peer.number()
    call = struct.pack(">10I", number, 0, 2, PROGRAM, 99, NULL, 0, 0, 0, 0)
    yield Send((LAST | len(call)).to_bytes(4, "big") + call)
    head = yield from read_exactly(4)
    size = int.from_bytes(head, "big") & ~LAST
    if len(head) < 4 or not 24 <= size <= 512:
        return None
    cursor = Cursor((yield from read_exactly(size)))
    if cursor.big(4) != number or cursor.big(4) != REPLY or cursor.big(4) != ACCEPTED:
        return None
    cursor.skip(4)
    cursor.skip(cursor.big(4))
    if cursor.big(4) != MISMATCH:
        return None
    lowest, highest = cursor.big(4), cursor.big(4)
    versions = f"{lowest}-{highest}" if lowest != highest else str(lowest)
    return Service("nfs", evidence="RPC version mismatch", details={"versions": versions})


PROTOCOL = Protocol(
    name="nfs",
    transport=Transport.TCP,
    ports=frozenset({2049}),
    server_speaks_first=False,
    source="RFC 5531, section 9; RFC 8881",
    dialogue=greet,
    likelihood=4,
    reads=4,
)
