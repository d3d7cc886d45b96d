"""In which order one door of TCP is spoken to, and when to stop. Without input or output.

The order: the program behind the door where it is known, else the number, else a short wait for
a greeting, then TLS, then HTTP, then the rest by likelihood. A handshake outranks an HTTP 400.
Whatever a peer said to a foreign question is read as an answer in its own tongue, and decides who
speaks next.

Doing no harm: a printer's port is listened to and never written to, because printers print what
they are sent. No door gets more connections than its budget. Nobody is sprayed: each protocol is
spoken on a connection of its own, and one that nothing points to only while the budget lasts.
"""

from collections.abc import Generator, Sequence
from dataclasses import replace

from tojimari.core.message import Message, mark
from tojimari.core.service import Outcome, Service
from tojimari.services import limits, versions
from tojimari.services.attempt import Attempt, Ending, recognise, understood
from tojimari.services.catalogue import expected
from tojimari.services.contact import Contact, Ended
from tojimari.services.dialogue import Peer, Protocol
from tojimari.services.findings import Found, Notes, Search, broken, without_answer

LEFT_ALONE = frozenset({515, *range(9100, 9108)})
"""Printers: LPD (RFC 1179) and raw printing (JetDirect). Whatever is sent there is printed."""

LATE = 4  # bytes: one piece or two of a greeting that goes out by pieces
NEVER = 1 << 10  # more bytes than any head has
BAD_REQUEST = 400  # RFC 9110, section 15.5.1; what a web server says to the wrong kind of talk
ALERT = b"\x15\x03"  # a TLS record that holds an alert (RFC 8446, section 5.1)


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
    notes = Notes(budget)
    greeters = (*(one for one in pointed if one.server_speaks_first), *_others(among, pointed))
    if port in LEFT_ALONE:
        notes.add((yield Attempt(listen=limits.GREETING)))
        return _silent_door(notes, peer, among)
    attempt: Attempt | None = _first(port, pointed, greeters, among)
    while attempt is not None and notes.left > 0:
        contact = yield attempt
        notes.add(contact)
        ending = contact.result
        if not contact.heard and notes.fallback is None:
            # It has shut the door behind our question, or cuts off whoever comes while it opens it
            # again (iperf3 does): its answer must be enough.
            notes.fallback = understood(notes.heard, among, peer)
            if notes.fallback is not None:
                break
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


def _may_be_tls_instead(service: Service, notes: Notes) -> bool:
    """Whether a web server's complaint may mean that it wanted TLS."""
    return (
        service.protocol == "http"
        and service.details.get("status") == BAD_REQUEST
        and not service.tls
        and not notes.tls_tried
    )


def _next(
    peer: Peer,
    notes: Notes,
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
        return _next_inside(peer, notes, contact, among)
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
    rest = [
        one
        for one in untried
        if one.likelihood and not one.server_speaks_first and one.drops is not None
        if one is not http
    ]
    if (
        http is not None
        and http in untried
        and not any(_fits(one, notes.hung_up_at) for one in rest)
    ):
        return Attempt(speak=http)
    return Attempt(speak=_fitting(rest, notes)) if rest else None


def _fitting(protocols: Sequence[Protocol], notes: Notes) -> Protocol:
    """The likeliest of those that take foreign greetings as this peer took them.

    Args:
        protocols: The likeliest first.
        notes: For each greeting that was not answered, whether the peer hung up, and at which byte.
    """

    def agreement(protocol: Protocol) -> tuple[int, int]:
        drops = protocol.drops or frozenset()
        alike = sum((name in drops) == hung_up for name, hung_up in notes.drops.items())
        return alike, -_distance(protocol, notes.hung_up_at)

    return max(protocols, key=agreement)


def _fits(protocol: Protocol, hung_up_at: int | None) -> bool:
    """Whether its messages have heads as long as the peer read before it hung up."""
    known = hung_up_at is not None and protocol.reads is not None
    return known and _distance(protocol, hung_up_at) <= LATE


def _distance(protocol: Protocol, hung_up_at: int | None) -> int:
    """How far the byte at which the peer hung up is from this protocol's; 0 is at it.

    Hanging up may be noticed late, on a busy machine or a long way; it is never noticed early.
    """
    if hung_up_at is None:
        return 0
    if protocol.reads is None:
        return LATE
    late = hung_up_at - protocol.reads
    return late if late >= 0 else NEVER


def _next_inside(
    peer: Peer, notes: Notes, contact: Contact[Ending], among: Sequence[Protocol]
) -> Attempt | None:
    """TLS is spoken, and what is inside is not known yet."""
    untried = [one for one in among if one.name not in notes.tried]
    answerer = recognise(contact.heard, untried, replace(peer, expected=True, tls=True))
    if answerer is not None:
        greets = answerer.server_speaks_first
        return Attempt(
            tls=True,
            listen=limits.GREETING if greets else 0.0,
            listeners=(answerer,) if greets else (),
            speak=None if greets else answerer,
            alpn=ALPN.get(answerer.name, ()),
            expected=True,
        )
    http2 = next((one for one in untried if one.name == "h2"), None)
    if http2 is not None:
        return Attempt(tls=True, alpn=("h2",), speak=http2)
    rest = [
        one for one in untried if one.likelihood and one.tls_ports and not one.server_speaks_first
    ]
    return Attempt(tls=True, speak=rest[0]) if rest else None


def _settled(notes: Notes, service: Service) -> Search:
    """It is known. Inside TLS, use what is left of the budget to learn which versions it takes."""
    if notes.facts is None:
        return notes.found(Outcome.IDENTIFIED, service)
    taken = yield from _versions(notes)
    secured = replace(service, tls=True, details={**service.details, **taken})
    return notes.found(Outcome.IDENTIFIED, secured)


def _versions(notes: Notes) -> Generator[Attempt, Contact[Ending], dict[str, str | int]]:
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


def _unsettled(notes: Notes, peer: Peer) -> Search:
    """Nobody recognised it."""
    if notes.broken is not None:
        protocol, error = notes.broken
        return notes.found(Outcome.PEER_ERROR, broken(protocol, notes.heard), error)
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
    return without_answer(notes, peer.endpoint)


def _silent_door(notes: Notes, peer: Peer, among: Sequence[Protocol]) -> Found:
    """A door that was only listened to: what it said unasked is understood without an answer."""
    if notes.heard:
        service = understood(notes.heard, among, peer)
        return notes.found(Outcome.IDENTIFIED if service else Outcome.UNKNOWN, service)
    if notes.ended[0] in {Ended.REFUSED, Ended.UNREACHABLE}:
        return without_answer(notes, peer.endpoint)
    because = Message(
        "printer-left-alone",
        mark("printers print whatever they are sent, so nothing was sent to this number"),
    )
    return notes.found(Outcome.LEFT_ALONE, None, because)
