"""LMTP, the last step of mail: the greeting and LHLO."""

from tojimari.core.endpoint import Transport
from tojimari.core.message import Value
from tojimari.services.dialogue import Dialogue, Peer, Protocol, Send
from tojimari.services.grammar import mail
from tojimari.services.grammar.software import service as named
from tojimari.services.octets import snippet, text
from tojimari.services.replies import numbered, reply_text


def greet(peer: Peer) -> Dialogue:
    """Greeting, LHLO, QUIT."""
    greeting = yield from numbered()
    if greeting is None or greeting.code != 220:
        return None
    said = reply_text(greeting)
    if "LMTP" not in said.upper() and peer.endpoint.port not in PROTOCOL.ports:
        return None
    yield Send(b"LHLO tojimari.invalid\r\n")
    reply = yield from numbered()
    if reply is None or reply.code != 250:
        return None
    yield Send(b"QUIT\r\n")
    software = mail.product(said)
    details: dict[str, Value] = {
        "banner": said,
        "extensions": ", ".join(text(line) for line in reply.lines[1:]),
    }
    return named(
        "lmtp",
        software,
        evidence=snippet(greeting.raw),
        details=details,
    )


PROTOCOL = Protocol(
    name="lmtp",
    transport=Transport.TCP,
    ports=frozenset({24}),
    server_speaks_first=True,
    source="RFC 2033, section 4.1",
    dialogue=greet,
    executables=frozenset({"dovecot"}),
    likelihood=64,
)
