"""OpenVPN over TCP: a hard reset, answered with the server's own."""

from tojimari.core.endpoint import Transport
from tojimari.core.service import Service
from tojimari.services.dialogue import Dialogue, Peer, Protocol, Send, read_exactly

CLIENT_RESET, SERVER_RESET = 0x38, 0x40  # P_CONTROL_HARD_RESET_CLIENT_V2 and _SERVER_V2, key 0


def greet(peer: Peer) -> Dialogue:
    """Hard reset; the handshake of TLS is not begun."""
    session = peer.nonce[:8]
    packet = bytes([CLIENT_RESET]) + session + bytes(5)
    yield Send(len(packet).to_bytes(2, "big") + packet)
    size = int.from_bytes((yield from read_exactly(2)), "big")
    if not 14 <= size <= 100:
        return None
    answer = yield from read_exactly(size)
    if answer[:1] != bytes([SERVER_RESET]) or session not in answer:
        return None
    return Service("openvpn", "OpenVPN", vendor="OpenVPN", evidence="hard reset")


PROTOCOL = Protocol(
    name="openvpn",
    transport=Transport.TCP,
    ports=frozenset({1194}),
    server_speaks_first=False,
    source="https://build.openvpn.net/doxygen/network_protocol.html",
    dialogue=greet,
    executables=frozenset({"openvpn"}),
    likelihood=2,
    reads=2,
)
