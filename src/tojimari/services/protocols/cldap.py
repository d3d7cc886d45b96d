"""LDAP over UDP, as domain controllers answer it: the root entry."""

from tojimari.core.endpoint import Transport
from tojimari.services import asn1, ldapmessage
from tojimari.services.dialogue import Dialogue, Peer, Protocol, ask
from tojimari.services.grammar import ldap as grammar
from tojimari.services.grammar.software import service as named
from tojimari.services.octets import Cursor


def greet(peer: Peer) -> Dialogue:
    """Search the root entry."""
    number = peer.number(2) + 1
    answer = yield from ask(ldapmessage.search(number))
    if not answer:
        return None
    entry = ldapmessage.entry(asn1.enter(Cursor(answer), asn1.SEQUENCE), number)
    if entry is None:
        return None
    software = grammar.from_entry(entry)
    return named(
        "ldap",
        software,
        evidence="root entry" if entry else "search result",
        details=ldapmessage.details(entry),
    )


PROTOCOL = Protocol(
    name="ldap",
    transport=Transport.UDP,
    ports=frozenset({389}),
    server_speaks_first=False,
    source="RFC 4511, section 4.5; MS-ADTS, section 6.3.3",
    dialogue=greet,
    executables=frozenset({"samba", "slapd"}),
)
