"""The scan from outside as a witness: what it saw, joined into the doors."""

import ipaddress
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tojimari.app import identify, look, outside
from tojimari.app.asking import Asking, asking
from tojimari.app.firewalls import Firewalls
from tojimari.app.scan import Found, Going, Run
from tojimari.app.scan_plan import Wish
from tojimari.core import networks
from tojimari.core.door import Door
from tojimari.core.endpoint import Endpoint, Transport
from tojimari.core.exposure import Certainty, Decider, Exposure, Reach, Zone
from tojimari.core.intent import Intent
from tojimari.core.message import Message, mark
from tojimari.core.observation import Observation, Witness
from tojimari.core.sighting import Sighting
from tojimari.core.socket import InsideView, Unseen
from tojimari.linux.outside import SOURCES
from tojimari.registry import meaning
from tojimari.registry.query import Query
from tojimari.scan import ports as numbering
from tojimari.scan.intervals import shown
from tojimari.scan.plan import Part
from tojimari.scan.tally import STATES, code, place_of
from tojimari.scan.task import Answer, Answers, Ended, Reason

Progress = Callable[[int, int], None]

_REASON_BITS = 4  # of a byte; there are fifteen reasons and six answers


@dataclass(frozen=True, slots=True)
class Sighted:
    """The doors after the scan.

    Attributes:
        doors: The same doors in the same order, with how they looked; then those that nobody holds.
        unseen: What could not be seen so.
    """

    doors: tuple[Door, ...]
    unseen: tuple[Unseen, ...]


def see(
    seen: InsideView,
    doors: Sequence[Door],
    walls: Firewalls,
    *,
    ports: Mapping[Transport, frozenset[int]] | None = None,
    intents: Sequence[Intent] = (),
    progress: Progress | None = None,
    command: str = "look",
) -> Sighted:
    """Knock at the doors of this machine, as somebody outside would.

    At every number of TCP, and at those of UDP that ``asking`` tells of.

    Args:
        seen: What the kernel said.
        doors: The doors that are laid beside what is seen.
        walls: What the firewalls said.
        ports: Only these numbers; None for all.
        intents: The lines of the policy, whose numbers of UDP are asked, too.
        progress: Is told how many were knocked at, of how many.
        command: The command to type again with more rights.

    Raises:
        PrivilegeError: Not permitted.
        HostError: It cannot be done here.
        RefusedError: No interface leads outside.
    """
    ours = identify.own_namespace(seen.namespaces)
    asked = asking(
        doors,
        ours,
        walls,
        intents,
        None if ports is None else ports.get(Transport.UDP, frozenset()),
    )
    wishes = _wishes(None if ports is None else ports.get(Transport.TCP, frozenset()), asked)
    if not wishes:
        return Sighted(tuple(doors), ())
    again = f"sudo tojimari {command} --scan"
    with outside.opened(wishes[0], again=again, more=wishes[1:]) as (plan, places):
        views = [_View(part) for part in plan.parts]
        with Run(plan, places=places) as run:
            for event in run:
                if isinstance(event, Found):
                    views[event.part].take(event.answers)
                elif isinstance(event, Going):
                    if progress is not None:
                        progress(sum(one.known for one in views), plan.doors)
                else:
                    views[event.part].ended = event.ending.why
    if progress is not None:
        progress(plan.doors, plan.doors)
    later = look.view()
    held = {(one.netns, one.endpoint) for one in later.listeners}
    judge = _Judge(walls, ours)
    made: list[Door] = []
    at = time.time()
    for door in doors:
        gone = door.listener is not None and (door.namespace.inode, door.endpoint) not in held
        made.append(door if gone else _joined(door, ours, views, judge, at))
    after = [one for one in later.listeners if one.netns == ours]
    busy = {
        (one.endpoint.transport, one.endpoint.port) for one in after if not one.endpoint.is_loopback
    }
    made += _unheld(seen, made, views, judge, busy, ours, at)
    remarks = [one for one in plan.remarks if one.code != outside.INNER]
    remarks += [one.remark for one in views if one.remark is not None]
    if asked.numbers:
        remarks.append(_of_datagrams(asked))
    return Sighted(tuple(made), tuple(Unseen(one, 0) for one in remarks))


