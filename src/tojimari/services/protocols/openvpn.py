"""OpenVPN over UDP: a hard reset, answered with the server's own."""

from tojimari.core.endpoint import Transport
from tojimari.core.service import Service
from tojimari.services.dialogue import Dialogue, Peer, Protocol, ask

CLIENT_RESET, SERVER_RESET = 0x38, 0x40  # P_CONTROL_HARD_RESET_CLIENT_V2 and _SERVER_V2, key 0


def greet(peer: Peer) -> Dialogue:
    """Hard reset; the handshake of TLS is not begun."""
    session = peer.nonce[:8]
    answer = yield from ask(bytes([CLIENT_RESET]) + session + bytes(5))
    if len(answer) < 14 or answer[0] != SERVER_RESET or session not in answer:
        return None
    return Service("openvpn", "OpenVPN", vendor="OpenVPN", evidence="hard reset")


PROTOCOL = Protocol(
    name="openvpn",
    transport=Transport.UDP,
    ports=frozenset({1194}),
    server_speaks_first=False,
    source="https://build.openvpn.net/doxygen/network_protocol.html",
    dialogue=greet,
    executables=frozenset({"openvpn"}),
    likelihood=20,
)
