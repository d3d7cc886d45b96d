"""beanstalkd: its statistics, which name the version."""

import re

from tojimari.core.endpoint import Transport
from tojimari.core.message import Value
from tojimari.core.service import Service
from tojimari.services.dialogue import Dialogue, Peer, Protocol, Read, Send, read_line
from tojimari.services.octets import snippet, text

OK = re.compile(rb"OK (?P<size>[0-9]{1,5})\r\n")
FIELD = re.compile(r'^(?P<name>[\w-]+): "?(?P<value>[^"\n]*)', re.MULTILINE)


def greet(peer: Peer) -> Dialogue:
    """Ask for the statistics."""
    del peer
    yield Send(b"stats\r\n")
    line = yield from read_line(64)
    if line == b"UNKNOWN_COMMAND\r\n":
        return Service("beanstalkd", "beanstalkd", evidence=snippet(line))
    found = OK.fullmatch(line)
    if found is None:
        return None
    body = text((yield Read(exactly=min(int(found["size"]), 8192))))
    fields = {one["name"]: one["value"] for one in FIELD.finditer(body)}
    if "current-jobs-urgent" not in fields:
        return None
    details: dict[str, Value] = {"hostname": fields.get("hostname", ""), "os": fields.get("os", "")}
    return Service(
        "beanstalkd", "beanstalkd", fields.get("version"), evidence=snippet(line), details=details
    )


PROTOCOL = Protocol(
    name="beanstalkd",
    transport=Transport.TCP,
    ports=frozenset({11300}),
    server_speaks_first=False,
    source="https://github.com/beanstalkd/beanstalkd/blob/master/doc/protocol.txt",
    dialogue=greet,
    executables=frozenset({"beanstalkd"}),
    likelihood=2,
    drops=None,
)
