"""One door, spoken to from the first connection to the answer."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from tojimari.core.endpoint import Transport
from tojimari.core.service import Identification, Service
from tojimari.services import datagram, limits, order, order_of_datagrams, stream
from tojimari.services.attempt import Attempt, Ending, connection
from tojimari.services.bounds import bounded
from tojimari.services.catalogue import over
from tojimari.services.contact import Contact, Terms
from tojimari.services.dialogue import Peer, Protocol, Talk
from tojimari.services.findings import Found
from tojimari.services.loop import Job


def identify(
    peer: Peer,
    *,
    executable: str | None = None,
    among: Sequence[Protocol] | None = None,
    budget: int = limits.CONNECTIONS,
    seconds: float = limits.PORT,
    clock: Callable[[], float] = time.monotonic,
) -> Job[Identification]:
    """Find out what speaks behind one door.

    Args:
        peer: The other end.
        executable: The program behind the door, where it is known.
        among: The protocols to choose from; None for all.
        budget: Connections, or for UDP datagrams.
        seconds: For everything.
        clock: Seconds, never going back.
    """
    began = clock()
    until = began + seconds
    transport = peer.endpoint.transport
    known = over(transport, among)
    searching = order.search if transport is Transport.TCP else order_of_datagrams.search
    search = searching(peer, known, executable=executable, budget=budget)
    spent = 0
    try:
        attempt = next(search)
        while True:
            contact = yield from _contact(peer, attempt, until, budget - spent, clock)
            spent += contact.connections
            attempt = search.send(contact)
    except StopIteration as end:
        found: Found = end.value
    return Identification(
        endpoint=peer.endpoint,
        outcome=found.outcome,
        service=_told(found),
        heard=found.heard,
        because=found.because,
        connections=found.connections,
        tried=found.tried,
        seconds=clock() - began,
    )


def _contact(
    peer: Peer, attempt: Attempt, until: float, allowed: int, clock: Callable[[], float]
) -> Job[Contact[Ending]]:
    patience = limits.ANSWER_EXPECTED if attempt.expected else limits.ANSWER

    def conversation(met: Peer) -> Talk[Ending]:
        return connection(attempt, met)

    terms = Terms(until, patience, allowed, clock)
    if peer.endpoint.transport is Transport.TCP:
        return (yield from stream.talk(peer, conversation, terms))
    terms = Terms(until, limits.DATAGRAM, allowed, clock)
    source_port = attempt.speak.source_port if attempt.speak else None
    return (yield from datagram.talk(peer, conversation, terms, source_port=source_port))


def _told(found: Found) -> Service | None:
    """The service as it is handed out, with all that the handshake told."""
    return None if found.service is None else bounded(_with_certificate(found.service, found))


def _with_certificate(service: Service, found: Found) -> Service:
    """The service, with what the handshake told before what was said inside."""
    facts = found.facts or found.later
    if facts is None:
        return service
    from tojimari.services import certificate  # noqa: PLC0415 - only where a certificate was met

    told = certificate.details(facts) | service.details
    return replace(service, tls=service.tls or found.facts is not None, details=told)
