"""A DHCP server, asked for its parameters by one who has an address already.

INFORM with our own address is answered to that address (RFC 2131, section 4.3.5), at port 68, and
takes no address out of the server's pool.
"""

import ipaddress
import struct

from tojimari.core.endpoint import Transport
from tojimari.core.message import Value
from tojimari.core.service import Service
from tojimari.services import limits
from tojimari.services.dialogue import Dialogue, Peer, Protocol, Read, Send, read_datagram
from tojimari.services.octets import Cursor, text

REQUEST, REPLY = 1, 2
COOKIE = b"\x63\x82\x53\x63"  # RFC 2131, section 3
OPTIONS_AT = 240  # after BOOTP's fixed part and the cookie
MESSAGE, SERVER_ID, WANTED, END, PAD = 53, 54, 55, 255, 0
INFORM = 8
WAIT = 3.5  # seconds; a server that offers an address pings it for three seconds before (dnsmasq)
MESSAGES = {2: "offer", 5: "ack", 6: "nak"}
ADDRESSES = {1: "subnet-mask", 3: "router", 6: "dns-servers", 42: "ntp-servers", 54: "server-id"}
TEXTS = {12: "host-name", 15: "domain", 60: "vendor-class", 66: "tftp-server", 67: "boot-file"}
TIMES = {51: "lease-seconds", 58: "renewal-seconds", 59: "rebinding-seconds"}


def greet(peer: Peer) -> Dialogue:
    """INFORM, and the ACK with the offered parameters."""
    number = peer.nonce[:4]
    yield Send(inform(number, peer.local, b"\x02" + peer.nonce[4:9]))
    reply = yield Read(limit=limits.HEARD, seconds=WAIT)
    if reply[4:8] != number:  # at port 68 arrives what was meant for whoever asked before us
        reply = yield from read_datagram()
    if len(reply) < OPTIONS_AT or reply[0] != REPLY or reply[4:8] != number:
        return None
    if reply[236:240] != COOKIE:
        return None
    options = _options(Cursor(reply, OPTIONS_AT))
    kind = MESSAGES.get(options.get(MESSAGE, b"\0")[0])
    if kind is None:
        return None
    return Service("dhcp", evidence=f"DHCP {kind}", details={"message": kind, **_told(options)})


def inform(number: bytes, address: str, hardware: bytes) -> bytes:
    """The question.

    Args:
        number: 4 bytes.
        address: Our own; where it is not IPv4, none.
        hardware: 6 bytes, of a kind that no maker gave out.
    """
    try:
        ours = ipaddress.IPv4Address(address).packed
    except ipaddress.AddressValueError:
        ours = bytes(4)
    head = struct.pack(">BBBB4sHH4s", REQUEST, 1, 6, 0, number, 0, 0, ours)
    wanted = bytes([*ADDRESSES, *TEXTS, *TIMES])
    options = bytes([MESSAGE, 1, INFORM, WANTED, len(wanted)]) + wanted + bytes([END])
    return head + bytes(12) + hardware.ljust(16, b"\0") + bytes(192) + COOKIE + options


def _options(cursor: Cursor) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    while cursor:
        code = cursor.big(1)
        if code == END:
            break
        if code != PAD:
            found[code] = found.get(code, b"") + cursor.prefixed(1)
    if not found.get(MESSAGE):
        found.pop(MESSAGE, None)
    return found


def _told(options: dict[int, bytes]) -> dict[str, Value]:
    """The options that a person wants to know."""
    told: dict[str, Value] = {}
    for code, data in options.items():
        if code in ADDRESSES and data and len(data) % 4 == 0:
            parts = [data[at : at + 4] for at in range(0, len(data), 4)]
            told[ADDRESSES[code]] = " ".join(str(ipaddress.IPv4Address(one)) for one in parts)
        elif code in TEXTS:
            told[TEXTS[code]] = text(data.rstrip(b"\0"))
        elif code in TIMES and len(data) == 4:
            told[TIMES[code]] = int.from_bytes(data, "big")
    return told


PROTOCOL = Protocol(
    name="dhcp",
    transport=Transport.UDP,
    ports=frozenset({67}),
    server_speaks_first=False,
    source="RFC 2131, sections 2 and 4.3.5; RFC 2132",
    dialogue=greet,
    executables=frozenset({"dnsmasq", "dhcpd", "kea-dhcp4", "udhcpd"}),
    source_port=68,
)
