"""NTP: the time as a client asks for it, then the server's own variables."""

import struct

from tojimari.core.endpoint import Transport
from tojimari.core.message import Value
from tojimari.services import dnsmessage
from tojimari.services.dialogue import Dialogue, Peer, Protocol, Read, Send, Talk, ask
from tojimari.services.dnsanswer import VERSION
from tojimari.services.grammar import ntp as grammar
from tojimari.services.grammar.software import service as named
from tojimari.services.octets import text

CLIENT, SERVER, CONTROL = 3, 4, 6  # RFC 5905, figure 10
READ_VARIABLES = 2  # RFC 9327, section 3
CONTROL_WAIT = 0.35  # seconds; most servers of today do not answer, and need not
SIZE = 48  # bytes without extensions (RFC 5905, figure 8)


def greet(peer: Peer) -> Dialogue:
    """Mode 3, then mode 6."""
    nonce = peer.nonce[:8]
    reply = yield from ask(bytes([0x23]) + bytes(39) + nonce)
    if len(reply) < SIZE or reply[0] & 7 != SERVER:
        return None
    if reply[24:32] not in {nonce, dnsmessage.also_time(0, peer.nonce, VERSION)[-8:]}:
        return None
    stratum, poll, precision = struct.unpack_from(">BbB", reply, 1)
    details: dict[str, Value] = {
        "ntp-version": reply[0] >> 3 & 7,
        "stratum": stratum,
        "poll": poll,
        "precision": precision - 256 if precision > 127 else precision,
        "reference": _reference(stratum, reply[12:16]),
        "leap": reply[0] >> 6,
        "root-delay-ms": int.from_bytes(reply[4:8], "big") * 1000 >> 16,
    }
    variables = yield from _variables(peer)
    software = grammar.product(variables) if variables else None
    details |= grammar.variables(variables)
    if variables:
        details["ntp-variables"] = variables
    return named(
        "ntp",
        software,
        evidence=f"mode 4, stratum {stratum}",
        details=details,
    )


def _variables(peer: Peer) -> Talk[str]:
    """The answer to a control message; empty where there is none."""
    sequence = peer.nonce[8:10]
    yield Send(bytes([0x16, READ_VARIABLES]) + sequence + bytes(8))
    reply = yield Read(limit=4096, seconds=CONTROL_WAIT)
    if len(reply) < 12 or reply[0] & 7 != CONTROL or reply[1] & 0x1F != READ_VARIABLES:
        return ""
    size = int.from_bytes(reply[10:12], "big")
    return text(reply[12 : 12 + size])


def _reference(stratum: int, identifier: bytes) -> str:
    """What the server follows (RFC 5905, section 7.3): a clock's letters, or an IPv4 address."""
    if stratum <= 1:
        return text(identifier.rstrip(b"\0"))
    return ".".join(str(octet) for octet in identifier)


PROTOCOL = Protocol(
    name="ntp",
    transport=Transport.UDP,
    ports=frozenset({123}),
    server_speaks_first=False,
    source="RFC 5905, section 7.3; RFC 9327",
    dialogue=greet,
    executables=frozenset({"ntpd", "chronyd", "openntpd", "systemd-timesyncd"}),
    likelihood=80,
)
