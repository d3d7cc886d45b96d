"""Record a real server's conversation, as a file for ``tests/golden/services``, on standard output.

    python3 tests/record.py ADDRESS PORT PROTOCOL "OpenSSH 9.2p1, Debian 12" [--tls ALPN]

Inside a house of the practice network, for example:

    sudo tojimari lab run visitor sh -c "PYTHONPATH=/opt/tojimari/code:/opt/tojimari/libraries \\
        python3 - 192.0.2.20 22 ssh 'OpenSSH 9.2p1, Debian 12'" <tests/record.py
"""

import argparse
import json
import sys
import time
from dataclasses import replace

from tojimari.core import catalog
from tojimari.core.endpoint import Endpoint, Transport
from tojimari.services import datagram, stream
from tojimari.services.attempt import Attempt, Ending, connection
from tojimari.services.catalogue import PROTOCOLS
from tojimari.services.contact import Contact, Terms
from tojimari.services.dialogue import Peer, Protocol, StartTls, Talk
from tojimari.services.loop import Loop
from tojimari.services.recording import CLIENT, Turn, recorded

NONCE = bytes(range(32))  # of every recording, so that transaction numbers are known
SECONDS = 10.0
PATIENCE = 3.0  # seconds for one answer


def main() -> None:
    """Speak, and write down what was said."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address")
    parser.add_argument("port", type=int)
    parser.add_argument("protocol", help="a file of services/protocols")
    parser.add_argument("peer", help="who spoke, and where it came from")
    parser.add_argument("--tls", metavar="ALPN", help="inside TLS, with this offered")
    parser.add_argument("--name", default="lab.test", help="what the building is called")
    given = parser.parse_args()
    spoken = catalog.entry(PROTOCOLS, given.protocol, "PROTOCOL", Protocol)
    peer = Peer(Endpoint(spoken.transport, given.address, given.port), given.name, NONCE)
    ending, turns = spoke(spoken, peer, given.tls)
    if ending is None or ending.service is None:
        sys.exit(f"nothing that is {spoken.name} there")
    document = {
        "protocol": spoken.name,
        "transport": str(spoken.transport),
        "port": given.port,
        "peer": given.peer,
        "product": ending.service.product,
        "version": ending.service.version,
        "turns": [
            [turn.who, "" if turn.who == CLIENT else turn.data.decode("latin-1")] for turn in turns
        ],
    }
    sys.stdout.write(json.dumps(document, indent=1) + "\n")


def spoke(spoken: Protocol, peer: Peer, tls: str | None) -> tuple[Ending | None, list[Turn]]:
    """One conversation, and its turns."""
    turns: list[Turn] = []
    attempt = Attempt(
        speak=replace(spoken, dialogue=recorded(spoken.dialogue, turns)), expected=True
    )

    def conversation(met: Peer) -> Talk[Ending]:
        if tls is not None:
            yield StartTls((tls,))
        return (yield from connection(attempt, replace(met, tls=tls is not None)))

    terms = Terms(time.monotonic() + SECONDS, PATIENCE, allowed=8)
    if spoken.transport is Transport.TCP:
        job = stream.talk(peer, conversation, terms)
    else:
        job = datagram.talk(peer, conversation, terms, source_port=spoken.source_port)
    loop: Loop[Contact[Ending]] = Loop()
    return next(loop.results(iter([job]), 1)).result, turns


if __name__ == "__main__":
    main()
