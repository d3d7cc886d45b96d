"""iperf3: a test is announced by a cookie; the server asks for its parameters, and gets none."""

from tojimari.core.endpoint import Transport
from tojimari.core.service import Confidence, Service
from tojimari.services.dialogue import Dialogue, Peer, Protocol, Read, Send

COOKIE = 36  # letters, and a zero byte after them (iperf_api.h, COOKIE_SIZE 37)
PARAM_EXCHANGE = b"\x09"  # iperf_api.h
MORE = 0.2  # seconds; a state is one byte and nothing after it


def greet(peer: Peer) -> Dialogue:
    """A cookie, then goodbye."""
    yield Send(peer.nonce.hex()[:COOKIE].encode() + b"\0")
    if (yield Read(exactly=1)) != PARAM_EXCHANGE or (yield Read(limit=1, seconds=MORE)):
        return None
    return Service("iperf3", confidence=Confidence.LIKELY, evidence="PARAM_EXCHANGE")


PROTOCOL = Protocol(
    name="iperf3",
    transport=Transport.TCP,
    ports=frozenset({5201}),
    server_speaks_first=False,
    source="https://github.com/esnet/iperf/blob/master/src/iperf_api.h",
    dialogue=greet,
    executables=frozenset({"iperf3"}),
    likelihood=2,
    drops=None,
)
