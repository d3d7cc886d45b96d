"""SMTP and submission: the greeting, EHLO, STARTTLS. No mail is begun."""

from tojimari.core.endpoint import Transport
from tojimari.core.message import Value
from tojimari.core.service import Confidence
from tojimari.services.dialogue import Dialogue, Peer, Protocol, Send, StartTls, Talk
from tojimari.services.grammar import smtp as grammar
from tojimari.services.grammar.software import service as named
from tojimari.services.octets import snippet, text
from tojimari.services.replies import numbered, reply_text

EHLO = b"EHLO tojimari.invalid\r\n"  # a name that belongs to nobody (RFC 2606)


def greet(peer: Peer) -> Dialogue:
    """Greeting, EHLO, STARTTLS, QUIT."""
    greeting = yield from numbered()
    if greeting is None or greeting.code not in {220, 421, 554, 521}:
        return None
    said = reply_text(greeting)
    upper = said.upper()
    certain = "SMTP" in upper or "MAIL" in upper or "POSTFIX" in upper
    if "FTP" in upper or "LMTP" in upper or (greeting.code != 220 and not certain):
        return None
    details: dict[str, Value] = {"banner": said}
    if greeting.code == 220:
        extensions = yield from _extensions()
        if extensions is None and not certain:
            return None
        certain = certain or extensions is not None
        details |= yield from _security(extensions or [], peer)
    software = grammar.product(said)
    return named(
        "smtp",
        software,
        evidence=snippet(greeting.raw),
        confidence=Confidence.CERTAIN if certain else Confidence.LIKELY,
        details=details,
    )


def _extensions() -> Talk[list[str] | None]:
    """What EHLO names (RFC 5321, section 4.1.1.1); None where it was not understood."""
    yield Send(EHLO)
    reply = yield from numbered()
    if reply is None or reply.code != 250:
        return None
    return [text(line).strip() for line in reply.lines[1:]]


def _security(extensions: list[str], peer: Peer) -> Talk[dict[str, Value]]:
    """Whether the connection can be secured (RFC 3207); then leave in good order."""
    details: dict[str, Value] = {}
    if extensions:
        details["extensions"] = ", ".join(extensions)
    offered = any(one.upper() == "STARTTLS" for one in extensions)
    if not peer.tls:
        details["starttls"] = "yes" if offered else "no"
    for one in extensions:
        if one.upper().startswith("AUTH "):
            details["auth-before-tls" if not peer.tls else "auth"] = one[5:]
    if offered and not peer.tls:
        yield Send(b"STARTTLS\r\n")
        reply = yield from numbered()
        if reply is not None and reply.code == 220 and not (yield StartTls()):
            return details
    yield Send(b"QUIT\r\n")
    return details


PROTOCOL = Protocol(
    name="smtp",
    transport=Transport.TCP,
    ports=frozenset({25, 587, 2525}),
    tls_ports=frozenset({465}),
    server_speaks_first=True,
    source="RFC 5321, section 4.2; RFC 3207; RFC 6409",
    dialogue=greet,
    executables=frozenset(
        {"exim4", "exim", "sendmail", "master", "smtpd", "opensmtpd", "postscreen"}
    ),
    likelihood=65,
)
