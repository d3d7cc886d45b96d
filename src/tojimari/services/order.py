"""In which order one door is spoken to, and when to stop. Without input or output.

The order: the program behind the door where it is known, else the number, else a short wait for
a greeting, then TLS, then HTTP, then the rest by likelihood. A handshake outranks an HTTP 400.
Whatever a peer said to a foreign question is read as an answer in its own tongue, and decides who
speaks next.

Doing no harm: a printer's port is listened to and never written to, because printers print what
they are sent. No door gets more connections than its budget. Nobody is sprayed: each protocol is
spoken on a connection of its own, and one that nothing points to only while the budget lasts.
"""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from tojimari.core.endpoint import Endpoint, Transport
from tojimari.core.message import Message, mark
from tojimari.core.service import Confidence, Outcome, Service
from tojimari.services import limits, mute, versions
from tojimari.services.attempt import Attempt, Ending, recognise, understood
from tojimari.services.catalogue import expected
from tojimari.services.contact import Contact, Ended
from tojimari.services.dialogue import HANGS_UP, Peer, Protocol
from tojimari.services.octets import snippet
from tojimari.services.tlsfacts import TlsFacts

LEFT_ALONE = frozenset({515, *range(9100, 9108)})
"""Printers: LPD (RFC 1179) and raw printing (JetDirect). Whatever is sent there is printed."""

BAD_REQUEST = 400  # RFC 9110, section 15.5.1; what a web server says to the wrong kind of talk
ALERT = b"\x15\x03"  # a TLS record that holds an alert (RFC 8446, section 5.1)


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
class _Notes:
    """What is known so far."""

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
    tls_tried: bool = False

    @property
    def left(self) -> int:
        return self.budget - self.connections

    def add(self, contact: Contact[Ending]) -> None:
        self.connections += contact.connections
        self.ended.append(contact.ended)
        self.heard = self.heard or contact.heard
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


def search(
    peer: Peer,
    among: Sequence[Protocol],
    *,
    executable: str | None = None,
    budget: int = limits.CONNECTIONS,
) -> Search:
    """Find out what speaks TCP behind a door.

    Args:
        peer: The other end.
        among: Protocols over TCP, the likeliest first.
        executable: The program behind the door, where it is known.
        budget: How many connections may be made.
    """
    port = peer.endpoint.port
    pointed = expected(port, executable, among)
    notes = _Notes(budget)
    greeters = (*(one for one in pointed if one.server_speaks_first), *_others(among, pointed))
    if port in LEFT_ALONE:
        notes.add((yield Attempt(listen=limits.GREETING)))
        return _silent_door(notes, peer, among)
    attempt: Attempt | None = _first(port, pointed, greeters, among)
    while attempt is not None and notes.left > 0:
        contact = yield attempt
        notes.add(contact)
        ending = contact.result
        if ending is None:
            break
        if ending.service is not None:
            if not _may_be_tls_instead(ending.service, notes):
                return (yield from _settled(notes, ending.service))
            notes.fallback = ending.service
        if ending.error is not None and ending.protocol is not None:
            notes.broken = notes.broken or (ending.protocol, ending.error)
        attempt = _next(peer, notes, contact, pointed, greeters, among)
    if notes.fallback is not None:
        return notes.found(Outcome.IDENTIFIED, notes.fallback)
    return (yield from _unsettled(notes, peer))


def search_datagrams(
    peer: Peer,
    among: Sequence[Protocol],
    *,
    executable: str | None = None,
    budget: int = limits.CONNECTIONS,
) -> Search:
    """Find out what speaks UDP behind a door.

    Nothing greets over UDP, and what is not understood is dropped without a word: the number or
    the program must point to the protocol, else the likeliest few are asked.
    """
    pointed = expected(peer.endpoint.port, executable, among)
    silent = mute.known(peer.endpoint)
    if silent is not None and not pointed:
        return Found(Outcome.SILENT, silent[0], because=silent[1])
    likely = tuple(one for one in among if one.likelihood and one not in pointed)
    notes = _Notes(budget)
    for protocol in (*pointed, *(() if pointed else likely)):
        if notes.left <= 0:
            break
        contact = yield Attempt(speak=protocol, expected=protocol in pointed)
        notes.add(contact)
        ending = contact.result
        if ending is None or contact.ended is Ended.REFUSED:
            break
        if ending.service is not None:
            service = _from_new_port(ending.service, contact.answered_from)
            return notes.found(Outcome.IDENTIFIED, service)
        if ending.error is not None:
            return notes.found(Outcome.PEER_ERROR, _broken(protocol, notes.heard), ending.error)
        answerer = recognise(contact.heard, [one for one in among if one is not protocol], peer)
        if answerer is not None and notes.left > 0 and answerer.name not in notes.tried:
            contact = yield Attempt(speak=answerer)
            notes.add(contact)
            if contact.result is not None and contact.result.service is not None:
                return notes.found(Outcome.IDENTIFIED, contact.result.service)
    return _without_answer(notes, peer.endpoint)


