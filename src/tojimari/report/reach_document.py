"""``tojimari reach --json``: who can reach a port, with the rule behind every answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from tojimari.core.socket import Unseen
from tojimari.report import documents
from tojimari.report.documents import UnseenDocument
from tojimari.report.encodable import text
from tojimari.report.rule_document import DeciderDocument, PassageDocument, ReachDocument

SCHEMA: Final = "tojimari.reach/1"


@dataclass(slots=True)
class PortDocument:
    """One port, or several that fare alike.

    Attributes:
        transport: ``tcp`` or ``udp``.
        first: The first number.
        last: The last number.
        reaches: From where it can be reached.
    """

    transport: str
    first: int
    last: int
    reaches: Sequence[ReachDocument]


@dataclass(slots=True)
class StepDocument:
    """A rule that a packet met.

    Attributes:
        hook: Where: ``prerouting``, ``input``, ….
        verdict: What it did: ``accept``, ``jump DOCKER``, ``mark``.
        decider: The rule.
    """

    hook: str
    verdict: str
    decider: DeciderDocument


@dataclass(slots=True)
class WayDocument:
    """The way of a packet.

    Attributes:
        port: ``22/tcp``.
        source: The address that stands for its like.
        steps: What it met, in order.
        end: What became of it.
    """

    port: str
    source: str
    steps: Sequence[StepDocument]
    end: PassageDocument


@dataclass(slots=True)
class ReachesDocument:
    """``tojimari reach --json``.

    Attributes:
        schema: The name and version of this form.
        owners: Who made the rules.
        ports: From where each port can be reached.
        ways: With ``--why``: the ways of packets.
        unseen: What could not be read; then nothing is ``certainly-not``.
    """

    schema: Literal["tojimari.reach/1"]
    owners: Sequence[str]
    ports: Sequence[PortDocument]
    ways: Sequence[WayDocument]
    unseen: Sequence[UnseenDocument]


def document(
    owners: Sequence[str],
    ports: Sequence[PortDocument],
    ways: Sequence[WayDocument],
    unseen: Sequence[Unseen],
) -> ReachesDocument:
    """The whole document."""
    return ReachesDocument(
        SCHEMA,
        [text(one) for one in owners],
        ports,
        ways,
        [documents.unseen(one) for one in unseen],
    )
