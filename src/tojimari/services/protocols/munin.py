"""munin's node: its greeting and its version."""

import re

from tojimari.core.endpoint import Transport
from tojimari.core.service import Service
from tojimari.services.dialogue import Dialogue, Peer, Protocol, Send, read_line
from tojimari.services.octets import snippet, text

VERSION = re.compile(r"version: (?P<version>[0-9][\w.~+-]*)")


def greet(peer: Peer) -> Dialogue:
    """Greeting, version, quit."""
    del peer
    greeting = yield from read_line(256)
    if not greeting.startswith(b"# munin node at "):
        return None
    yield Send(b"version\nquit\n")
    answer = yield from read_line(256)
    found = VERSION.search(text(answer))
    return Service(
        "munin", "Munin node", found["version"] if found else None, evidence=snippet(greeting)
    )


PROTOCOL = Protocol(
    name="munin",
    transport=Transport.TCP,
    ports=frozenset({4949}),
    server_speaks_first=True,
    source="https://guide.munin-monitoring.org/en/latest/master/network-protocol.html",
    dialogue=greet,
    executables=frozenset({"munin-node"}),
    likelihood=2,
)
