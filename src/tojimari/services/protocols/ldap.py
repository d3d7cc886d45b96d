"""LDAP: the root entry, which everybody may read."""

from tojimari.core.endpoint import Transport
from tojimari.core.message import Value
from tojimari.services import asn1, ldapmessage
from tojimari.services.dialogue import Dialogue, Peer, Protocol, Send, read_exactly
from tojimari.services.grammar import ldap as grammar
from tojimari.services.grammar.software import service as named
from tojimari.services.octets import Cursor

NUMBER = 1
MAX_MESSAGE = 1 << 16  # bytes


def greet(peer: Peer) -> Dialogue:
    """Search the root entry."""
    yield Send(ldapmessage.search(NUMBER))
    head = yield from read_exactly(2)
    if len(head) < 2 or head[0] != asn1.SEQUENCE:
        return None
    more = head[1] & 0x7F if head[1] & 0x80 else 0
    if more > asn1.MAX_LENGTH_OCTETS:
        return None
    head += yield from read_exactly(more)
    _, length = asn1.header(Cursor(head))
    if not 0 < length <= MAX_MESSAGE:
        return None
    message = Cursor((yield from read_exactly(length)))
    entry = ldapmessage.entry(message, NUMBER)
    if entry is None:
        return None
    software = grammar.from_entry(entry)
    details: dict[str, Value] = ldapmessage.details(entry)
    if peer.tls:
        details.pop("starttls", None)
    return named(
        "ldap",
        software,
        evidence="root entry" if entry else "search result",
        details=details,
    )


PROTOCOL = Protocol(
    name="ldap",
    transport=Transport.TCP,
    ports=frozenset({389, 3268, 1389, 10389}),
    tls_ports=frozenset({636, 3269, 1636}),
    server_speaks_first=False,
    source="RFC 4511, section 4.5; RFC 4512, section 5.1",
    dialogue=greet,
    executables=frozenset({"slapd", "ns-slapd"}),
    likelihood=45,
    drops=frozenset({"tls"}),
    reads=5,
)
