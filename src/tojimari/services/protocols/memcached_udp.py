"""memcached over UDP: version, behind the frame that its datagrams have."""

from tojimari.core.endpoint import Transport
from tojimari.core.service import Service
from tojimari.services.dialogue import Dialogue, Peer, Protocol, ask
from tojimari.services.octets import snippet, text

FRAME = 8  # bytes: request, sequence, datagrams, reserved


def greet(peer: Peer) -> Dialogue:
    """Ask for the version."""
    number = peer.nonce[:2]
    answer = yield from ask(number + b"\0\0\0\1\0\0" + b"version\r\n")
    said = answer[FRAME:]
    if answer[:2] != number or not said.startswith(b"VERSION "):
        return None
    return Service("memcached", "memcached", text(said[8:].strip()), evidence=snippet(said))


PROTOCOL = Protocol(
    name="memcached",
    transport=Transport.UDP,
    ports=frozenset({11211}),
    server_speaks_first=False,
    source="https://github.com/memcached/memcached/blob/master/doc/protocol.txt",
    dialogue=greet,
    executables=frozenset({"memcached"}),
)
