"""After a change: sockets, rules and conversation are looked at again, and what they say."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from tojimari.app import closing, difference, identify, knocking, look, sessions
from tojimari.app import firewall as firewalls
from tojimari.app.closing import Seen
from tojimari.app.firewall import Firewall
from tojimari.app.request import Request
from tojimari.close import nft
from tojimari.close.move import target_of
from tojimari.close.segment import Answer, Flow
from tojimari.core.door import Door
from tojimari.core.endpoint import Endpoint, Transport
from tojimari.core.errors import HostError
from tojimari.core.message import Message, mark
from tojimari.core.plan import Element, Plan, Step, Target

PATIENCE = 20.0  # seconds until a service must listen anew; RabbitMQ takes ten
PAUSE = 0.05  # seconds between looks
LINGER = 2.0  # seconds in which a supervisor may start again what was ended (RestartSec: 100 ms)
SPEAKING = 6.0  # seconds for a conversation, of which most take a tenth of one


@dataclass(frozen=True, slots=True)
class Expected:
    """What must be so afterwards, of which only the time before can tell.

    Attributes:
        programs: Who held the doors.
        protocol: What spoke there; None where that stayed unknown, or was not asked.
        pids: The processes that held them.
        knocked: What a knock from outside met; empty where none could be tried.
        outside: The interface that was knocked at.
    """

    programs: frozenset[str]
    protocol: str | None
    pids: frozenset[int]
    knocked: tuple[tuple[Flow, Answer], ...] = ()
    outside: str = ""


def before(step: Step, thought: Plan, seen: Seen) -> Expected:
    """What is to be known before anything is changed."""
    programs = frozenset(name for door in thought.doors for name in door.programs)
    pids = {owner.pid for door in thought.doors for owner in door.owners if owner.pid}
    protocol = _spoken(thought.doors) if step.opens else None
    outside, flows = knocking.flows(seen.firewall.machine, thought)
    knocked = tuple(zip(flows, knocking.knock(outside, flows), strict=False))
    return Expected(programs, protocol, frozenset(pids), knocked, outside)


def proof(
    expected: Expected, step: Step, thought: Plan, seen: Seen, request: Request
) -> tuple[Message, ...]:
    """Look again until all is as planned; what was seen.

    Raises:
        HostError: It is not, and the message says what is not.
    """
    shut = [element for deed in step.deeds for element in deed.elements]
    if shut:
        found = [*_rules_are_there(shut)]
    elif step.rules:
        found = []
    elif step.opens:
        found = _moved(expected, step, thought)
    else:
        found = _closed(expected, thought)
    now = firewalls.live()
    if step.rules and not shut:
        _nobody_comes(now, step, thought, request)
    found += _rules(seen, now, thought, request, shut=step.rules)
    found += knocking.compared(expected.outside, expected.knocked, step.opens)
    if not request.end_sessions:
        found += sessions.surviving(thought.targets)
    return tuple(found)


def _rules_are_there(shut: Sequence[Element]) -> list[Message]:
    present = nft.present()
    missing = set(shut) - set(present.elements if present else ())
    if present is None or not present.chain or missing:
        raise HostError("the rules that were just made are gone again")
    return [
        Message(
            "rules-there",
            "firewall: the kernel has the rules, in the table inet tojimari",
        )
    ]


def _doors() -> list[Door]:
    return closing.own(look.view())


def _until(check: Callable[[list[Door]], bool], patience: float = PATIENCE) -> list[Door]:
    """Look until it is so, or patience ends; the doors as they were seen last."""
    deadline = time.monotonic() + patience
    while True:
        doors = _doors()
        if check(doors) or time.monotonic() > deadline:
            return doors
        time.sleep(PAUSE)


def _at(doors: Iterable[Door], targets: Sequence[Target]) -> list[Door]:
    return [one for one in doors if target_of(one) in targets]


def _closed(expected: Expected, thought: Plan) -> list[Message]:
    allowed = _meant(thought)
    rebinds = thought.step is not None and thought.step.move == "config"

    def outside(doors: Iterable[Door]) -> list[Door]:
        return [
            one
            for one in _at(doors, thought.targets)
            if not one.endpoint.is_loopback and one.endpoint.address not in allowed
        ]

    def as_meant(doors: list[Door]) -> bool:
        here = _at(doors, thought.targets)
        return not outside(doors) and (bool(here) if rebinds else not here)

    doors = _until(as_meant)
    if thought.step is not None and thought.step.move == "process" and as_meant(doors):
        doors = _until(lambda seen: not as_meant(seen), LINGER)
    names = ", ".join(map(str, thought.targets))
    if outside(doors):
        holders = {owner for one in outside(doors) for owner in one.owners}
        fresh = [owner for owner in holders if owner.pid not in expected.pids]
        if fresh:
            who = fresh[0].unit or fresh[0].name or "?"
            raise HostError(
                "{doors} was closed, and {who} opened it again",
                hint=mark("close it by the unit that starts it, or by the firewall"),
                doors=names,
                who=who,
            )
        raise HostError("{doors} is still open", doors=names)
    here = _at(doors, thought.targets)
    if rebinds and not here:
        raise HostError("the service does not listen at {doors} any more", doors=names)
    if not here:
        return [Message("no-socket", "sockets: nobody waits at {doors}", {"doors": names})]
    where = ", ".join(sorted({one.endpoint.address for one in here}))
    return [
        Message(
            "bound",
            "sockets: at {doors} somebody waits only at {addresses}",
            {"doors": names, "addresses": where},
        )
    ]


def _meant(thought: Plan) -> set[str]:
    """Addresses at which a service may go on listening, by the step's own words."""
    values = thought.step.does.values if thought.step is not None else {}
    return set(str(values.get("addresses", "")).split(", "))