def _others(among: Sequence[Protocol], pointed: Sequence[Protocol]) -> tuple[Protocol, ...]:
    return tuple(one for one in among if one.server_speaks_first and one not in pointed)


def _http(among: Sequence[Protocol]) -> Protocol | None:
    return next((one for one in among if one.name == "http"), None)


def _first(
    port: int,
    pointed: Sequence[Protocol],
    greeters: tuple[Protocol, ...],
    among: Sequence[Protocol],
) -> Attempt:
    if not pointed:
        return Attempt(
            listen=limits.BANNER,
            listeners=greeters,
            inside=_secured(greeters, _http(among)),
        )
    return _of(port, pointed[0], greeters, among)


def _of(
    port: int, protocol: Protocol, greeters: tuple[Protocol, ...], among: Sequence[Protocol]
) -> Attempt:
    """The attempt at a protocol that is expected."""
    greeters = (protocol, *(one for one in greeters if one is not protocol))
    if port in protocol.tls_ports and port not in protocol.ports:
        speaks_first = protocol.server_speaks_first
        return Attempt(
            tls=True,
            listen=limits.GREETING if speaks_first else 0.0,
            listeners=greeters if speaks_first else greeters[1:],
            speak=None if speaks_first else protocol,
            alpn=ALPN.get(protocol.name, ()),
            expected=True,
        )
    if protocol.server_speaks_first:
        return Attempt(
            listen=limits.GREETING,
            listeners=greeters,
            inside=_secured(greeters, _http(among)),
            expected=True,
        )
    return Attempt(speak=protocol, expected=True)


ALPN = {"http": ("http/1.1",), "h2": ("h2",), "dns": ("dot",)}  # RFC 7301; RFC 7858
WEB = ("http/1.1",)


def _secured(greeters: tuple[Protocol, ...], http: Protocol | None) -> Attempt:
    return Attempt(listen=limits.BANNER, listeners=greeters, speak=http, alpn=WEB)


def _may_be_tls_instead(service: Service, notes: _Notes) -> bool:
    """Whether a web server's complaint may mean that it wanted TLS."""
    return (
        service.protocol == "http"
        and service.details.get("status") == BAD_REQUEST
        and not service.tls
        and not notes.tls_tried
    )


def _next(
    peer: Peer,
    notes: _Notes,
    contact: Contact[Ending],
    pointed: Sequence[Protocol],
    greeters: tuple[Protocol, ...],
    among: Sequence[Protocol],
) -> Attempt | None:
    """What to do with the next connection; None for nothing more."""
    ending = contact.result
    assert ending is not None  # noqa: S101 - the caller has seen to it
    http = _http(among)
    if notes.broken is not None:
        return None
    if notes.fallback is not None or (contact.heard.startswith(ALERT) and not notes.tls_tried):
        if notes.tls_tried:
            return None
        return replace(_secured(greeters, http), tls=True, listen=0.0, expected=True)
    if notes.facts is not None:
        return _next_inside(notes, among)
    untried = [one for one in among if one.name not in notes.tried]
    answerer = recognise(contact.heard, untried, replace(peer, expected=True))
    if answerer is not None:
        return _of(peer.endpoint.port, answerer, greeters, among)
    for protocol in pointed:
        if protocol.name not in notes.tried and not protocol.server_speaks_first:
            return _of(peer.endpoint.port, protocol, greeters, among)
    if ending.banner:
        # It greets, and nobody knows the greeting: nothing that waits to be asked is there.
        return None
    if not notes.tls_tried:
        heard_out = notes.connections > 1 or bool(ending.spoke)
        if heard_out:
            return Attempt(
                listen=limits.BANNER, listeners=greeters, inside=_secured(greeters, http)
            )
    if http is not None and http.name not in notes.tried:
        return Attempt(speak=http)
    rest = [
        one
        for one in untried
        if one.likelihood and not one.server_speaks_first and one.drops is not None
    ]
    return Attempt(speak=_fitting(rest, notes.drops)) if rest else None


