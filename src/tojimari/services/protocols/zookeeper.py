"""ZooKeeper: the four-letter word srvr, or a complaint that it is not allowed."""

import re

from tojimari.core.endpoint import Transport
from tojimari.core.message import Value
from tojimari.core.service import Service
from tojimari.services.dialogue import Dialogue, Peer, Protocol, Read, Send
from tojimari.services.octets import snippet, text

VERSION = re.compile(r"Zookeeper version: (?P<version>[0-9][0-9.]*)")
MODE = re.compile(r"Mode: (?P<mode>\w+)")


def greet(peer: Peer) -> Dialogue:
    """Say srvr."""
    del peer
    yield Send(b"srvr")
    data = yield Read(limit=2048, until=b"Node count")
    said = text(data)
    if said.startswith("srvr is not executed because it is not in the whitelist"):
        return Service("zookeeper", "ZooKeeper", vendor="Apache", evidence=snippet(data))
    found = VERSION.match(said)
    if found is None:
        return None
    mode = MODE.search(said)
    details: dict[str, Value] = {"mode": mode["mode"]} if mode else {}
    return Service(
        "zookeeper",
        "ZooKeeper",
        found["version"].rstrip("."),
        vendor="Apache",
        evidence=snippet(data),
        details=details,
    )


PROTOCOL = Protocol(
    name="zookeeper",
    transport=Transport.TCP,
    ports=frozenset({2181}),
    server_speaks_first=False,
    source="https://zookeeper.apache.org/doc/current/zookeeperAdmin.html#sc_4lw",
    dialogue=greet,
    likelihood=9,
    reads=4,
)