def _moved(expected: Expected, step: Step, thought: Plan) -> list[Message]:
    targets = [Target(one.transport, step.opens) for one in thought.targets]

    def there(doors: list[Door]) -> bool:
        new = _at(doors, targets)
        ours = all(expected.programs & set(one.programs) for one in new)
        return bool(new) and ours and not _at(doors, thought.targets)

    doors = _until(there)
    old, new = (", ".join(map(str, one)) for one in (thought.targets, targets))
    if not there(doors):
        raise HostError("the service does not listen at {new} alone", new=new, old=old)
    found = [
        Message(
            "moved", "sockets: {new} is open, and nobody waits at {old}", {"new": new, "old": old}
        )
    ]
    protocol = expected.protocol
    if protocol is not None:
        spoken = _spoken(_at(doors, targets))
        if spoken != protocol:
            raise HostError(
                "at {new} {spoken} is spoken, where {protocol} was before",
                new=new,
                spoken=spoken or "?",
                protocol=protocol,
            )
        found.append(
            Message(
                "speaks",
                "conversation: {protocol} is spoken at {new}",
                {"new": new, "protocol": protocol},
            )
        )
    return found


def _spoken(doors: Iterable[Door]) -> str | None:
    """What speaks behind doors, asked from this machine itself; the first that is understood."""
    asked = [
        identify.Target(
            Endpoint(one.endpoint.transport, _nearby(one.endpoint), one.endpoint.port),
            "here",
            # Which program it is decides what is tried first.
            next((owner.exe for owner in one.owners if owner.exe), None),
            next((owner.name for owner in one.owners if owner.name), None),
        )
        for one in doors
        if one.endpoint.transport in {Transport.TCP, Transport.UDP}
    ]
    for one in identify.identify(asked, seconds=SPEAKING):
        if one.service is not None:
            return one.service.protocol
    return None


def _nearby(endpoint: Endpoint) -> str:
    if not endpoint.is_wildcard:
        return endpoint.address
    return "::1" if endpoint.is_ipv6 else "127.0.0.1"


def _nobody_comes(now: Firewall, step: Step, thought: Plan, request: Request) -> None:
    """Reason over other tools' rules: they may let in what comes by a container's.

    Raises:
        HostError: Somebody comes through who was to be kept out.
    """
    for target in thought.targets:
        left = difference.let_in(now, target, thought.sources, but=bool(request.allowed))
        if left:
            raise HostError(
                "{owner} has the rule now, and all the same {doors} can be reached from {sources}",
                hint=mark(
                    "what is sent on to a container passes it; --by firewall closes that too"
                ),
                owner=step.move,
                doors=str(target),
                sources=", ".join(left),
            )


def _rules(
    seen: Seen, now: Firewall, thought: Plan, request: Request, *, shut: bool
) -> list[Message]:
    """The rules reasoned over again: only the target may have changed."""
    other: list[str] = []
    mine = 0
    ports = {one.port for one in thought.targets}
    for one in difference.differences(seen.firewall, now, ports):
        wanted = all(
            Target(one.transport, port) in thought.targets for port in _few(one.first, one.last)
        )
        if wanted and not one.opened:
            mine += 1
        else:
            other.append(f"{one.first}-{one.last}/{one.transport}")
    if other:
        raise HostError(
            "the rules changed for other doors, too: {doors}", doors=", ".join(other[:3])
        )
    names = ", ".join(map(str, thought.targets))
    if not shut:
        return [
            Message("rules-same", "rules: every port and source as before, IPv4 and IPv6"),
        ]
    came = request.sources and any(
        difference.let_in(seen.firewall, one, thought.sources, but=False) for one in thought.targets
    )
    if not mine and not came:
        return [
            Message("rules-already", "rules: {doors} was closed by them before", {"doors": names})
        ]
    return [
        Message(
            "rules-changed",
            "rules: {doors} is closed now; every other port and source as before, IPv4 and IPv6",
            {"doors": names},
        )
    ]


def _few(first: int, last: int) -> range:
    """The ports of a run; of a long one two, which is enough to see that it is one."""
    return range(max(first, 1), min(last, first + 1) + 1)