def _fitting(protocols: Sequence[Protocol], seen: Mapping[str, bool]) -> Protocol:
    """The likeliest of those that take foreign greetings as this peer took them.

    Args:
        protocols: The likeliest first.
        seen: For each greeting that was not answered, whether the peer hung up.
    """

    def agreement(protocol: Protocol) -> int:
        drops = protocol.drops or frozenset()
        return sum((name in drops) == hung_up for name, hung_up in seen.items())

    return max(protocols, key=agreement)


def _next_inside(notes: _Notes, among: Sequence[Protocol]) -> Attempt | None:
    """TLS is spoken, and what is inside is not known yet."""
    http2 = next((one for one in among if one.name == "h2"), None)
    if http2 is not None and http2.name not in notes.tried:
        return Attempt(tls=True, alpn=("h2",), speak=http2)
    rest = [
        one
        for one in among
        if one.likelihood and one.tls_ports and not one.server_speaks_first
        if one.name not in notes.tried
    ]
    return Attempt(tls=True, speak=rest[0]) if rest else None


def _settled(notes: _Notes, service: Service) -> Search:
    """It is known. Inside TLS, use what is left of the budget to learn which versions it takes."""
    if notes.facts is None:
        return notes.found(Outcome.IDENTIFIED, service)
    taken = yield from _versions(notes)
    secured = replace(service, tls=True, details={**service.details, **taken})
    return notes.found(Outcome.IDENTIFIED, secured)


def _versions(notes: _Notes) -> Generator[Attempt, Contact[Ending], dict[str, str | int]]:
    """Ask for each older version of TLS that was not chosen by itself."""
    assert notes.facts is not None  # noqa: S101 - the callers have seen to it
    best = versions.NAMES[0x0304]
    alpn = ""
    known = {best: notes.facts.version == best, notes.facts.version: True}
    for question in versions.questions(notes.facts.version):
        if notes.left <= 0:
            break
        contact = yield Attempt(speak=question)
        notes.connections += contact.connections
        answer = contact.result.service if contact.result else None
        if answer is not None:
            known.update(versions.answered(question, answer))
            alpn = alpn or str(answer.details.get("alpn", ""))
    told = versions.details(known)
    return {**told, "tls-alpn": alpn} if alpn else told


def _unsettled(notes: _Notes, peer: Peer) -> Search:
    """Nobody recognised it."""
    if notes.broken is not None:
        protocol, error = notes.broken
        return notes.found(Outcome.PEER_ERROR, _broken(protocol, notes.heard), error)
    if notes.facts is not None:
        taken = yield from _versions(notes)
        return notes.found(
            Outcome.TLS_ONLY, Service("tls", tls=True, evidence=notes.facts.version, details=taken)
        )
    if notes.heard.startswith(ALERT):
        because = Message(
            "tls-refused",
            mark("TLS is spoken here, but not with us: {why}"),
            {"why": notes.trouble},
        )
        service = Service("tls", tls=True, evidence=notes.trouble)
        return notes.found(Outcome.TLS_ONLY, service, because)
    return _without_answer(notes, peer.endpoint)


def _nobody(endpoint: Endpoint) -> Message | None:
    """Why nobody is there, where that is as it should be."""
    silent = mute.known(endpoint)
    return silent[1] if silent is not None and endpoint.transport is Transport.TCP else None


def _without_answer(notes: _Notes, endpoint: Endpoint) -> Found:
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


def _silent_door(notes: _Notes, peer: Peer, among: Sequence[Protocol]) -> Found:
    """A door that was only listened to: what it said unasked is understood without an answer."""
    if notes.heard:
        service = understood(notes.heard, among, peer)
        return notes.found(Outcome.IDENTIFIED if service else Outcome.UNKNOWN, service)
    if notes.ended[0] in {Ended.REFUSED, Ended.UNREACHABLE}:
        return _without_answer(notes, peer.endpoint)
    because = Message(
        "printer-left-alone",
        mark("printers print whatever they are sent, so nothing was sent to this number"),
    )
    return notes.found(Outcome.LEFT_ALONE, None, because)


def _broken(protocol: Protocol, heard: bytes) -> Service:
    return Service(protocol.name, confidence=Confidence.LIKELY, evidence=snippet(heard))


def _from_new_port(service: Service, port: int | None) -> Service:
    if port is None:
        return service
    return replace(service, details={**service.details, "answered-from-port": port})
