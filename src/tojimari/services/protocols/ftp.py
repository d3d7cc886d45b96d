"""FTP's control connection: the greeting, the features, AUTH TLS.

Port 20 is the other half of an old habit: a server opens data connections *from* it (RFC 959,
section 5.2). Nobody listens there.
"""

from tojimari.core.endpoint import Transport
from tojimari.core.message import Value
from tojimari.core.service import Confidence
from tojimari.services.dialogue import Dialogue, Peer, Protocol, Send, StartTls, Talk
from tojimari.services.grammar import ftp as grammar
from tojimari.services.grammar.software import service as named
from tojimari.services.octets import snippet, text
from tojimari.services.replies import numbered, reply_text

MAIL = ("SMTP", "LMTP")


def greet(peer: Peer) -> Dialogue:
    """Greeting, FEAT, AUTH TLS, QUIT."""
    greeting = yield from numbered()
    if greeting is None or greeting.code not in {220, 120, 421, 530}:
        return None
    said = reply_text(greeting)
    if any(word in said.upper() for word in MAIL):
        return None
    confidence = Confidence.CERTAIN if "FTP" in said.upper() else Confidence.LIKELY
    details: dict[str, Value] = {"banner": said}
    if greeting.code == 220:
        features = yield from _features()
        if features is None:
            return None
        if features:
            confidence = Confidence.CERTAIN
            details["features"] = ", ".join(features)
        details |= yield from _security(features, peer)
    elif confidence is Confidence.LIKELY:
        return None
    software = grammar.product(said)
    return named(
        "ftp",
        software,
        evidence=snippet(greeting.raw),
        confidence=confidence,
        details=details,
    )


def _features() -> Talk[list[str] | None]:
    """What FEAT names (RFC 2389, section 3.2); None where this is not FTP after all."""
    yield Send(b"FEAT\r\n")
    reply = yield from numbered()
    if reply is None:
        return []
    if reply.code in {250, 252, 503} or (reply.code in {500, 502} and _is_mail(reply.lines)):
        return None
    if reply.code != 211:
        return []
    return [text(line).strip() for line in reply.lines[1:-1] if line.strip()]


def _is_mail(lines: list[bytes]) -> bool:
    """Mail servers have codes for their complaints: ``500 5.5.1`` (RFC 3463)."""
    return any(line[:2] == b"5." for line in lines)


def _security(features: list[str], peer: Peer) -> Talk[dict[str, Value]]:
    """Whether the control connection can be secured (RFC 4217); then leave."""
    offered = any(feature.upper().startswith("AUTH") for feature in features)
    details: dict[str, Value] = {}
    if not peer.tls:
        details["starttls"] = "yes" if offered else "no"
    if offered and not peer.tls:
        yield Send(b"AUTH TLS\r\n")
        reply = yield from numbered()
        if reply is not None and reply.code == 234 and not (yield StartTls()):
            return details
    yield Send(b"QUIT\r\n")
    return details


PROTOCOL = Protocol(
    name="ftp",
    transport=Transport.TCP,
    ports=frozenset({21, 2121, 8021}),
    tls_ports=frozenset({990}),
    server_speaks_first=True,
    source="RFC 959, section 5.4; RFC 2389; RFC 4217",
    dialogue=greet,
    executables=frozenset(
        {"vsftpd", "proftpd", "pure-ftpd", "ftpd", "in.ftpd", "bftpd", "pyftpdlib"}
    ),
    likelihood=60,
)
