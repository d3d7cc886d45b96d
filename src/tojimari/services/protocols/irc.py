"""IRC: the server's notices, or its complaint that nobody has registered."""

import re

from tojimari.core.endpoint import Transport
from tojimari.core.message import Value
from tojimari.core.service import Service
from tojimari.services.dialogue import Dialogue, Peer, Protocol, Send, read_line
from tojimari.services.octets import snippet, text

NUMERIC = re.compile(r":(?P<server>[\w.-]+) (?P<code>[0-9]{3}|CAP|NOTICE) (?P<rest>.*)")
NOTICE = re.compile(r"(?::[\w.-]+ )?NOTICE (?:AUTH|\*|Auth) ?:")


def greet(peer: Peer) -> Dialogue:
    """CAP LS and a command that needs registration; QUIT."""
    del peer
    yield Send(b"CAP LS 302\r\nVERSION\r\n")
    details: dict[str, Value] = {}
    first = b""
    certain = False
    for _ in range(8):
        line = yield from read_line(512)
        if not line:
            break
        first = first or line
        said = text(line.strip())
        found = NUMERIC.match(said)
        if found is None and not NOTICE.match(said) and not said.startswith("ERROR :"):
            break
        if found is not None:
            details["server"] = found["server"]
            certain = certain or found["code"] in {"451", "CAP", "421", "351"}
            if found["code"] == "CAP" and " LS " in said:
                details["capabilities"] = said.rpartition(":")[2].strip()
            if found["code"] in {"451", "421", "351"}:
                break
        certain = certain or bool(NOTICE.match(said)) or said.startswith("ERROR :")
    if not certain:
        return None
    yield Send(b"QUIT\r\n")
    return Service("irc", evidence=snippet(first), details=details)


PROTOCOL = Protocol(
    name="irc",
    transport=Transport.TCP,
    ports=frozenset({6667, 6666, 6668, 6669}),
    tls_ports=frozenset({6697}),
    server_speaks_first=False,
    source="RFC 2812, sections 3.1 and 5.2; https://ircv3.net/specs/extensions/capability-negotiation",
    dialogue=greet,
    executables=frozenset({"ngircd", "inspircd", "unrealircd", "ircd"}),
    likelihood=8,
    drops=None,
)