def _wishes(tcp: frozenset[int] | None, udp: Asking) -> list[Wish]:
    """What is knocked at."""
    found: list[Wish] = []
    if tcp is None or tcp:
        words = numbering.shown(sorted(tcp)) if tcp else ""
        found.append(Wish(ports=words, transports=(Transport.TCP,)))
    if udp.numbers:
        words = numbering.shown(udp.numbers)
        found.append(
            Wish(
                ports=words,
                transports=(Transport.UDP,),
                likely=udp.held,
                programs=udp.programs,
                brief=True,
            )
        )
    return found


def _of_datagrams(asked: Asking) -> Message:
    """What was asked of UDP, and what was not."""
    return Message(
        "datagrams-asked",
        mark(
            "By UDP, {count} numbers were asked: those that are held ({held}), those that rules or"
            " the policy name, and the usual ones. Of the others, and where nothing came back,"
            " nothing is known."
        ),
        {"count": len(asked.numbers), "held": len(asked.held)},
    )


def numbers(queries: Sequence[Query], doors: Iterable[Door]) -> dict[Transport, frozenset[int]]:
    """The numbers that somebody asks for, by number or by what is there.

    Args:
        queries: What is asked for.
        doors: Those that were found for it.
    """
    found: dict[Transport, set[int]] = {Transport.TCP: set(), Transport.UDP: set()}
    for one in doors:
        found.get(one.endpoint.transport, set()).add(one.endpoint.port)
    for query in queries:
        for transport, those in found.items():
            if query.ports is not None and query.transport in {None, transport}:
                those.update(range(query.ports.first, query.ports.last + 1))
    return {transport: frozenset(those - {0}) for transport, those in found.items()}


