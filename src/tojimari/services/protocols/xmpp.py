"""XMPP: the stream's opening and the features that the server offers."""

import re

from tojimari.core.endpoint import Transport
from tojimari.core.message import Value
from tojimari.core.service import Service
from tojimari.services.dialogue import Dialogue, Peer, Protocol, Read, Send, StartTls
from tojimari.services.octets import snippet, text

SERVER_PORTS = frozenset({5269})
MECHANISM = re.compile(r"<mechanism[^>]*>([^<]+)</mechanism>")
IDENTITY = re.compile(r"<stream:stream[^>]*?\sfrom=['\"]([^'\"]*)['\"]")
STARTTLS = b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"


def greet(peer: Peer) -> Dialogue:
    """Open a stream, read the features, ask for TLS."""
    namespace = "server" if peer.endpoint.port in SERVER_PORTS else "client"
    yield Send(
        f"<?xml version='1.0'?><stream:stream to='{_host(peer)}' xmlns='jabber:{namespace}'"
        f" xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>".encode()
    )
    opening = yield Read(limit=4096, until=b">")
    while (
        opening.count(b"<stream:stream") == 0
        and opening.startswith(b"<?xml")
        and len(opening) < 2048
    ):
        more = yield Read(limit=4096, until=b">")
        if not more:
            break
        opening += more
    if b"<stream:stream" not in opening or b"etherx.jabber.org" not in opening:
        return None
    rest = yield Read(limit=8192, until=b"</stream:features>", seconds=0.7)
    said = text(opening + rest)
    offered = "urn:ietf:params:xml:ns:xmpp-tls" in said
    details: dict[str, Value] = {} if peer.tls else {"starttls": "yes" if offered else "no"}
    mechanisms = MECHANISM.findall(said)
    if mechanisms:
        details["mechanisms"] = ", ".join(mechanisms)
    identity = IDENTITY.search(said)
    if identity is not None:
        details["from"] = identity[1]
    if offered and not peer.tls:
        yield Send(STARTTLS)
        answer = yield Read(limit=1024, until=b">")
        if answer.startswith(b"<proceed"):
            yield StartTls()
    else:
        yield Send(b"</stream:stream>")
    return Service("xmpp", evidence=snippet(opening), details=details)


def _host(peer: Peer) -> str:
    """A name that cannot break out of the attribute."""
    return "".join(char for char in peer.name if char.isalnum() or char in ".-:")


PROTOCOL = Protocol(
    name="xmpp",
    transport=Transport.TCP,
    ports=frozenset({5222, 5269}),
    tls_ports=frozenset({5223, 5270}),
    server_speaks_first=False,
    source="RFC 6120, sections 4.2, 4.3 and 5.4",
    dialogue=greet,
    executables=frozenset({"prosody", "ejabberd"}),
    likelihood=13,
    drops=None,
)
