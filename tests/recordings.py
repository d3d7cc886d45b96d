"""Recorded conversations of real servers, in ``tests/golden/services``."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tojimari.core import catalog
from tojimari.core.endpoint import Endpoint, Transport
from tojimari.core.service import Service
from tojimari.services.catalogue import PROTOCOLS
from tojimari.services.dialogue import Peer, Protocol
from tojimari.services.recording import SERVER, Replay, Turn

GOLDEN = Path(__file__).parent / "golden" / "services"
NONCE = bytes(range(32))  # of every recording, so that transaction numbers are known


@dataclass(frozen=True, slots=True)
class Recorded:
    """One recording.

    Attributes:
        name: The file's name without its ending.
        module: The file of ``services/protocols`` that it is for.
        peer: Who spoke, and where it came from.
        protocol: The protocol's name.
        port: The number at which it was recorded.
        product: What must be found.
        version: The same.
        turns: The conversation.
    """

    name: str
    module: str
    peer: str
    protocol: str
    port: int
    product: str | None
    version: str | None
    turns: tuple[Turn, ...]

    @property
    def spoken(self) -> Protocol:
        """The protocol that it is for."""
        return catalog.entry(PROTOCOLS, self.module, "PROTOCOL", Protocol)

    @property
    def said(self) -> bytes:
        """Everything that the server said."""
        return b"".join(turn.data for turn in self.turns if turn.who == SERVER)

    def at(self, protocol: Protocol) -> Peer:
        """The peer, as a dialogue of this protocol sees it."""
        return Peer(Endpoint(protocol.transport, "127.0.0.1", self.port), "lab.test", NONCE)

    def replayed(self, protocol: Protocol, chunk: int | None = None) -> Service | None:
        """What a protocol's dialogue makes of it."""
        return replayed(self, protocol, self.turns, chunk)


def replayed(
    recorded: Recorded, protocol: Protocol, turns: tuple[Turn, ...], chunk: int | None = None
) -> Service | None:
    """What a protocol's dialogue makes of some turns."""
    datagrams = protocol.transport is Transport.UDP
    replay = Replay(turns, datagrams=datagrams, chunk=chunk)
    return replay.follow(protocol.dialogue(recorded.at(protocol)))


def load(path: Path) -> Recorded:
    """One recording."""
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return Recorded(
        name=path.stem,
        module=path.stem.partition(".")[0],
        peer=found["peer"],
        protocol=found["protocol"],
        port=found["port"],
        product=found["product"],
        version=found["version"],
        turns=tuple(Turn(who, data.encode("latin-1")) for who, data in found["turns"]),
    )


ALL = [load(path) for path in sorted(GOLDEN.glob("*.json"))]
NAMES = catalog.names(PROTOCOLS)
