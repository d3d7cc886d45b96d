"""What a scan will do: from the words of a person to tasks, each with its way of knocking."""

import os
import socket
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from tojimari.core import catalog
from tojimari.core.endpoint import Endpoint, Transport
from tojimari.core.errors import HostError, RefusedError, UsageError
from tojimari.core.message import Message, mark
from tojimari.scan import discovery, pace, permission, ports, refusal, targets, ways
from tojimari.scan.intervals import Intervals, count, merged, minus, shown
from tojimari.scan.permutation import shard
from tojimari.scan.plan import Part, Plan
from tojimari.scan.ports import Ports
from tojimari.scan.refusal import Allowed
from tojimari.scan.targets import Target
from tojimari.scan.task import METHODS, Limits, Method, Space, Task, Way
from tojimari.scan.ways import Stretch

HINT = mark("tojimari scan 192.0.2.7")
USUAL = 1000  # numbers of TCP that are knocked at where nobody said which
USUAL_UDP = 100  # the same of UDP, where silence has to be waited for
LISTED = 64  # doors up to which each is told of by itself, the shut ones too
NONCE = 32  # bytes
_VERSIONS = (4, 6)


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asks for.

    Attributes:
        targets: Words; without any, this machine.
        lists: Name and content of lists of targets.
        excluded: Words that are taken away.
        ports: As ``-p`` has it; empty for the usual ones.
        top: So many numbers of our ranking; 0 for no such wish.
        transports: How to knock; empty where ``ports`` says, or for TCP.
        versions: 4, 6 or both.
        method: The way of knocking that must be taken; empty leaves it to the obstacles.
        limits: What is insisted on.
        may_scan: Whether public networks may be scanned.
        everything: Whether each door is listed, however many there are.
        only_open: Whether only open ones are listed, however few there are.
        seed: Of the order; None for one that nobody could foresee.
        share: Which share of how many.
        discover: Whether machines are looked for in networks before their doors are knocked at.
        ours: Whether the targets are this machine's, seen from a place where that cannot be known.
    """

    targets: tuple[str, ...] = ()
    lists: tuple[tuple[str, str], ...] = ()
    excluded: tuple[str, ...] = ()
    ports: str = ""
    top: int = 0
    transports: tuple[Transport, ...] = ()
    versions: tuple[int, ...] = _VERSIONS
    method: str = ""
    limits: Limits = field(default_factory=Limits)
    may_scan: bool = False
    everything: bool = False
    only_open: bool = False
    seed: int | None = None
    share: tuple[int, int] = (1, 1)
    discover: bool = True
    ours: bool = False


Resolve = Callable[[str], list[str]]


def plan(wish: Wish, resolve: Resolve | None = None) -> Plan:
    """Find out what is to be done, and how it can be done here.

    Args:
        wish: What somebody asks for.
        resolve: Gives all addresses of a name; None asks the system.

    Raises:
        UsageError: A word cannot be read, or a name is not known.
        RefusedError: It must not be scanned, or nothing is left.
        HostError: The chosen way of knocking cannot be taken here.
    """
    asked = _Asked(wish, resolve or _resolve)
    numbers, usual = _ports(wish, own_only=asked.own_only or wish.ours)
    plotted = ways.plot(asked.numbers)
    remarks = [*asked.remarks, *_left_out(plotted)]
    seed = int.from_bytes(os.urandom(8), "big") if wish.seed is None else wish.seed
    stretches = list(plotted.stretches)
    if wish.discover and wish.share[1] == 1:  # all shares must have the same addresses
        stretches = [_with_machines(one, numbers, wish, remarks) for one in stretches]
    parts = tuple(
        _part(stretch, transport, numbers[transport], wish, seed)
        for transport in numbers
        for stretch in stretches
        if stretch.numbers
    )
    if not parts:
        raise RefusedError("There is no machine left to scan.", hint=HINT)
    doors = sum(one.task.end - one.task.first for one in parts)
    return Plan(
        parts=parts,
        names=asked.names,
        remarks=tuple(remarks),
        lists_all=wish.everything or (doors <= LISTED and not wish.only_open),
        usual=usual,
    )


class _Asked:
    """The addresses that the words stand for, by version and zone."""

    def __init__(self, wish: Wish, resolve: Resolve) -> None:
        self._versions = wish.versions
        self.names: dict[tuple[int, int], str] = {}
        self.remarks: list[Message] = []
        ours = ways.own()
        words = [targets.parse(one) for one in wish.targets]
        words += [one for name, text in wish.lists for one in targets.read(text, name)]
        self.own_only = not (words or wish.lists)
        excluded = self._excluded(wish.excluded, resolve)
        named: list[tuple[Target, dict[int, Intervals]]] = []
        self.numbers: dict[tuple[int, str], Intervals] = {}
        for target in words:
            refusal.nobody(target)
            found = self._of(target, resolve)
            left = {
                version: minus(refusal.cut(version, numbers), excluded[version])
                for version, numbers in found.items()
                if version in wish.versions
            }
            named.append((target, left))
            for version, numbers in left.items():
                self._add(version, target.zone, numbers)
        if self.own_only:
            for version, numbers in ours.items():
                if version in wish.versions:
                    self._add(version, "", minus(numbers, excluded[version]))
        everything = wish.may_scan or wish.ours
        may = {} if everything else permission.allowed(os.environ)
        networks = {one: merged((*ours.get(one, ()), *may.get(one, ()))) for one in _VERSIONS}
        refusal.accident(named, Allowed(everything=everything, networks=networks))

    def _add(self, version: int, zone: str, numbers: Intervals) -> None:
        if numbers:
            before = self.numbers.get((version, zone), ())
            self.numbers[version, zone] = merged((*before, *numbers))

    def _of(self, target: Target, resolve: Resolve) -> dict[int, Intervals]:
        if not target.name:
            return {target.version: target.numbers}
        found = _looked_up(target, resolve)
        for version, numbers in found.items():
            for number, _ in numbers:
                self.names.setdefault((version, number), target.name)
        return found

    def _excluded(self, words: Sequence[str], resolve: Resolve) -> dict[int, Intervals]:
        found: dict[int, list[tuple[int, int]]] = {version: [] for version in _VERSIONS}
        for word in words:
            for one in word.split(","):
                target = targets.parse(one)
                numbers = (
                    _looked_up(target, resolve) if target.name else {target.version: target.numbers}
                )
                for version, spans in numbers.items():
                    found[version] += spans
        return {version: merged(spans) for version, spans in found.items()}


def _looked_up(target: Target, resolve: Resolve) -> dict[int, Intervals]:
    """All addresses of a name.

    Raises:
        UsageError: There are none.
    """
    found: dict[int, list[tuple[int, int]]] = {}
    try:
        for text in resolve(target.name):
            one = targets.parse(text)
            found.setdefault(one.version, []).extend(one.numbers)
    except (OSError, UnicodeError) as error:
        raise UsageError(
            "There is no machine of this name: {text} ({why})",
            hint=HINT,
            text=target.name,
            why=str(error),
        ) from error
    return {version: merged(spans) for version, spans in found.items()}


def _resolve(name: str) -> list[str]:
    """All addresses of a name.

    Raises:
        OSError: There are none.
    """
    found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


def _ports(wish: Wish, *, own_only: bool) -> tuple[Ports, bool]:
    """The numbers, and whether nobody chose them.

    This machine's own doors are all knocked at; of others, those where something is usually met.
    """
    transports = wish.transports or (Transport.TCP,)
    if wish.ports and wish.top:
        raise UsageError("Give either -p or --top, not both.", hint=HINT)
    if wish.ports:
        return ports.parse(wish.ports, transports), False
    if wish.top:
        return {one: ports.top(wish.top, one) for one in transports}, False
    every = tuple(range(ports.EVERY[0], ports.EVERY[1] + 1))
    found: dict[Transport, tuple[int, ...]] = {}
    for one in transports:
        if one is Transport.UDP:
            found[one] = ports.top(USUAL_UDP, one)
        else:
            found[one] = every if own_only else ports.top(USUAL, one)
    return found, True


def _with_machines(stretch: Stretch, numbers: Ports, wish: Wish, remarks: list[Message]) -> Stretch:
    """The stretch without the addresses at which nobody is; how many that were is remarked."""
    if not discovery.worthwhile(stretch, max(numbers.values(), key=len)):
        return stretch
    space = Space(stretch.version, stretch.numbers, discovery.DOORS)
    rate = wish.limits.rate or pace.default(stretch.way, space)
    method, _ = choose(Task(Transport.TCP, space, stretch.way, 0, 0, space.size))
    found = discovery.up(stretch, method, rate)
    nobody = count(stretch.numbers) - count(found)
    if nobody:
        remarks.append(
            Message(
                "nobody",
                mark(
                    "Addresses at which nobody answered, left out: {count};"
                    " --no-discovery knocks there all the same."
                ),
                {"count": nobody},
            )
        )
    return replace(stretch, numbers=found)


def _part(
    stretch: Stretch, transport: Transport, numbers: tuple[int, ...], wish: Wish, seed: int
) -> Part:
    try:
        space = Space(stretch.version, stretch.numbers, numbers)
    except ValueError as error:
        raise RefusedError(
            "These are more doors than anybody can knock at.", hint="tojimari scan -p 443 ..."
        ) from error
    first, end = shard(space.size, *wish.share)
    rate = wish.limits.rate or pace.default(stretch.way, space)
    task = Task(
        transport=transport,
        space=space,
        way=stretch.way,
        seed=seed,
        first=first,
        end=end,
        limits=replace(wish.limits, rate=rate),
        payloads=payloads(space, stretch.way) if transport is Transport.UDP else {},
    )
    method, passed = choose(task, wish.method)
    return Part(task, method, passed, own=stretch.own)


def choose(task: Task, name: str = "") -> tuple[Method, tuple[tuple[str, Message], ...]]:
    """The best way of knocking that can be taken, and what stands in the way of better ones.

    Args:
        task: What is to be done.
        name: The one that must be taken; empty for the best.

    Raises:
        UsageError: There is no such way.
        HostError: It cannot be taken, or none can.
    """
    every = sorted(catalog.entries(METHODS, "METHOD", Method), key=lambda one: one.rank)
    able = [one for one in every if task.transport in one.transports]
    if name and name not in {one.name for one in every}:
        raise UsageError(
            "There is no method of this name: {name}. There are: {known}.",
            hint="tojimari scan --method connect",
            name=name,
            known=", ".join(one.name for one in every),
        )
    doors = task.end - task.first
    paying = [one for one in able if one.least <= doors]
    wanted = [one for one in able if one.name == name] or paying
    passed: list[tuple[str, Message]] = []
    for one in wanted:
        obstacle = one.obstacle(task)
        if obstacle is None:
            return one, tuple(passed)
        passed.append((one.name, obstacle))
    if passed:
        error = HostError(passed[0][1].text)
        error.message = passed[0][1]
        raise error
    raise HostError("There is no way to knock by {transport} here.", transport=task.transport)


def payloads(space: Space, way: Way) -> dict[int, tuple[bytes, ...]]:
    """What to say at each number of UDP: the first words of the protocols that are usual there.

    Args:
        space: What is knocked at.
        way: How the words get there; some say where the answer is to go.
    """
    from tojimari.services import catalogue  # noqa: PLC0415 - 60 ms, for UDP alone
    from tojimari.services.dialogue import Peer, first_datagram  # noqa: PLC0415 - the same

    address = shown(space.family, space.addresses[0][0])
    ours = shown(space.family, way.source) if way.source else ""
    nonce = os.urandom(NONCE)
    found: dict[int, tuple[bytes, ...]] = {}
    wanted = frozenset(space.ports)
    for protocol in catalogue.over(Transport.UDP):
        for port in protocol.ports & wanted:
            endpoint = Endpoint(Transport.UDP, address, port)
            said = first_datagram(protocol, Peer(endpoint, address, nonce, local=ours))
            if said is not None:
                found[port] = (*found.get(port, ()), said)
    return found


def _left_out(plotted: ways.Plotted) -> Iterable[Message]:
    for version, numbers in sorted(plotted.unreachable.items()):
        yield Message(
            "no-way",
            mark("The kernel has no way to {count} addresses, such as {example}."),
            {"count": count(numbers), "example": shown(version, numbers[0][0])},
        )
    if plotted.broadcast:
        yield Message(
            "broadcast",
            mark("Broadcast addresses are never knocked at; left out: {count}."),
            {"count": count(plotted.broadcast)},
        )
