"""memcached's text protocol: version."""

from tojimari.core.endpoint import Transport
from tojimari.core.service import Service
from tojimari.services.dialogue import Dialogue, Peer, Protocol, Send, read_line
from tojimari.services.octets import snippet, text


def greet(peer: Peer) -> Dialogue:
    """Ask for the version."""
    del peer
    yield Send(b"version\r\n")
    answer = yield from read_line(512)
    if answer.startswith(b"VERSION ") and answer.endswith(b"\r\n"):
        version = text(answer[8:].strip())
        return Service("memcached", "memcached", version, evidence=snippet(answer))
    if answer == b"ERROR\r\n":
        return Service("memcached", "memcached", evidence=snippet(answer))
    return None


PROTOCOL = Protocol(
    name="memcached",
    transport=Transport.TCP,
    ports=frozenset({11211}),
    server_speaks_first=False,
    source="https://github.com/memcached/memcached/blob/master/doc/protocol.txt",
    dialogue=greet,
    executables=frozenset({"memcached"}),
    likelihood=25,
    drops=None,
)
