"""Which line of a policy decides for a door, and in what the door differs from it.

The rules, which the reference of ``doors.toml`` tells too:

- A door in a container's own network is covered only by a line that names the container. For a
  door of the machine itself, a line that names the container which holds it comes first, then the
  lines that name none. A name comes before a pattern, a longer pattern before a shorter.
- A line with the door's address comes before the lines without one, as the kernel gives a packet
  to the socket of its address before it gives it to the socket of all.
- Of several ranges the narrowest decides; a single port is the narrowest of all.
- The order of the lines decides nothing: where two would be equal, the file is refused.
- Who may come from farther away may come from nearer.
"""

import datetime as dt
import ipaddress
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import eq

from tojimari.core.door import Door
from tojimari.core.endpoint import Endpoint
from tojimari.core.exposure import Certainty, Exposure, Reach, Zone
from tojimari.core.intent import Intent
from tojimari.core.service import Service
from tojimari.core.socket import Container, Evidence, Owner

_EXACT = 1 << 20  # a name counts more than any pattern; of two patterns the longer counts more
_ZONES = frozenset(str(zone) for zone in Zone)
SHORT_ID = 12  # characters of a container's identifier that the runtimes show to people

# Executables that hold a container's published port outside the container, on its behalf: Docker's
# userland proxy, rootless Docker's, and those of Podman.
_PUBLISHERS = frozenset(
    {"docker-proxy", "rootlesskit", "rootlessport", "conmon", "slirp4netns", "passt", "passt.avx2"}
)


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Something that was meant, and what was found instead.

    Attributes:
        field: The key of ``doors.toml``: ``unit``, ``exe``, ``user``, ``container``, ``service``
            or ``address``.
        meant: What the line says.
        found: What is there; empty where there is certainly none; None where it could not be seen,
            so that nobody knows whether there is a disagreement.
    """

    field: str
    meant: str
    found: str | None

    @property
    def is_certain(self) -> bool:
        """Whether anything was seen that differs."""
        return self.found is not None


@dataclass(frozen=True, slots=True)
class Comparison:
    """A door beside the line that decides for it.

    Attributes:
        intent: The line; None where none covers the door, and then the rest is empty.
        is_expired: Whether the line's last day is over.
        beyond: From where the door can be reached and should not be.
        disagreements: In what the door differs from the line.
    """

    intent: Intent | None
    is_expired: bool = False
    beyond: tuple[Reach, ...] = ()
    disagreements: tuple[Disagreement, ...] = ()


def compare(
    intents: Iterable[Intent],
    door: Door,
    today: dt.date,
    networks: Mapping[Zone, Sequence[str]] | None = None,
    same_service: Callable[[str, str], bool] = eq,
) -> Comparison:
    """A door beside the line that decides for it.

    Args:
        intents: The lines of the policy.
        door: An open door.
        today: Where the machine stands.
        networks: As in ``beyond``.
        same_service: As in ``service_disagrees``.
    """
    intent = covering(intents, door)
    if intent is None:
        return Comparison(None)
    return Comparison(
        intent,
        expired(intent, today),
        beyond(door.exposure, intent, networks),
        (
            *address_disagrees(intent, door.endpoint),
            *owners_disagree(intent, door.owners),
            *service_disagrees(intent, door.service, same_service),
        ),
    )


def covering(intents: Iterable[Intent], door: Door) -> Intent | None:
    """The line that decides for a door.

    A door at every address is covered by a line for one address where no other line is there: it
    was meant, but narrower (see ``address_disagrees``).

    Returns:
        None where no line covers it.
    """
    containers = [owner.container for owner in door.owners if owner.container is not None]
    within = None if door.namespace.is_host else door.namespace.name
    found = candidates(intents, door.endpoint, containers, within)
    return found[0] if found else None


def candidates(
    intents: Iterable[Intent],
    endpoint: Endpoint,
    holders: Sequence[Container] = (),
    within: str | None = None,
) -> list[Intent]:
    """Every line that speaks of an endpoint; the first decides.

    Args:
        intents: The lines of the policy.
        endpoint: The door.
        holders: The containers that hold it.
        within: The name of the network namespace that the door is in; None for the machine's own.
    """
    ranked: list[tuple[tuple[int, ...], Intent]] = []
    for intent in intents:
        if intent.transport is not endpoint.transport or endpoint.port not in intent.ports:
            continue
        address = _address_rank(intent.address, endpoint)
        container = _container_rank(intent.container, holders, within)
        if address is not None and container is not None:
            ranked.append(((*container, address, len(intent.ports), intent.line), intent))
    return [intent for _, intent in sorted(ranked, key=lambda pair: pair[0])]


def _address_rank(meant: str | None, endpoint: Endpoint) -> int | None:
    if meant is None:
        return 1
    if meant in {endpoint.address, endpoint.address.partition("%")[0]}:
        return 0
    is_within = endpoint.is_wildcard and (endpoint.is_ipv6 or ":" not in meant)
    return 2 if is_within else None


def _container_rank(
    meant: str | None, holders: Sequence[Container], within: str | None
) -> tuple[int, int] | None:
    """The smallest is the best; None for a line that speaks of another building."""
    if meant is None:
        return (1, 0) if within is None else None
    if any(is_named(meant, holder) for holder in holders) or (within and glob(meant, within)):
        return (0, -len(meant) if "*" in meant else -_EXACT)
    return (2, 0) if within is None else None


def beyond(
    exposure: Exposure, intent: Intent, networks: Mapping[Zone, Sequence[str]] | None = None
) -> tuple[Reach, ...]:
    """From where a door can be reached, or perhaps can, though the line does not allow it.

    Args:
        exposure: From where it can be reached.
        intent: The line.
        networks: What is known of the zones here: the networks that are the whole of ``lan`` and
            of ``containers``, of the door's address family. Where the line names networks and not
            the zone, a zone whose networks are not known may lie within them: that is ``MAYBE``.

    Returns:
        The nearest first. This machine itself is never beyond.
    """
    zones = [Zone(source) for source in intent.sources if source in _ZONES]
    allowed = max((zone.distance for zone in zones), default=Zone.THIS_MACHINE.distance)
    meant = [source for source in intent.sources if source not in _ZONES]
    found: list[Reach] = []
    for reach in exposure.reaches:
        if reach.certainty is Certainty.NO or reach.zone.distance <= allowed:
            continue
        within = _lies_within((networks or {}).get(reach.zone, ()), meant)
        if within is None and reach.zone is not Zone.INTERNET and meant:
            found.append(replace(reach, certainty=Certainty.MAYBE))
        elif not within:
            found.append(reach)
    return tuple(sorted(found, key=lambda reach: reach.zone.distance))


def _lies_within(networks: Sequence[str], meant: Iterable[str]) -> bool | None:
    """Whether all of some networks lie within those that are meant; None where none is known."""
    if not networks:
        return None
    outer = [ipaddress.ip_network(text) for text in meant]
    four = [one for one in outer if isinstance(one, ipaddress.IPv4Network)]
    six = [one for one in outer if isinstance(one, ipaddress.IPv6Network)]
    # Two halves that are meant are the whole.
    wide_four = list(ipaddress.collapse_addresses(four))
    wide_six = list(ipaddress.collapse_addresses(six))
    return all(
        any(one.subnet_of(other) for other in wide_four)
        if isinstance(one, ipaddress.IPv4Network)
        else any(one.subnet_of(other) for other in wide_six)
        for one in map(ipaddress.ip_network, networks)
    )


def address_disagrees(intent: Intent, endpoint: Endpoint) -> tuple[Disagreement, ...]:
    """Whether a door is at another address than the line means: at all of them, say."""
    if intent.address is None or _address_rank(intent.address, endpoint) == 0:
        return ()
    return (Disagreement("address", intent.address, endpoint.address),)


def owners_disagree(intent: Intent, owners: Sequence[Owner]) -> tuple[Disagreement, ...]:
    """In what the holders of a door differ from the line.

    A door is often held by several: the processes of one server, or the service and whoever opened
    the door for it. So the one that fits best speaks for all; ``owner_disagrees`` says of each by
    itself whether it is a stranger.

    Args:
        intent: The line.
        owners: Empty where nobody is known: then whatever the line asks could not be seen.
    """
    found = [owner_disagrees(intent, owner) for owner in owners or (Owner(Evidence.DESCRIPTOR),)]
    return min(found, key=lambda each: (sum(one.is_certain for one in each), len(each)))


def owner_disagrees(intent: Intent, owner: Owner) -> tuple[Disagreement, ...]:
    """In what one holder of a door differs from the line."""
    # A control group holds for all that is in it; which process of it has the socket is a guess.
    is_candidate = owner.evidence is Evidence.CGROUP
    nobody = "" if owner.evidence is Evidence.KERNEL else None
    absent = "" if owner.cgroup is not None or owner.evidence is Evidence.KERNEL else None
    found: list[Disagreement] = []
    if intent.unit is not None and not (owner.unit and _is_unit(intent.unit, owner.unit)):
        found.append(Disagreement("unit", intent.unit, owner.unit or absent))
    if intent.exe is not None and not (owner.exe and glob(intent.exe, owner.exe)):
        exe = None if is_candidate else owner.exe or nobody
        found.append(Disagreement("exe", intent.exe, exe))
    if intent.user is not None and intent.user != owner.user:
        user = None if is_candidate else owner.user or nobody
        found.append(Disagreement("user", intent.user, user))
    found.extend(_container_disagrees(intent.container, owner, absent))
    return tuple(found)


def _container_disagrees(
    meant: str | None, owner: Owner, absent: str | None
) -> Iterable[Disagreement]:
    if meant is None or (owner.container is not None and is_named(meant, owner.container)):
        return
    if owner.container is not None:
        yield Disagreement("container", meant, owner.container.name or owner.container.id)
    elif (owner.exe or "").rpartition("/")[2] in _PUBLISHERS:
        yield Disagreement("container", meant, None)
    else:
        yield Disagreement("container", meant, absent)


def service_disagrees(
    intent: Intent, service: Service | None, same: Callable[[str, str], bool] = eq
) -> tuple[Disagreement, ...]:
    """Whether something else speaks there than was meant.

    Args:
        intent: The line.
        service: What spoke; None where nobody listened to it, and then nothing is said.
        same: Whether two names mean one protocol, such as ``domain`` and ``dns``. A name with an
            ``s`` more is the protocol inside TLS (``https``), whatever this says.
    """
    if intent.service is None or service is None or same(intent.service, service.protocol):
        return ()
    if service.tls and same(intent.service, f"{service.protocol}s"):
        return ()
    return (Disagreement("service", intent.service, service.protocol),)


def expired(intent: Intent, today: dt.date) -> bool:
    """Whether the last day of a line is over."""
    return intent.until is not None and intent.until < today


def unmatched(intents: Sequence[Intent], doors: Iterable[Door]) -> tuple[Intent, ...]:
    """The lines whose door should be open and is not.

    Args:
        intents: The lines of the policy.
        doors: All doors of the machine. A range is satisfied by one open door within it.

    Returns:
        In the order of the file, without those that are optional.
    """
    met = {id(covering(intents, door)) for door in doors if door.is_server and _is_there(door)}
    return tuple(one for one in intents if not one.optional and id(one) not in met)


def _is_there(door: Door) -> bool:
    return door.listener is not None or door.is_open


def is_named(meant: str, container: Container) -> bool:
    """Whether a container is the one that a line means, by its name or its identifier.

    Args:
        meant: A name, in which ``*`` may stand for any part of it; or at least twelve characters
            of the beginning of its identifier.
        container: The container.
    """
    if container.name is not None and glob(meant, container.name):
        return True
    return len(meant) >= SHORT_ID and container.id.startswith(meant)


def _is_unit(meant: str, unit: str) -> bool:
    """A name without a kind means a service, as it does for systemctl(1)."""
    return glob(meant, unit) or ("." not in meant and glob(f"{meant}.service", unit))


def glob(pattern: str, text: str) -> bool:
    """Whether a text fits a pattern in which ``*`` stands for any characters but ``/``.

    There are no other marks. The time is proportional to the product of both lengths at worst.
    """
    if "*" not in pattern:
        return pattern == text
    patterns, parts = pattern.split("/"), text.split("/")
    return len(patterns) == len(parts) and all(map(_part_fits, patterns, parts))


def _part_fits(pattern: str, text: str) -> bool:
    """Each piece between the stars is looked for as early as it can be; the last ends the text."""
    first, *pieces = pattern.split("*")
    if not pieces:
        return first == text
    last = pieces.pop()
    if not (text.startswith(first) and text.endswith(last)):
        return False
    at, end = len(first), len(text) - len(last)
    for piece in pieces:
        at = text.find(piece, at, end)
        if at < 0:
            return False
        at += len(piece)
    return at <= end
