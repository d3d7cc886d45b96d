"""Subversion's own server: the greeting with its versions and capabilities."""

import re

from tojimari.core.endpoint import Transport
from tojimari.core.service import Service
from tojimari.services.dialogue import Dialogue, Peer, Protocol, Read
from tojimari.services.octets import snippet, text

GREETING = re.compile(
    r"\( success \( (?P<lowest>[0-9]+) (?P<highest>[0-9]+) \( (?P<mechanisms>[^()]*)\)"
    r" \( (?P<capabilities>[^()]*)\)"
)


def greet(peer: Peer) -> Dialogue:
    """Read the greeting."""
    del peer
    data = yield Read(limit=1024, until=b") ) ) ")
    found = GREETING.match(text(data))
    if found is None:
        return None
    details = {
        "protocol": f"{found['lowest']}-{found['highest']}",
        "capabilities": found["capabilities"].strip(),
    }
    return Service(
        "svn", "Subversion", vendor="Apache", evidence=snippet(data), details={**details}
    )


PROTOCOL = Protocol(
    name="svn",
    transport=Transport.TCP,
    ports=frozenset({3690}),
    server_speaks_first=True,
    source="https://svn.apache.org/repos/asf/subversion/trunk/subversion/libsvn_ra_svn/protocol",
    dialogue=greet,
    executables=frozenset({"svnserve"}),
    likelihood=8,
)
