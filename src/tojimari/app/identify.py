"""What really speaks behind doors: those of another machine, or this machine's own."""

import ipaddress
import os
import socket
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tojimari.core.endpoint import MAX_PORT, Endpoint, Transport, canonical_address
from tojimari.core.errors import RefusedError, UsageError
from tojimari.core.message import Message, mark
from tojimari.core.service import Identification
from tojimari.core.socket import InsideView, Listener, Namespace, Role, Unseen
from tojimari.linux import open_files
from tojimari.services import catalogue, limits
from tojimari.services.bounds import bounded
from tojimari.services.dialogue import Peer
from tojimari.services.identify import identify as one_door
from tojimari.services.loop import Job, Loop

if TYPE_CHECKING:
    from tojimari.services.fingerprints.collection import Fingerprints

HINT = mark("tojimari identify 192.0.2.7:22,80,8000-8100,53/udp")
LOOPBACK, LOOPBACK_IPV6 = "127.0.0.1", "::1"
NONCE = 32  # bytes
SPARE_FILES = 64  # left to the rest of the process
MOST_DOORS = 1 << 18  # of all targets together: more is a scan's work


@dataclass(frozen=True, slots=True)
class Target:
    """One door to speak with.

    Attributes:
        endpoint: The door.
        name: What the person called the building.
        executable: The program behind it, where this machine's kernel told.
        program: The same, in the kernel's short name, to show.
    """

    endpoint: Endpoint
    name: str
    executable: str | None = None
    program: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be spoken with.

    Attributes:
        targets: The doors.
        unseen: What was left out because it could not be seen or reached.
    """

    targets: tuple[Target, ...]
    unseen: tuple[Unseen, ...] = ()


def there(words: Sequence[str], resolve: Callable[[str], str] | None = None) -> Plan:
    """The doors that somebody named.

    Args:
        words: ``HOST[:PORTS]`` each; without ports those where services are usual.
        resolve: Gives the address of a name; None asks the system.

    Raises:
        UsageError: It cannot be read, or the name is not known.
        RefusedError: It stands for many machines, or for none.
    """
    found: dict[Endpoint, Target] = {}
    for word in words:
        host, ports = _split(word)
        address = _address(host, resolve or _resolve)
        for transport, port in _ports(ports, word):
            endpoint = Endpoint(transport, address, port)
            found.setdefault(endpoint, Target(endpoint, host))
            if len(found) > MOST_DOORS:
                raise RefusedError(
                    "These are more than {most} doors.",
                    hint="Find the open ones first, then identify them.",
                    most=MOST_DOORS,
                )
    return Plan(tuple(found.values()))


def here(seen: InsideView | None = None) -> Plan:
    """The doors of this machine that wait for others, in our own network namespace.

    Args:
        seen: What the kernel said; None looks.
    """
    if seen is None:
        from tojimari.app import look  # noqa: PLC0415 - another machine's doors need none of it

        seen = look.view()
    ours = own_namespace(seen.namespaces)
    found: dict[Endpoint, Target] = {}
    elsewhere = tied = 0
    for listener in seen.listeners:
        if listener.role is Role.CLIENT or listener.multicast:
            continue
        if listener.netns != ours:
            elsewhere += 1
            continue
        if listener.interface is not None and not _at_own_address(listener.endpoint):
            tied += 1
            continue
        target = target_of(listener)
        if target is not None:
            found.setdefault(target.endpoint, target)
    left_out = (
        Message(
            "other-namespaces",
            mark(
                "{count} doors in other network namespaces, such as containers', were not spoken to"
            ),
            {"count": elsewhere},
        ),
        Message(
            "tied-to-an-interface",
            mark(
                "{count} doors hear only what comes in by one network interface; ask from outside"
            ),
            {"count": tied},
        ),
    )
    more = tuple(
        Unseen(message, count)
        for message, count in zip(left_out, (elsewhere, tied), strict=True)
        if count
    )
    return Plan(tuple(found.values()), (*seen.unseen, *more))


def identify(
    targets: Iterable[Target],
    *,
    budget: int = limits.CONNECTIONS,
    seconds: float = limits.PORT,
    at_once: int | None = None,
    fingerprints: "Fingerprints | None" = None,
) -> Iterator[Identification]:
    """Speak with every door, and tell of each as soon as it is known.

    Args:
        targets: The doors.
        budget: Connections a door, or for UDP datagrams.
        seconds: For each door.
        at_once: How many at the same time; None for as many as the system allows.
        fingerprints: What else to look a greeting up in; with it, only a main thread may ask.
    """
    jobs = (_job(target, budget, seconds) for target in targets)
    room = allowed_at_once() if at_once is None else at_once
    loop: Loop[Identification] = Loop()
    results = loop.results(jobs, room)
    yield from results if fingerprints is None else (_added(one, fingerprints) for one in results)


def _added(found: Identification, fingerprints: "Fingerprints") -> Identification:
    """With what the fingerprints know of it."""
    if found.service is None:
        return found
    return replace(found, service=bounded(fingerprints.added(found.service)))


def fingerprints(folder: Path) -> "Fingerprints":
    """A user's own fingerprints.

    Raises:
        UsageError: There are none.
    """
    from tojimari.services.fingerprints.collection import Fingerprints  # noqa: PLC0415 - seldom

    return Fingerprints(folder)


def left_out(known: "Fingerprints") -> tuple[Unseen, ...]:
    """What could not be used of a user's fingerprints."""
    return tuple(Unseen(one, int(one.values.get("count", 0))) for one in known.left_out())


