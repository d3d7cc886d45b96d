"""Zabbix's agent: agent.version, which it tells to those that it allows."""

import struct

from tojimari.core.endpoint import Transport
from tojimari.core.service import Service
from tojimari.services.dialogue import Dialogue, Peer, Protocol, Send, read_exactly
from tojimari.services.octets import snippet, text

MAGIC = b"ZBXD\1"
KEY = b"agent.version"


def greet(peer: Peer) -> Dialogue:
    """Ask for agent.version."""
    del peer
    yield Send(MAGIC + struct.pack("<Q", len(KEY)) + KEY)
    head = yield from read_exactly(13)
    if len(head) < 13 or not head.startswith(MAGIC):
        return None
    size = int.from_bytes(head[5:9], "little")
    said = yield from read_exactly(min(size, 128))
    version = text(said) if said[:1].isdigit() else None
    return Service(
        "zabbix", "Zabbix agent", version, vendor="Zabbix", evidence=snippet(said) or "ZBXD"
    )


PROTOCOL = Protocol(
    name="zabbix",
    transport=Transport.TCP,
    ports=frozenset({10050, 10051}),
    server_speaks_first=False,
    source="https://www.zabbix.com/documentation/current/en/manual/appendix/protocols",
    dialogue=greet,
    executables=frozenset({"zabbix_agentd", "zabbix_agent2", "zabbix_server"}),
    likelihood=1,
)
