"""What is asked of a close, a move or an allow, and the plan for it: nothing is changed here."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tojimari.app import firewall as firewalls
from tojimari.app import identify, intended, look, reach, where
from tojimari.app.firewall import Firewall
from tojimari.app.passages import standpoints
from tojimari.app.request import Request
from tojimari.close import deeds, guard, operator, semanage, zones
from tojimari.close.disk import Disk
from tojimari.close.guard import Effect, Logins, Session
from tojimari.close.move import Move, Situation, target_of
from tojimari.close.units import System
from tojimari.core import catalog
from tojimari.core.conversations import network
from tojimari.core.door import Door
from tojimari.core.endpoint import Transport, canonical_address
from tojimari.core.errors import UsageError
from tojimari.core.exposure import Certainty, Zone
from tojimari.core.message import Message
from tojimari.core.plan import Kind, Plan, Step, Target
from tojimari.core.socket import Connection, Direction, InsideView
from tojimari.firewall import intervals
from tojimari.sockets import ancestry

MOVES = "tojimari.close.moves"
_MANAGER = "systemd"
_FIREWALLD = "firewalld"  # which is asked for its zones only where it is to close the door
_LOGIN = frozenset({"sshd", "dropbear"})  # programs by which somebody logs in


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of the machine before anything is changed.

    Attributes:
        view: The kernel's sockets.
        doors: The machine's own doors.
        firewall: Its rules.
        session: Whoever asks.
    """

    view: InsideView
    doors: tuple[Door, ...]
    firewall: Firewall
    session: Session | None


def moves() -> tuple[Move, ...]:
    """Every way to close a door, the smallest first."""
    return tuple(sorted(catalog.entries(MOVES, "MOVE", Move), key=lambda one: one.size))


def see() -> Seen:
    """Look at the machine.

    Raises:
        HostError: The sockets or the rules cannot be read.
    """
    view = look.view(connections=True)
    doors = tuple(_with_sockets(own(view)))
    return Seen(view, doors, firewalls.live(), _session(view))


def own(view: InsideView) -> list[Door]:
    """The doors that others come to, in our own network namespace: rules are changed only there."""
    ours = identify.own_namespace(view.namespaces)
    return [one for one in look.doors(view) if one.namespace.inode == ours and one.is_server]


def _with_sockets(doors: Sequence[Door]) -> Iterator[Door]:
    """The doors, where the service manager itself holds one with the unit that it is of."""
    sockets: dict[Target, str] | None = None
    for door in doors:
        if door.listener is None or _MANAGER not in door.programs:
            yield door
            continue
        if sockets is None:
            sockets = System().sockets()
        unit = sockets.get(target_of(door))
        owners = tuple(
            replace(one, unit=unit) if unit and one.name == _MANAGER else one for one in door.owners
        )
        yield replace(door, listener=replace(door.listener, owners=owners))


def plan(request: Request, seen: Seen) -> Plan:
    """Think a request over.

    Raises:
        UsageError: A word is no number, a source is none, or there is no such way.
    """
    targets = chosen_targets(request, seen)
    situation = _situation(request, seen, targets)
    offered = [one for one in moves() if not one.asked or one.name == request.by]
    steps = tuple(one.plan(situation) for one in offered)
    if request.why:
        steps = tuple(intended.with_policy(one, request, targets) for one in steps)
    if request.port:
        steps = tuple(intended.moved(one, request, targets) for one in steps)
    chosen = _chosen(request, steps)
    step = None if chosen is None else steps[chosen]
    return Plan(
        host=seen.view.host,
        at=seen.view.at,
        targets=targets,
        sources=situation.allowed or situation.sources,
        doors=situation.mine,
        exposures=tuple(
            (one, reach.row(seen.firewall, one.transport, one.port).exposure) for one in targets
        ),
        connections=sessions(seen.view.connections, targets),
        steps=steps,
        chosen=chosen,
        danger=() if step is None else dangers(request, seen, situation, step),
    )


def chosen_targets(request: Request, seen: Seen) -> tuple[Target, ...]:
    """The numbers that are meant; a word without a transport means those that are in use.

    Raises:
        UsageError: A word is no number; or a move names several.
    """
    asked = where.targets(request.words)
    open_ = {target_of(one) for one in seen.doors}
    targets: dict[Target, None] = {}
    for one in asked:
        other = replace(
            one, transport=Transport.UDP if one.transport is Transport.TCP else Transport.TCP
        )
        named = other not in asked
        if named or one in open_ or (one.transport is Transport.TCP and other not in open_):
            targets[one] = None
    return tuple(targets)


def sessions(
    connections: Sequence[Connection], targets: Sequence[Target]
) -> tuple[Connection, ...]:
    """Who is connected at some doors, from elsewhere or from this machine."""
    wanted = set(targets)
    return tuple(
        one
        for one in connections
        if one.direction is not Direction.OUTGOING
        and one.local.port
        and (one.local.transport, one.local.port) in {(t.transport, t.port) for t in wanted}
    )


