"""What a number and a service's name let expect, beside what really spoke.

Many numbers have several users, and many protocols several numbers. Only where a number is the home
of a protocol that people meet, and another one speaks there, do the two disagree.
"""

from tojimari.core.endpoint import Endpoint, Transport
from tojimari.core.service import Confidence, Service
from tojimari.registry import assignments, words
from tojimari.services import catalogue

# One is spoken inside the other, or on the way to it.
_KIN = (frozenset({"http", "h2"}), frozenset({"smtp", "lmtp"}), frozenset({"http", "ipp"}))


def strangers(endpoint: Endpoint, service: Service | None) -> tuple[str, ...]:
    """The protocols whose home the number is, where none of them is what spoke.

    Args:
        endpoint: The door.
        service: What spoke; None where nobody listened.

    Returns:
        Empty where the number and the conversation agree, or where nothing is sure.
    """
    if service is None or service.confidence is not Confidence.CERTAIN:
        return ()
    port, spoken = endpoint.port, service.protocol
    usual = {
        one.name
        for one in catalogue.over(endpoint.transport)
        if port in one.ports or port in one.tls_ports
    }
    if not usual or any(_is_kin(spoken, one) for one in usual) or not _is_known(spoken):
        return ()
    product = (service.product or "").casefold()
    names = {head.name for head in words.heads_at(port, endpoint.transport)}
    if spoken in names or product in names:
        return ()
    return tuple(sorted(usual))


def agrees(meant: str, service: Service) -> bool:
    """Whether a service's name in a policy may mean what spoke.

    Args:
        meant: The registry's name of a service (``https``, ``grafana``), IANA's (``domain``), or
            a protocol's.
        service: What spoke.
    """
    name, spoken = meant.casefold(), service.protocol
    if name in {spoken, (service.product or "").casefold()}:
        return True
    if service.tls and name == f"{spoken}s":
        return True
    numbers = _numbers(name)
    if not numbers:
        return False
    homes: set[int] = set()
    for one in catalogue.protocols():
        if _is_kin(spoken, one.name):
            homes |= one.ports | (one.tls_ports if service.tls else set())
    return not homes.isdisjoint(numbers)


def _is_kin(one: str, other: str) -> bool:
    return one == other or any({one, other} <= kin for kin in _KIN)


def _is_known(spoken: str) -> bool:
    """Whether it is a protocol with numbers of its own; bare TLS may hold anything."""
    return any(one.name == spoken for one in catalogue.protocols())


def _numbers(name: str) -> frozenset[int]:
    """The numbers that a service of this name usually has."""
    head = words.head_by_name(name)
    if head is not None:
        return frozenset(port for door in head.doors for port in (door.ports.first,))
    return frozenset(
        one.port
        for one in assignments.named(name)
        if one.transport in {Transport.TCP, Transport.UDP}
    )
