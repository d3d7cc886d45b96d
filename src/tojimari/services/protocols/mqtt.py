"""MQTT: CONNECT as nobody. The broker says whether it would take us; we leave at once."""

import struct

from tojimari.core.endpoint import Transport
from tojimari.core.message import Value
from tojimari.core.service import Service
from tojimari.services.dialogue import Dialogue, Peer, Protocol, Send, read_exactly

CONNECT, CONNACK, DISCONNECT = 0x10, 0x20, b"\xe0\0"
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
    """CONNECT (MQTT 3.1.1) with a clean session and no name of a user."""
    client = b"tojimari" + peer.nonce[:4].hex().encode()
    body = struct.pack(">H4sBBH", 4, b"MQTT", 4, 2, 10) + struct.pack(">H", len(client)) + client
    yield Send(bytes([CONNECT, len(body)]) + body)
    answer = yield from read_exactly(4)
    if len(answer) < 4 or answer[0] != CONNACK or answer[1] != 2 or answer[2] > 1:
        return None
    code = answer[3]
    if code not in REASONS:
        return None
    if code == 0:
        yield Send(DISCONNECT)
    details: dict[str, Value] = {
        "answer": REASONS[code],
        "authentication": "no" if code == 0 else "yes",
    }
    return Service("mqtt", evidence=f"CONNACK {code}", details=details)


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
)