def dangers(request: Request, seen: Seen, situation: Situation, step: Step) -> tuple[Message, ...]:
    """Why whoever asks would be locked out."""
    remote = seen.session.remote if seen.session is not None else ""

    def reachable(port: int) -> Certainty:
        if not remote:
            return Certainty.MAYBE
        return reach.asked(seen.firewall, remote, Transport.TCP, port).certainty

    return guard.dangers(
        seen.session, effect(request, situation, step), _logins(seen.doors), reachable
    )


def effect(request: Request, situation: Situation, step: Step) -> Effect:
    """What a step does to those who come."""
    targets = frozenset(situation.targets)
    cut = targets if request.end_sessions else frozenset[Target]()
    if step.rules:
        return Effect(shut=targets, sources=situation.sources, allowed=situation.allowed, cut=cut)
    ended = frozenset(one.pid for one in step.deeds if one.kind is Kind.SIGNAL)
    for owner in situation.owners if step.move == "unit" else ():
        unit = situation.units.unit(owner.unit) if owner.unit else None
        if unit is not None and not unit.keeps_children and owner.pid is not None:
            ended |= {owner.pid}
    gone = targets | frozenset(step.stops)
    return Effect(gone=gone, opened=step.opens, ended=ended, cut=cut)


def _situation(request: Request, seen: Seen, targets: tuple[Target, ...]) -> Situation:
    own_pids = _ancestors()
    mine = [one for one in seen.doors if target_of(one) in targets]
    pids = {owner.pid for one in mine for owner in one.owners if owner.pid is not None}
    return Situation(
        targets=targets,
        doors=seen.doors,
        units=System(),
        files=Disk(),
        sources=networks(request.sources, seen.firewall),
        allowed=networks(request.allowed, seen.firewall),
        port=request.port,
        addresses=_addresses(request.addresses),
        seconds=request.seconds,
        mask=request.mask,
        kill=request.kill,
        end_sessions=request.end_sessions,
        starts={pid: at for pid in pids if (at := deeds.started(pid)) is not None},
        spared=frozenset(own_pids),
        labels=semanage.labels(Disk()) if request.port else None,
        zones=zones.zones() if request.by == _FIREWALLD else (),
    )


def networks(words: Sequence[str], firewall: Firewall) -> tuple[str, ...]:
    """Networks that words stand for: zones by what they are on this machine.

    Raises:
        UsageError: A word is no zone, no address and no network.
    """
    found: dict[str, None] = {}
    for word in words:
        if word not in set(Zone):
            found[str(network(word))] = None
            continue
        for place in standpoints(firewall):
            if place.zone == word:
                for one in intervals.networks(place.sources, place.family):
                    found[one] = None
    return tuple(found)


def _addresses(words: Sequence[str]) -> tuple[str, ...]:
    if not words:
        return ("127.0.0.1", "::1")
    try:
        return tuple(canonical_address(word) for word in words)
    except ValueError as error:
        raise UsageError("not an address: {text}", text=", ".join(words)) from error


def _chosen(request: Request, steps: Sequence[Step]) -> int | None:
    """The way that is taken.

    Raises:
        UsageError: There is no such way.
    """
    names = [one.move for one in steps]
    if request.by is not None:
        if request.by not in names:
            raise UsageError(
                "there is no such way to close a door: {by}",
                hint="--by takes one of these: {known}",
                by=request.by,
                known=", ".join(one.name for one in moves()),
            )
        at = names.index(request.by)
        return at if steps[at].refused is None else None
    if request.port:
        wanted = [at for at, one in enumerate(steps) if one.move == "config"]
    elif request.sources or request.allowed:
        wanted = [at for at, one in enumerate(steps) if one.move == "firewall"]
    else:
        wanted = list(range(len(steps)))
    possible = [at for at in wanted if steps[at].refused is None]
    # What closes nothing else comes before what does, whatever its size.
    return min(possible, key=lambda at: (len(steps[at].stops), at), default=None)


def session() -> Session | None:
    """The session that we are in; None where nobody came from elsewhere.

    Raises:
        HostError: The kernel's sockets cannot be read.
    """
    return _session(look.view(connections=True))


def _session(view: InsideView) -> Session | None:
    return operator.session(os.environ, _ancestors(), view.connections, view.listeners)


def _ancestors() -> list[int]:
    return [os.getpid(), *(one.pid for one in ancestry.ancestry(os.getpid()).parents)]


def _logins(doors: Sequence[Door]) -> Logins:
    ports = frozenset(
        one.endpoint.port
        for one in doors
        if one.endpoint.transport is Transport.TCP
        and not one.endpoint.is_loopback
        and (
            _LOGIN & set(one.programs) or any((o.unit or "").startswith("ssh") for o in one.owners)
        )
    )
    return Logins(ports, _limited(ports))


def _limited(ports: frozenset[int]) -> frozenset[int]:
    """The numbers of which sshd's own rules speak (``Match LocalPort``)."""
    from tojimari.close.services import sshd  # noqa: PLC0415 - only where somebody could be locked out

    return ports & sshd.matched_ports(Disk())
