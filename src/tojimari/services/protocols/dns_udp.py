"""DNS over UDP: the server's version, and whether it looks up anything for anybody."""

from tojimari.core.endpoint import Transport
from tojimari.services import dnsmessage
from tojimari.services.dialogue import Dialogue, Peer, Protocol, ask
from tojimari.services.dnsanswer import VERSION, service


def first_words(peer: Peer) -> bytes:
    """version.bind; where nothing points to DNS, so that a time server answers as well."""
    if peer.expected:
        return dnsmessage.query(peer.number(2), VERSION, dnsmessage.TXT, dnsmessage.CHAOS)
    return dnsmessage.also_time(peer.nonce[0], peer.nonce, VERSION)


def greet(peer: Peer) -> Dialogue:
    """version.bind, then the root's name servers."""
    question = first_words(peer)
    number = int.from_bytes(question[:2], "big")
    message = yield from ask(question)
    version = dnsmessage.parsed(message, number) if message else None
    if version is None or not version.answers(VERSION):
        return None
    number = (number + 1) & 0xFFFF
    question = dnsmessage.query(number, "", dnsmessage.NS, dnsmessage.ANY_IN, recursion=True)
    message = yield from ask(question)
    return service(version, dnsmessage.parsed(message, number) if message else None)


PROTOCOL = Protocol(
    name="dns",
    transport=Transport.UDP,
    ports=frozenset({53}),
    server_speaks_first=False,
    source="RFC 1035, section 4.2.1; RFC 4892",
    dialogue=greet,
    executables=frozenset(
        {"named", "dnsmasq", "unbound", "systemd-resolved", "pdns_server", "pdns_recursor"}
        | {"knotd", "kresd", "nsd", "coredns"}
    ),
    likelihood=90,
)
