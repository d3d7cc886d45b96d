"""``tojimari identify --json``: what speaks behind each door."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from tojimari.core.message import Value
from tojimari.core.service import Identification
from tojimari.core.socket import Unseen
from tojimari.report.language import Language

SCHEMA: Final = "tojimari.identify/1"


@dataclass(slots=True)
class DoorDocument:
    """One door.

    Attributes:
        transport: ``tcp``, ``udp``.
        address: Canonical text.
        port: The number.
        outcome: ``identified``, ``unknown``, ``silent``, ``refused``, ``reset``, ``tls-only``,
            ``peer-error``, ``unreachable``, ``left-alone``.
        because: Why it ended so, in English; null where the outcome says it all.
        protocol: What it speaks; null where that is not known.
        vendor: Who makes the product.
        product: What implements the protocol.
        version: Its version, as the peer wrote it.
        tls: Whether it was spoken inside TLS.
        confidence: ``certain``, ``likely``, ``guess``.
        evidence: What was said, short.
        details: What else was told, by name; texts and numbers.
        heard: The first bytes of what nobody understood, base64.
        connections: TCP connections made, or UDP datagrams sent.
        tried: The protocols that were spoken, in order.
        seconds: How long it took.
    """

    transport: str
    address: str
    port: int
    outcome: str
    because: str | None
    protocol: str | None
    vendor: str | None
    product: str | None
    version: str | None
    tls: bool
    confidence: str | None
    evidence: str
    details: Mapping[str, Value]
    heard: str
    connections: int
    tried: Sequence[str]
    seconds: float


@dataclass(slots=True)
class UnseenDocument:
    """Something that was not spoken to.

    Attributes:
        code: What, for programs.
        text: What, in English.
        count: How many; 0 where even that is unknown.
    """

    code: str
    text: str
    count: int


@dataclass(slots=True)
class IdentifyDocument:
    """What speaks behind each door.

    Attributes:
        schema: The name and version of this form.
        doors: Every door that was spoken with, by transport, address and number.
        unseen: What was left out, because it could not be seen or reached.
    """

    schema: Literal["tojimari.identify/1"]
    doors: list[DoorDocument]
    unseen: list[UnseenDocument]


def document(found: Sequence[Identification], unseen: Sequence[Unseen]) -> IdentifyDocument:
    """The document of one run."""
    return IdentifyDocument(
        schema=SCHEMA,
        doors=[_door(one) for one in sorted(found, key=lambda one: one.endpoint)],
        unseen=[
            UnseenDocument(one.message.code, Language.ENGLISH.say(one.message), one.count)
            for one in unseen
        ],
    )


def _door(found: Identification) -> DoorDocument:
    service = found.service
    return DoorDocument(
        transport=found.endpoint.transport,
        address=found.endpoint.address,
        port=found.endpoint.port,
        outcome=found.outcome,
        because=Language.ENGLISH.say(found.because) if found.because else None,
        protocol=service.protocol if service else None,
        vendor=_encodable(service.vendor) if service else None,
        product=_encodable(service.product) if service else None,
        version=_encodable(service.version) if service else None,
        tls=service.tls if service else False,
        confidence=service.confidence if service else None,
        evidence=service.evidence if service else "",
        details={
            name: _encodable(value) or "" if isinstance(value, str) else value
            for name, value in (service.details if service else {}).items()
        },
        heard=base64.b64encode(found.heard).decode("ascii"),
        connections=found.connections,
        tried=found.tried,
        seconds=round(found.seconds, 4),
    )


def _encodable(value: str | None) -> str | None:
    r"""Text that UTF-8 can hold: JSON from a peer may name half of a pair (``\ud800``)."""
    return value.encode("utf-8", "backslashreplace").decode("utf-8") if value else value
