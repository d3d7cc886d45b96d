"""In which order one door of UDP is spoken to. Without input or output."""

from collections.abc import Sequence
from dataclasses import replace

from tojimari.core.service import Outcome, Service
from tojimari.services import limits, mute
from tojimari.services.attempt import Attempt, Ending, recognise, understood
from tojimari.services.catalogue import expected, spoken_by
from tojimari.services.contact import Contact, Ended
from tojimari.services.dialogue import Peer, Protocol
from tojimari.services.findings import Found, Notes, Search, broken, without_answer


def search(
    peer: Peer,
    among: Sequence[Protocol],
    *,
    executable: str | None = None,
    budget: int = limits.CONNECTIONS,
) -> Search:
    """Find out what speaks UDP behind a door.

    Nothing greets over UDP, and what is not understood is dropped without a word. First come those
    that the program or the number point to, then the likeliest few, whose first words are chosen so
    that others answer them too: a question for a name that is also one for the time, a question for
    our own address that is also half of one for a file.
    """
    pointed = expected(peer.endpoint.port, executable, among)
    silent = mute.known(peer.endpoint)
    if silent is not None and not pointed:
        return Found(Outcome.SILENT, silent[0], because=silent[1])
    likely = [one for one in among if one.likelihood and one not in pointed]
    if spoken_by(executable, among):
        likely = []  # a program's silence is its own
    notes = Notes(budget)
    for protocol in (*pointed, *likely):
        if notes.left <= 0:
            break
        if protocol.name in notes.tried or (protocol.name == "ntp" and notes.time_asked):
            continue
        foreign = protocol not in pointed
        contact = yield Attempt(speak=protocol, expected=not foreign)
        notes.add(contact)
        notes.time_asked = notes.time_asked or (protocol.name == "dns" and foreign)
        ending = contact.result
        if ending is None or contact.ended is Ended.REFUSED:
            break
        found = _answered(notes, contact, protocol)
        if found is not None:
            return found
        others = [one for one in among if one is not protocol]
        if notes.left <= 0:
            service = understood(contact.heard, others, peer)
            if service is not None:
                service = _from_new_port(service, contact.answered_from)
                return notes.found(Outcome.IDENTIFIED, service)
        answerer = recognise(contact.heard, others, peer)
        if answerer is not None and notes.left > 0 and answerer.name not in notes.tried:
            contact = yield Attempt(speak=answerer, expected=True)
            notes.add(contact)
            found = _answered(notes, contact, answerer)
            if found is not None:
                return found
    return without_answer(notes, peer.endpoint)


def _answered(notes: Notes, contact: Contact[Ending], protocol: Protocol) -> Found | None:
    """What one exchange of datagrams brought; None where that was nothing to end with."""
    ending = contact.result
    if ending is None:
        return None
    if ending.service is not None:
        service = _from_new_port(ending.service, contact.answered_from)
        return notes.found(Outcome.IDENTIFIED, service)
    if ending.error is not None:
        return notes.found(Outcome.PEER_ERROR, broken(protocol, notes.heard), ending.error)
    return None


def _from_new_port(service: Service, port: int | None) -> Service:
    if port is None:
        return service
    return replace(service, details={**service.details, "answered-from-port": port})
