"""Multicast DNS, asked directly: which kinds of services the machine offers."""

from tojimari.core.endpoint import Transport
from tojimari.core.message import Value
from tojimari.core.service import Service
from tojimari.services import dnsmessage
from tojimari.services.dialogue import Dialogue, Peer, Protocol, ask

META = "_services._dns-sd._udp.local"  # RFC 6763, section 9
UNICAST = 0x8001  # class IN, and please answer to us alone (RFC 6762, section 5.4)


def greet(peer: Peer) -> Dialogue:
    """PTR of all kinds of services."""
    answer = yield from ask(dnsmessage.query(peer.number(2), META, dnsmessage.PTR, UNICAST))
    parsed = dnsmessage.parsed(answer, None) if answer else None
    if parsed is None or not any("._tcp" in one or "._udp" in one for one in parsed.names):
        return None
    kinds = sorted({one.removesuffix(".local") for one in parsed.names})
    details: dict[str, Value] = {"services": ", ".join(kinds)}
    return Service("mdns", evidence=f"{len(kinds)} kinds of services", details=details)


PROTOCOL = Protocol(
    name="mdns",
    transport=Transport.UDP,
    ports=frozenset({5353}),
    server_speaks_first=False,
    source="RFC 6762, section 5; RFC 6763, section 9",
    dialogue=greet,
    executables=frozenset({"avahi-daemon", "mDNSResponder"}),
    likelihood=60,
)
