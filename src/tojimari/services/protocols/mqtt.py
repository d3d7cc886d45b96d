"""MQTT: CONNECT as nobody. The broker says whether it would take us, and what it says of itself."""

import struct

from tojimari.core.endpoint import Transport
from tojimari.core.message import Value
from tojimari.services.dialogue import Dialogue, Peer, Protocol, Read, Send, Talk, read_exactly
from tojimari.services.grammar import mqtt as grammar
from tojimari.services.grammar.software import service as named
from tojimari.services.octets import text

CONNECT, CONNACK, DISCONNECT = 0x10, 0x20, b"\xe0\0"
SUBSCRIBE, PUBLISH = 0x82, 0x30
VERSION = b"$SYS/broker/version"  # mosquitto(8), "Broker Status"
RETAINED = 0.5  # seconds; what is retained is sent at once
LONGEST = 127  # bytes after the head: one byte of length (MQTT 3.1.1, section 2.2.3)
REASONS = {
    0: "accepted",
    1: "protocol version refused",
    2: "client identifier refused",
    3: "server unavailable",
    4: "bad user name or password",
    5: "not authorised",
    0x84: "protocol version refused",
    0x86: "bad user name or password",
    0x87: "not authorised",
}


def greet(peer: Peer) -> Dialogue:
    """CONNECT (MQTT 3.1.1), a clean session and no name of a user; read the broker's version."""
    client = b"tojimari" + peer.nonce[:4].hex().encode()
    body = struct.pack(">H4sBBH", 4, b"MQTT", 4, 2, 10) + struct.pack(">H", len(client)) + client
    yield Send(bytes([CONNECT, len(body)]) + body)
    answer = yield from read_exactly(4)
    if len(answer) < 4 or answer[0] != CONNACK or answer[1] != 2 or answer[2] > 1:
        return None
    code = answer[3]
    if code not in REASONS:
        return None
    told = ""
    if code == 0:
        told = yield from _told()
        yield Send(DISCONNECT)
    software = grammar.product(told)
    details: dict[str, Value] = {
        "answer": REASONS[code],
        "authentication": "no" if code == 0 else "yes",
    }
    if told:
        details[VERSION.decode()] = told
    return named(
        "mqtt",
        software,
        evidence=f"CONNACK {code}",
        details=details,
    )


def _told() -> Talk[str]:
    """What the broker publishes about itself; empty where it publishes nothing."""
    body = struct.pack(">HH", 1, len(VERSION)) + VERSION + b"\0"
    yield Send(bytes([SUBSCRIBE, len(body)]) + body)
    for _ in range(2):  # the SUBACK, and the message that the broker retains; in either order
        head = yield Read(exactly=2, seconds=RETAINED)
        if len(head) < 2 or head[1] > LONGEST:
            break
        said = yield from read_exactly(head[1])
        if head[0] & 0xF0 == PUBLISH and said[2 : 2 + len(VERSION)] == VERSION:
            return text(said[2 + len(VERSION) :])
    return ""


PROTOCOL = Protocol(
    name="mqtt",
    transport=Transport.TCP,
    ports=frozenset({1883}),
    tls_ports=frozenset({8883}),
    server_speaks_first=False,
    source="MQTT 3.1.1, sections 3.1 and 3.2",
    dialogue=greet,
    executables=frozenset({"mosquitto", "emqx", "vernemq"}),
    likelihood=57,
    reads=5,
)
