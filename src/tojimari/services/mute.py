"""Doors behind which nobody ever answers, by design: what can be said of them without a word."""

from tojimari.core.endpoint import Endpoint, Transport
from tojimari.core.message import Message, mark
from tojimari.core.service import Confidence, Service

_UDP = {
    68: (
        "dhcp-client",
        mark("a DHCP client waits here for its server's answers, and answers nobody (RFC 2131)"),
    ),
    514: ("syslog", mark("a syslog server takes what it is sent and never answers (RFC 5426)")),
    162: ("snmp-trap", mark("a receiver of SNMP traps never answers (RFC 3416)")),
    4789: ("vxlan", mark("VXLAN carries other networks' packets and never answers (RFC 7348)")),
    51820: (
        "wireguard",
        mark(
            "WireGuard answers only those whose key it knows; the interface's own state tells more"
        ),
    ),
}
_TCP = {
    20: (
        "ftp-data",
        mark(
            "port 20 is where an FTP server's data connections come from (RFC 959); nobody waits"
            " there"
        ),
    ),
}


def known(endpoint: Endpoint) -> tuple[Service, Message] | None:
    """What a number stands for where silence is the answer; None for all other numbers."""
    table = _UDP if endpoint.transport is Transport.UDP else _TCP
    found = table.get(endpoint.port)
    if found is None:
        return None
    name, because = found
    return Service(name, confidence=Confidence.GUESS), Message(f"mute-{name}", because)
