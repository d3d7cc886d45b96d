"""git's daemon: a repository that nobody has."""

from tojimari.core.endpoint import Transport
from tojimari.core.service import Service
from tojimari.services.dialogue import Dialogue, Peer, Protocol, Send, read_exactly
from tojimari.services.octets import ascii_word, snippet

HEXADECIMAL = frozenset(b"0123456789abcdefABCDEF")


def greet(peer: Peer) -> Dialogue:
    """Ask for a repository with a name of chance, and read the refusal."""
    path = (
        b"git-upload-pack /"
        + peer.nonce[:6].hex().encode()
        + b"\0host="
        + peer.name.encode()
        + b"\0"
    )
    yield Send(f"{len(path) + 4:04x}".encode() + path)
    head = yield from read_exactly(4)
    if len(head) < 4 or not HEXADECIMAL.issuperset(head):
        return None
    size = int(head, 16)
    said = yield from read_exactly(min(max(size - 4, 0), 1000))
    refused = said.startswith(b"ERR ")
    offered = len(said) > 45 and HEXADECIMAL.issuperset(said[:40]) and said[40:41] == b" "
    if not (refused or offered) or not ascii_word(said.rstrip(b"\n").replace(b"\0", b" ")):
        return None
    return Service("git", "git", evidence=snippet(said))


PROTOCOL = Protocol(
    name="git",
    transport=Transport.TCP,
    ports=frozenset({9418}),
    server_speaks_first=False,
    source="https://git-scm.com/docs/gitprotocol-pack",
    dialogue=greet,
    executables=frozenset({"git-daemon"}),
    likelihood=21,
    reads=4,
)
