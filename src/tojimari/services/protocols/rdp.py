"""Remote Desktop: negotiation of the security, which comes before everything else."""

import struct

from tojimari.core.endpoint import Transport
from tojimari.core.message import Value
from tojimari.core.service import Confidence, Service
from tojimari.services.dialogue import Dialogue, Peer, Protocol, Send, StartTls, read_exactly

TPKT = 3  # RFC 1006, section 6
REQUEST, CONFIRM = 0xE0, 0xD0  # ITU-T X.224, section 13
NEGOTIATE, ANSWER, FAILURE = 1, 2, 3
TLS, CREDSSP = 1, 2
PROTOCOLS = {0: "rdp", 1: "tls", 2: "nla", 4: "rdstls", 8: "nla-early"}
MAX_ANSWER = 512  # bytes
ULTIMATUM = b"\x02\xf0\x80\x21\x80"  # ITU-T T.125: DisconnectProviderUltimatum


def greet(peer: Peer) -> Dialogue:
    """Offer TLS and network level authentication, and see the certificate."""
    del peer
    negotiation = struct.pack("<BBHI", NEGOTIATE, 0, 8, TLS | CREDSSP)
    connect = bytes([6 + len(negotiation), REQUEST]) + bytes(5) + negotiation
    yield Send(struct.pack(">BBH", TPKT, 0, 4 + len(connect)) + connect)
    head = yield from read_exactly(4)
    size = int.from_bytes(head[2:4], "big")
    if len(head) < 4 or head[:2] != b"\3\0" or not 9 <= size <= MAX_ANSWER:
        return None
    answer = yield from read_exactly(size - 4)
    if answer == ULTIMATUM:
        # So it takes leave of whoever spoke to it in another way.
        return Service("rdp", evidence="MCS disconnect", confidence=Confidence.LIKELY)
    if len(answer) < 7 or answer[1] != CONFIRM:
        return None
    details: dict[str, Value] = {"nla": "no"}
    if len(answer) >= 15:
        kind, _, length, value = struct.unpack_from("<BBHI", answer, 7)
        if length != 8 or kind not in {ANSWER, FAILURE}:
            return None
        if kind == ANSWER:
            details["security"] = PROTOCOLS.get(value, str(value))
            details["nla"] = "yes" if value in {2, 8} else "no"
            if value:
                yield StartTls()
        else:
            details["refusal"] = value
    return Service("rdp", evidence="X.224 connection confirm", details=details)


PROTOCOL = Protocol(
    name="rdp",
    transport=Transport.TCP,
    ports=frozenset({3389}),
    server_speaks_first=False,
    source="MS-RDPBCGR, sections 2.2.1.1 and 2.2.1.2",
    dialogue=greet,
    executables=frozenset({"xrdp", "gnome-remote-desktop-daemon"}),
    likelihood=42,
    drops=None,
)