class _View:
    """What was seen of one part of the scan: a byte a door."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self.known = 0
        self.ended = Ended.STOPPED
        self.transport = part.task.transport
        self.version = part.task.space.family
        self.source = shown(self.version, part.task.way.source)
        self._column = bytearray(part.task.space.size)

    def take(self, answers: Answers) -> None:
        """Some doors are known."""
        self.known += len(answers.places)
        for place, answer, reason in zip(
            answers.places, answers.answers, answers.reasons, strict=True
        ):
            self._column[place] = answer << _REASON_BITS | reason

    def at(self, address: int, port: int) -> tuple[Answer, Reason] | None:
        """What became of one door; None where it was not knocked at."""
        place = place_of(self.part.task.space, address, port)
        if place is None:
            return None
        return _read(self._column[place])

    def opened(self) -> Iterator[tuple[str, int, Reason]]:
        """Address, number and reason of each open door."""
        for place, byte in enumerate(self._column):
            if byte >> _REASON_BITS == Answer.OPEN:
                address, port = self.part.task.space.door(place)
                yield shown(self.version, address), port, _read(byte)[1]

    def addresses(self) -> Iterator[int]:
        """Those that were knocked at."""
        for first, last in self.part.task.space.addresses:
            yield from range(first, last + 1)

    @property
    def remark(self) -> Message | None:
        """What is to be said of it, where it is not whole."""
        if self.ended is Ended.SURE:
            return None
        return Message(
            "scan-not-whole",
            "The scan by {interface} (IPv{version}) was not brought to its end.",
            {"interface": self.part.outside, "version": self.version},
        )


def _read(byte: int) -> tuple[Answer, Reason]:
    return Answer(byte >> _REASON_BITS), Reason(byte & ((1 << _REASON_BITS) - 1))


class _Judge:
    """Asks the rules about exactly one knock."""

    def __init__(self, walls: Firewalls, ours: int) -> None:
        self._walls = walls
        self._ours = ours
        self._known: dict[object, tuple[Certainty, Decider | None, bool]] = {}

    def expects(
        self, view: _View, address: str, port: int
    ) -> tuple[Certainty, Decider | None, bool]:
        """Whether it is let in, which rule says so, and whether it is sent elsewhere."""
        key = (view.part.outside, view.source, view.transport, address, port)
        if key not in self._known:
            self._known[key] = self._asked(*key)
        return self._known[key]

    def _asked(
        self, interface: str, source: str, transport: Transport, address: str, port: int
    ) -> tuple[Certainty, Decider | None, bool]:
        if self._ours in self._walls.free:
            return Certainty.YES, None, False
        firewall = self._walls.read.get(self._ours)
        if firewall is None:
            return Certainty.MAYBE, None, False
        from tojimari.app import reach  # noqa: PLC0415 - heavy, and most machines have no rules

        found = reach.asked(firewall, source, transport, port, address).passages
        fitting = [one for one in found if one.interface in {interface, ""}]
        fates = {one.certainty for one in fitting}
        sent = any(one.redirection is not None and not one.redirection.here for one in fitting)
        if len(fates) != 1:
            return Certainty.MAYBE, None, sent
        (fate,) = fates
        return fate, fitting[0].decider, sent


def _joined(door: Door, ours: int, views: Sequence[_View], judge: _Judge, at: float) -> Door:
    """The same door with how it looked."""
    endpoint = door.endpoint
    if door.namespace.inode != ours:
        return door
    found: list[Sighting] = []
    for view in views:
        if view.transport is not endpoint.transport:
            continue
        tied = door.listener.interface if door.listener is not None else None
        if tied is not None and tied != view.part.outside:
            continue
        for number in view.addresses():
            address = shown(view.version, number)
            answer = view.at(number, endpoint.port) if _is_at(door, address) else None
            if answer is not None:
                found.append(_sighting(view, address, endpoint.port, *answer, judge))
    return _with(door, found, at) if found else door


def _is_at(door: Door, address: str) -> bool:
    """Whether a door is at an address."""
    endpoint = door.endpoint
    if not endpoint.is_wildcard:
        return ipaddress.ip_address(endpoint.address.partition("%")[0]) == ipaddress.ip_address(
            address
        )
    if endpoint.is_ipv6 == (":" in address):
        return True
    both = door.listener is None or door.listener.v6only is False
    return endpoint.is_ipv6 and both


def _sighting(
    view: _View, address: str, port: int, answer: Answer, reason: Reason, judge: _Judge
) -> Sighting:
    expected, decider, sent = judge.expects(view, address, port)
    return Sighting(
        address=address,
        interface=view.part.outside,
        source=view.source,
        state=STATES[answer],
        reason=code(reason),
        expected=expected,
        decider=decider,
        sent_on=sent,
    )


def _with(door: Door, found: Sequence[Sighting], at: float) -> Door:
    said = [
        Observation(
            endpoint=replace(door.endpoint, address=one.address),
            netns=door.namespace.inode,
            witness=Witness.SCAN,
            state=one.state,
            evidence=f"{one.reason} at {one.address} by {one.interface}",
            vantage=one.source,
            at=at,
        )
        for one in found
    ]
    return replace(door, sightings=tuple(found), observations=(*door.observations, *said))


def _unheld(
    seen: InsideView,
    doors: Iterable[Door],
    views: Sequence[_View],
    judge: _Judge,
    busy: set[tuple[Transport, int]],
    ours: int,
    at: float,
) -> Iterator[Door]:
    """A door for each number at which somebody answers though nobody is known to be there.

    Args:
        seen: What the kernel said.
        doors: Those that are known.
        views: What was seen.
        judge: The rules.
        busy: Numbers at which a socket waited after the scan.
        ours: Inode of our own namespace.
        at: Seconds since the epoch.
    """
    known = [one for one in doors if one.namespace.inode == ours]
    space = next((one for one in seen.namespaces if one.inode == ours), None)
    found: dict[tuple[Transport, int], list[Sighting]] = {}
    for view in views:
        way = view.transport
        there = [one for one in known if one.endpoint.transport is way]
        for address, port, reason in view.opened():
            if (way, port) not in busy and not any(_covers(one, address, port) for one in there):
                sighting = _sighting(view, address, port, Answer.OPEN, reason, judge)
                found.setdefault((way, port), []).append(sighting)
    if space is None:
        return
    for (transport, port), those in sorted(found.items()):
        endpoint = Endpoint(transport, those[0].address, port)
        door = Door(endpoint, space, None, _exposure(those), meaning=meaning.of(endpoint))
        yield _with(door, those, at)


def _covers(door: Door, address: str, port: int) -> bool:
    first = door.endpoint.port
    return first <= port <= (door.last or first) and _is_at(door, address)


def _exposure(found: Sequence[Sighting]) -> Exposure:
    """Who can come to a door of which nothing is known but that it answered."""
    zones = {_zone(one) for one in found}
    answered = Message("answered-outside", "a knock from there was answered")
    unknown = Message("not-knocked-from", "nobody knocked from there")
    reaches = tuple(
        Reach(zone, Certainty.YES, answered, by=Witness.SCAN)
        if zone in zones
        else Reach(zone, Certainty.MAYBE, unknown, by=Witness.SCAN)
        for zone in Zone
    )
    return Exposure(reaches, frozenset({Witness.SCAN}))


def _zone(one: Sighting) -> Zone:
    if one.source in SOURCES.values():
        return Zone.INTERNET
    return Zone.CONTAINERS if networks.is_container_interface(one.interface) else Zone.LAN
