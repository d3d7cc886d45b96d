"""What spoke behind a door, and how the conversation with it went."""

from dataclasses import dataclass, field
from enum import StrEnum

from tojimari.core.endpoint import Endpoint
from tojimari.core.message import Message, Value


class Confidence(StrEnum):
    """How sure the answer to "what speaks there?" is, the surest first."""

    CERTAIN = "certain"  # the peer kept a structure that only this protocol has
    LIKELY = "likely"  # what it said fits this protocol, and might fit another
    GUESS = "guess"  # it said nothing that could tell; the number or the program points there


@dataclass(frozen=True, slots=True)
class Service:
    """The answer to "what speaks there, really?".

    Attributes:
        protocol: Short name of the protocol: ``ssh``, ``http``.
        product: What implements it; None where it did not say.
        version: The product's version, distribution hints kept; None where it did not say.
        tls: Whether it was spoken inside TLS.
        evidence: What was said, short and literal.
        vendor: Who makes the product; None where that is not known.
        confidence: How sure the protocol is.
        details: What else a person wants to know, by English names in kebab case: host keys, TLS
            versions, certificate names, titles. What the peer chose is as the peer sent it.
    """

    protocol: str
    product: str | None = None
    version: str | None = None
    tls: bool = False
    evidence: str = ""
    vendor: str | None = None
    confidence: Confidence = Confidence.CERTAIN
    details: dict[str, Value] = field(default_factory=dict[str, Value])


class Outcome(StrEnum):
    """How a conversation ended. Silence is never "nothing there"."""

    IDENTIFIED = "identified"
    UNKNOWN = "unknown"  # it spoke, in words that nobody here understands; they are kept
    SILENT = "silent"  # it took the connection (or the datagram) and said nothing
    REFUSED = "refused"  # nobody is behind the door
    RESET = "reset"  # it took the connection and cut it without a word
    TLS_ONLY = "tls-only"  # TLS is spoken; what is inside could not be learnt
    PEER_ERROR = "peer-error"  # it speaks a known protocol, and breaks it
    UNREACHABLE = "unreachable"  # the network did not carry us there
    LEFT_ALONE = "left-alone"  # it was only listened to: a word could do harm there


@dataclass(frozen=True, slots=True)
class Identification:
    """What one conversation with one door brought.

    Attributes:
        endpoint: The door.
        outcome: How it ended.
        service: What spoke; None where that stayed unknown.
        heard: The first bytes that were heard, where nobody understood them.
        because: Why it ended so, for a person; None where the outcome says it all.
        connections: TCP connections made, or UDP datagrams sent.
        tried: The protocols that were spoken, in order.
        seconds: How long it took.
    """

    endpoint: Endpoint
    outcome: Outcome
    service: Service | None = None
    heard: bytes = b""
    because: Message | None = None
    connections: int = 0
    tried: tuple[str, ...] = ()
    seconds: float = 0.0
