"""A search for a door's tongue, without a door: answers are given, what was tried is told."""

from collections.abc import Sequence
from dataclasses import dataclass

from tojimari.core.endpoint import Endpoint, Transport
from tojimari.core.service import Service
from tojimari.services import order, order_of_datagrams
from tojimari.services.attempt import Attempt, Ending
from tojimari.services.catalogue import over
from tojimari.services.contact import Contact, Ended
from tojimari.services.dialogue import Peer
from tojimari.services.findings import Found


@dataclass
class Told:
    """What the search did, and what it found."""

    attempts: list[Attempt]
    found: Found

    @property
    def spoken(self) -> list[str | None]:
        return [one.speak.name if one.speak else None for one in self.attempts]


def searched(
    port: int,
    contacts: Sequence[Contact[Ending]],
    *,
    executable: str | None = None,
    transport: Transport = Transport.TCP,
    budget: int = 4,
) -> Told:
    """Run a search; after the contacts that are given, nobody says anything."""
    peer = Peer(Endpoint(transport, "192.0.2.1", port), "lab.test", bytes(range(32)))
    ways = {Transport.TCP: order.search, Transport.UDP: order_of_datagrams.search}
    running = ways[transport](peer, over(transport), executable=executable, budget=budget)
    attempts: list[Attempt] = []
    left = list(contacts)
    try:
        attempt = next(running)
        while True:
            attempts.append(attempt)
            contact = left.pop(0) if left else silence(attempt)
            attempt = running.send(contact)
    except StopIteration as end:
        return Told(attempts, end.value)


def silence(attempt: Attempt, ended: Ended = Ended.OPEN) -> Contact[Ending]:
    spoke = ("tls",) if attempt.inside else (attempt.speak.name,) if attempt.speak else ()
    return Contact(Ending(spoke=spoke), ended)


def said(service: Service | None, **more: object) -> Contact[Ending]:
    return Contact(Ending(service=service, **more), Ended.OPEN)  # type: ignore[arg-type]  # a row


def hung_up(*spoke: str, at: int | None = None) -> Contact[Ending]:
    return Contact(Ending(spoke=spoke), Ended.CLOSED, hung_up_at=at)
