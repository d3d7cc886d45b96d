"""Game servers of the Source engine: their public description (A2S_INFO)."""

from tojimari.core.endpoint import Transport
from tojimari.core.message import Value
from tojimari.core.service import Service
from tojimari.services.dialogue import Dialogue, Peer, Protocol, ask
from tojimari.services.octets import Cursor, text

SINGLE = b"\xff\xff\xff\xff"
QUESTION = SINGLE + b"TSource Engine Query\0"
INFO, CHALLENGE = b"I", b"A"


def greet(peer: Peer) -> Dialogue:
    """A2S_INFO, with the challenge where the server wants it back."""
    del peer
    answer = yield from ask(QUESTION)
    if answer[:5] == SINGLE + CHALLENGE and len(answer) == 9:
        answer = yield from ask(QUESTION + answer[5:])
    if answer[:5] != SINGLE + INFO:
        return None
    cursor = Cursor(answer, 6)
    name, level, folder, game = (text(cursor.until(b"\0")) for _ in range(4))
    details: dict[str, Value] = {"name": name, "map": level, "folder": folder}
    return Service("source-engine", game or None, evidence=name[:80], details=details)


PROTOCOL = Protocol(
    name="source-engine",
    transport=Transport.UDP,
    ports=frozenset({27015, 27016}),
    server_speaks_first=False,
    source="https://developer.valvesoftware.com/wiki/Server_queries",
    dialogue=greet,
    executables=frozenset({"srcds_linux", "hlds_linux"}),
    likelihood=5,
)
