"""ManageSieve: the capabilities that the server begins with."""

from tojimari.core.endpoint import Transport
from tojimari.core.message import Value
from tojimari.core.service import Service
from tojimari.services.dialogue import Dialogue, Peer, Protocol, Send, read_reply
from tojimari.services.grammar import mail
from tojimari.services.octets import snippet, text


def greet(peer: Peer) -> Dialogue:
    """Read the capabilities."""
    lines = yield from read_reply(lambda line: line.startswith(b'"'))
    if not lines or not lines[0].startswith(b'"') or not lines[-1].upper().startswith(b"OK"):
        return None
    fields = [text(line).split('"') for line in lines[:-1]]
    told = {one[1].upper(): one[3] if len(one) > 3 else "" for one in fields if len(one) > 1}
    if "IMPLEMENTATION" not in told and "SIEVE" not in told:
        return None
    yield Send(b"LOGOUT\r\n")
    software = mail.product(told.get("IMPLEMENTATION", ""))
    details: dict[str, Value] = {"sieve": told.get("SIEVE", "")}
    if not peer.tls:
        details["starttls"] = "yes" if "STARTTLS" in told else "no"
    return Service(
        "sieve",
        product=software.product if software else told.get("IMPLEMENTATION"),
        version=software.version if software else None,
        vendor=software.vendor if software else None,
        evidence=snippet(lines[0]),
        details=details,
    )


PROTOCOL = Protocol(
    name="sieve",
    transport=Transport.TCP,
    ports=frozenset({4190}),
    server_speaks_first=True,
    source="RFC 5804, section 1.7",
    dialogue=greet,
    executables=frozenset({"dovecot"}),
    likelihood=4,
)
