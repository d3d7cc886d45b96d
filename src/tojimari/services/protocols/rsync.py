"""rsync's daemon: the greeting with the protocol's version. No list of modules is asked for."""

from tojimari.core.endpoint import Transport
from tojimari.core.message import Value
from tojimari.core.service import Service
from tojimari.services.dialogue import Dialogue, Peer, Protocol, read_line
from tojimari.services.octets import snippet, text


def greet(peer: Peer) -> Dialogue:
    """Read the greeting."""
    del peer
    line = yield from read_line(256)
    words = text(line).split()
    if len(words) < 2 or words[0] != "@RSYNCD:" or not words[1][:1].isdigit():
        return None
    details: dict[str, Value] = {"protocol": words[1]}
    if words[2:]:
        details["digests"] = " ".join(words[2:])
    return Service("rsync", "rsync", evidence=snippet(line), details=details)


PROTOCOL = Protocol(
    name="rsync",
    transport=Transport.TCP,
    ports=frozenset({873}),
    tls_ports=frozenset({874}),
    server_speaks_first=True,
    source="https://github.com/RsyncProject/rsync/blob/master/csprotocol.txt",
    dialogue=greet,
    executables=frozenset({"rsync"}),
    likelihood=28,
)