def allowed_at_once() -> int:
    """How many doors at the same time: as many as there may be open files, up to a cap."""
    return open_files.allow(limits.AT_ONCE, SPARE_FILES)


def _job(target: Target, budget: int, seconds: float) -> Job[Identification]:
    peer = Peer(target.endpoint, target.name, os.urandom(NONCE))
    return one_door(peer, executable=target.executable, budget=budget, seconds=seconds)


def _split(word: str) -> tuple[str, str]:
    """Host and ports: ``host:ports``, ``[address]:ports``, or the host alone.

    Raises:
        UsageError: It is neither.
    """
    if word.startswith("["):
        host, closed, rest = word[1:].partition("]")
        if not closed or (rest and not rest.startswith(":")):
            raise UsageError("This names no machine: {text}", hint=HINT, text=word)
        return host, rest[1:]
    if word.count(":") > 1:
        return word, ""
    host, _, ports = word.partition(":")
    if not host or host.startswith("-"):
        raise UsageError("This names no machine: {text}", hint=HINT, text=word)
    return host, ports


def _resolve(host: str) -> str:
    """The first address of a name; ``localhost`` is this machine, whatever a resolver says.

    Raises:
        OSError: There is none.

    Source: RFC 6761, section 6.3.
    """
    if host.lower().removesuffix(".").rpartition(".")[2] == "localhost":
        return LOOPBACK
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return str(found[0][4][0])


def _address(host: str, resolve: Callable[[str], str]) -> str:
    """The one address that is meant.

    Raises:
        UsageError: There is none.
        RefusedError: It is not one machine's.
    """
    if "/" in host:
        raise UsageError(
            "identify speaks with one machine at a time, not with a network: {text}",
            hint=HINT,
            text=host,
        )
    try:
        address = canonical_address(host)
    except ValueError:
        try:
            address = canonical_address(resolve(host))
        except (OSError, UnicodeError, ValueError) as error:
            raise UsageError(
                "There is no machine of this name: {text} ({why})",
                hint=HINT,
                text=host,
                why=str(error),
            ) from error
    ip = ipaddress.ip_address(address)
    if ip.is_multicast or ip.is_unspecified or str(ip) == "255.255.255.255":
        raise RefusedError(
            "{address} stands for many machines or for none; identify speaks with one.",
            hint=HINT,
            address=address,
        )
    return address


def _ports(text: str, word: str) -> Iterator[tuple[Transport, int]]:
    """The ports that are asked for; the usual ones where none are.

    Raises:
        UsageError: They cannot be read.
    """
    if not text:
        yield from usual()
        return
    for part in text.split(","):
        numbers, slash, way = part.partition("/")
        first, dash, last = numbers.partition("-")
        bounds = (first, last if dash else first)
        if not all(one.isascii() and one.isdigit() and int(one) <= MAX_PORT for one in bounds):
            raise UsageError(
                "The number of a door is from 0 to {most}, a range is FIRST-LAST: {text}",
                hint=HINT,
                text=word,
                most=MAX_PORT,
            )
        if slash and way not in {Transport.TCP, Transport.UDP}:
            raise UsageError("After the slash stands tcp or udp: {text}", hint=HINT, text=word)
        transport = Transport(way) if slash else Transport.TCP
        yield from ((transport, port) for port in range(int(bounds[0]), int(bounds[1]) + 1))


def usual() -> Iterator[tuple[Transport, int]]:
    """Every number at which a protocol of the catalogue is usual, TCP first."""
    for transport in (Transport.TCP, Transport.UDP):
        numbers = {
            port for one in catalogue.over(transport) for port in (one.ports | one.tls_ports)
        }
        yield from ((transport, port) for port in sorted(numbers))


def own_namespace(namespaces: Sequence[Namespace]) -> int:
    """The inode of the network namespace that we speak from."""
    try:
        return os.stat("/proc/self/ns/net").st_ino  # noqa: PTH116 - a link of the kernel's
    except OSError:
        return next((one.inode for one in namespaces if one.is_host), 0)


def _at_own_address(endpoint: Endpoint) -> bool:
    """Whether the kernel ties it to an interface only because its address is local to a link."""
    return not endpoint.is_wildcard and ipaddress.ip_address(endpoint.address).is_link_local


def target_of(listener: Listener) -> Target | None:
    """A door of our own, at the address where we can stand before it; None for a group's."""
    endpoint = listener.endpoint
    if endpoint.transport not in {Transport.TCP, Transport.UDP}:
        return None
    if endpoint.is_wildcard:
        address = LOOPBACK_IPV6 if endpoint.is_ipv6 and listener.v6only else LOOPBACK
        endpoint = Endpoint(endpoint.transport, address, endpoint.port)
    elif ipaddress.ip_address(endpoint.address.partition("%")[0]).is_multicast:
        return None
    elif listener.interface is not None and endpoint.is_ipv6:
        address = f"{endpoint.address}%{listener.interface}"  # RFC 4007, section 11.2
        endpoint = Endpoint(endpoint.transport, address, endpoint.port)
    owner = next((one for one in listener.owners if one.exe), None)
    first = listener.owners[0] if listener.owners else None
    return Target(
        endpoint,
        "localhost" if endpoint.is_loopback else endpoint.address,
        executable=owner.exe if owner else None,
        program=first.name if first else None,
    )
