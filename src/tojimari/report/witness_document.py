"""What other witnesses than the kernel say of a door, as JSON: a conversation, a scan."""

from collections.abc import Mapping
from dataclasses import dataclass

from tojimari.core.message import Value
from tojimari.core.service import Identification
from tojimari.core.sighting import Sighting
from tojimari.report.encodable import optional, text


@dataclass(slots=True)
class ConversationDocument:
    """How the conversation with a door went.

    Attributes:
        outcome: ``identified``, ``unknown``, ``silent``, ``refused``, ``reset``, ``tls-only``,
            ``peer-error``, ``unreachable``, ``left-alone``.
        protocol: What it speaks; null where that is not known.
        vendor: Who makes the product.
        product: What implements the protocol.
        version: Its version, as the peer wrote it.
        tls: Whether it was spoken inside TLS.
        confidence: ``certain``, ``likely``, ``guess``.
        evidence: What was said, short.
        details: What else was told, by name; texts and numbers.
        connections: TCP connections made, or UDP datagrams sent.
        seconds: How long it took.
    """

    outcome: str
    protocol: str | None
    vendor: str | None
    product: str | None
    version: str | None
    tls: bool
    confidence: str | None
    evidence: str
    details: Mapping[str, Value]
    connections: int
    seconds: float


@dataclass(slots=True)
class SightingDocument:
    """How a door looked from outside, at one address.

    Attributes:
        address: The machine's address that was knocked at.
        interface: The real interface by which the knock came in.
        source: The address that it came from.
        state: ``open``, ``closed``, ``filtered``, ``unknown``, for silent UDP ``open|filtered``.
        reason: Why: ``syn-ack``, ``rst``, ``udp-response``, ``port-unreachable``, ``no-response``.
        expected: Whether the rules let exactly this knock in: ``certainly``, ``maybe``,
            ``certainly-not``.
        sent_on: Whether they send it elsewhere (DNAT).
    """

    address: str
    interface: str
    source: str
    state: str
    reason: str
    expected: str
    sent_on: bool


def sighting(found: Sighting) -> SightingDocument:
    """What a scan from outside saw."""
    return SightingDocument(
        address=found.address,
        interface=text(found.interface),
        source=found.source,
        state=found.state,
        reason=found.reason,
        expected=found.expected,
        sent_on=found.sent_on,
    )


def conversation(found: Identification) -> ConversationDocument:
    """What a conversation told."""
    said = found.service
    return ConversationDocument(
        outcome=found.outcome,
        protocol=said.protocol if said else None,
        vendor=optional(said.vendor) if said else None,
        product=optional(said.product) if said else None,
        version=optional(said.version) if said else None,
        tls=said.tls if said else False,
        confidence=said.confidence if said else None,
        evidence=text(said.evidence) if said else "",
        details={
            name: text(value) if isinstance(value, str) else value
            for name, value in (said.details if said else {}).items()
        },
        connections=found.connections,
        seconds=round(found.seconds, 3),
    )
