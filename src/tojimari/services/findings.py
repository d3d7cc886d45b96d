"""What the search for a door's tongue has brought so far, and how it ends. Pure."""

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import TypeAlias

from tojimari.core.endpoint import Endpoint, Transport
from tojimari.core.message import Message
from tojimari.core.service import Confidence, Outcome, Service
from tojimari.services import limits, mute
from tojimari.services.attempt import Attempt, Ending
from tojimari.services.contact import Contact, Ended
from tojimari.services.dialogue import HANGS_UP, Protocol
from tojimari.services.octets import snippet
from tojimari.services.tlsfacts import TlsFacts


@dataclass(frozen=True, slots=True)
class Found:
    """What the search brought.

    Attributes:
        outcome: How it ended.
        service: What spoke.
        heard: What was heard and not understood.
        because: Why it ended so.
        tried: The protocols that were spoken, in order.
        facts: What the TLS handshake told, where the whole conversation was inside TLS.
        later: The same, where TLS was begun in the midst of it (STARTTLS).
        connections: How many were made.
    """

    outcome: Outcome
    service: Service | None = None
    heard: bytes = b""
    because: Message | None = None
    tried: tuple[str, ...] = ()
    facts: TlsFacts | None = None
    later: TlsFacts | None = None
    connections: int = 0


Search: TypeAlias = Generator[Attempt, Contact[Ending], Found]


@dataclass(slots=True)
class Notes:
    """What is known so far, of one door."""

    budget: int
    connections: int = 0
    tried: list[str] = field(default_factory=list[str])
    heard: bytes = b""
    facts: TlsFacts | None = None
    later: TlsFacts | None = None
    trouble: str = ""
    ended: list[Ended] = field(default_factory=list[Ended])
    fallback: Service | None = None
    broken: tuple[Protocol, Message] | None = None
    drops: dict[str, bool] = field(default_factory=dict[str, bool])
    hung_up_at: int | None = None
    time_asked: bool = False
    tls_tried: bool = False

    @property
    def left(self) -> int:
        """How many connections may still be made."""
        return self.budget - self.connections

    def add(self, contact: Contact[Ending]) -> None:
        """Note what one contact brought."""
        self.connections += contact.connections
        self.ended.append(contact.ended)
        self.heard = self.heard or contact.heard
        if contact.hung_up_at is not None:
            self.hung_up_at = contact.hung_up_at
        if contact.result is None:
            return
        self.tried.extend(contact.result.spoke)
        if contact.result.secured:
            self.facts = self.facts or contact.tls
        else:
            self.later = contact.tls
        self.tls_tried = self.tls_tried or "tls" in contact.result.spoke
        self.trouble = self.trouble or contact.trouble
        for name in contact.result.spoke:
            if name in HANGS_UP and not contact.heard:
                self.drops[name] = contact.ended in {Ended.CLOSED, Ended.RESET}

    def found(
        self,
        outcome: Outcome,
        service: Service | None = None,
        because: Message | None = None,
    ) -> Found:
        """End with this."""
        known = outcome in {Outcome.IDENTIFIED, Outcome.TLS_ONLY}
        return Found(
            outcome=outcome,
            service=service,
            heard=b"" if known else self.heard[: limits.KEPT],
            because=because,
            tried=tuple(self.tried),
            facts=self.facts,
            later=self.later,
            connections=self.connections,
        )


def without_answer(notes: Notes, endpoint: Endpoint) -> Found:
    """Nobody understood what was heard, or nothing was."""
    if notes.heard:
        return notes.found(Outcome.UNKNOWN)
    first = notes.ended[0] if notes.ended else Ended.UNREACHABLE
    if first is Ended.REFUSED:
        return notes.found(Outcome.REFUSED, None, _nobody(endpoint))
    if first is Ended.UNREACHABLE:
        return notes.found(Outcome.UNREACHABLE)
    if Ended.RESET in notes.ended:
        return notes.found(Outcome.RESET)
    return notes.found(Outcome.SILENT)


def _nobody(endpoint: Endpoint) -> Message | None:
    """Why nobody is there, where that is as it should be."""
    silent = mute.known(endpoint)
    return silent[1] if silent is not None and endpoint.transport is Transport.TCP else None


def broken(protocol: Protocol, heard: bytes) -> Service:
    """What is known of a peer that speaks a protocol and breaks it."""
    return Service(protocol.name, confidence=Confidence.LIKELY, evidence=snippet(heard))
