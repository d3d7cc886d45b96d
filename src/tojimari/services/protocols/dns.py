"""DNS over TCP: the server's version, and whether it looks up anything for anybody."""

from tojimari.core.endpoint import Transport
from tojimari.services import dnsmessage
from tojimari.services.dialogue import Dialogue, Peer, Protocol, Send, Talk, read_exactly
from tojimari.services.dnsanswer import VERSION, service


def greet(peer: Peer) -> Dialogue:
    """version.bind, then the root's name servers, over one connection."""
    number = peer.number(2)
    version = yield from _asked(
        number, dnsmessage.query(number, VERSION, dnsmessage.TXT, dnsmessage.CHAOS)
    )
    if version is None or not version.answers(VERSION):
        return None
    number = (number + 1) & 0xFFFF
    root = yield from _asked(
        number, dnsmessage.query(number, "", dnsmessage.NS, dnsmessage.ANY_IN, recursion=True)
    )
    return service(version, root)


def _asked(number: int, question: bytes) -> Talk[dnsmessage.Answer | None]:
    yield Send(len(question).to_bytes(2, "big") + question)
    length = yield from read_exactly(2)
    if len(length) < 2 or int.from_bytes(length, "big") < 12:
        return None
    message = yield from read_exactly(int.from_bytes(length, "big"))
    return dnsmessage.parsed(message, number)


PROTOCOL = Protocol(
    name="dns",
    transport=Transport.TCP,
    ports=frozenset({53}),
    tls_ports=frozenset({853}),
    server_speaks_first=False,
    source="RFC 1035, section 4.2.2; RFC 4892; RFC 7858",
    dialogue=greet,
    executables=frozenset(
        {"named", "dnsmasq", "unbound", "systemd-resolved", "pdns_server", "pdns_recursor"}
        | {"knotd", "kresd", "nsd", "coredns"}
    ),
    likelihood=55,
    drops=frozenset(),
)
