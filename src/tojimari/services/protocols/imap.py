"""IMAP: the greeting, CAPABILITY, ID, STARTTLS. Nobody logs in."""

from tojimari.core.endpoint import Transport
from tojimari.core.message import Value
from tojimari.services.dialogue import (
    Dialogue,
    Peer,
    Protocol,
    Send,
    StartTls,
    Talk,
    read_line,
    read_reply,
)
from tojimari.services.grammar import imap as grammar
from tojimari.services.grammar.software import service as named
from tojimari.services.octets import snippet, text

STATES = (b"* OK", b"* PREAUTH", b"* BYE")  # RFC 9051, section 7.1


def greet(peer: Peer) -> Dialogue:
    """Greeting, CAPABILITY, STARTTLS, LOGOUT."""
    greeting = yield from read_line()
    if not greeting.startswith(STATES):
        return None
    said = text(greeting.rstrip(b"\r\n")).split(" ", 2)[2] if greeting.count(b" ") > 1 else ""
    software = grammar.product(said)
    capabilities = yield from _capabilities()
    if capabilities is None and software is None and "IMAP" not in said.upper():
        return None
    details: dict[str, Value] = {"banner": said}
    details |= yield from _security(capabilities or [], peer)
    return named(
        "imap",
        software,
        evidence=snippet(greeting),
        details=details,
    )


def _capabilities() -> Talk[list[str] | None]:
    """What CAPABILITY names (RFC 9051, section 6.1.1)."""
    yield Send(b"a CAPABILITY\r\n")
    lines = yield from read_reply(lambda line: not line.startswith(b"a "))
    for line in lines:
        if line.upper().startswith(b"* CAPABILITY "):
            return text(line).split()[2:]
    return None


def _security(capabilities: list[str], peer: Peer) -> Talk[dict[str, Value]]:
    """Whether the connection can be secured (RFC 9051, section 6.2.1); then leave."""
    details: dict[str, Value] = {}
    if capabilities:
        details["capabilities"] = " ".join(capabilities)
    offered = "STARTTLS" in (one.upper() for one in capabilities)
    if not peer.tls:
        details["starttls"] = "yes" if offered else "no"
    if offered and not peer.tls:
        yield Send(b"b STARTTLS\r\n")
        answer = yield from read_line()
        if answer.startswith(b"b OK") and not (yield StartTls()):
            return details
    yield Send(b"c LOGOUT\r\n")
    return details


PROTOCOL = Protocol(
    name="imap",
    transport=Transport.TCP,
    ports=frozenset({143}),
    tls_ports=frozenset({993}),
    server_speaks_first=True,
    source="RFC 9051, section 7.1; RFC 2971",
    dialogue=greet,
    executables=frozenset({"dovecot", "imapd", "cyrus-imapd", "couriertcpd"}),
    likelihood=41,
)
