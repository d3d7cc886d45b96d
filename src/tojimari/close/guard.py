"""Whether a change would lock out whoever makes it: thought over before anything is done. Pure."""

import ipaddress
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from tojimari.core.endpoint import Transport
from tojimari.core.exposure import Certainty
from tojimari.core.message import Message
from tojimari.core.plan import Target


class Access(StrEnum):
    """How somebody sits at the machine."""

    SSH = "ssh"
    MOSH = "mosh"  # begun by SSH, then datagrams to a number of its own
    OTHER = "other"  # Telnet and the like: an incoming connection of a process that we came from


@dataclass(frozen=True, slots=True)
class Session:
    """The session of whoever typed the command.

    Attributes:
        access: Of which kind.
        door: The number by which it came in.
        remote: The address at its other end, a jump host's where one is between; empty where
            nobody knows.
        pids: The processes of it at our end.
        login: The number by which the next login would come, where it is another than ``door``.
        holders: The processes that hold the connection itself; empty where it was not seen.
    """

    access: Access
    door: Target
    remote: str
    pids: frozenset[int] = frozenset()
    login: int = 0
    holders: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Effect:
    """What a change does to those who come.

    Attributes:
        shut: The doors that a rule closes.
        sources: To whom; empty for everybody.
        allowed: Who is left in all the same.
        gone: The doors that are there no more for other machines, whoever comes.
        opened: The number that a door of SSH gets instead; 0 for none.
        ended: Processes that end.
        cut: The doors whose existing sessions are ended.
    """

    shut: frozenset[Target] = frozenset()
    sources: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()
    gone: frozenset[Target] = frozenset()
    opened: int = 0
    ended: frozenset[int] = frozenset()
    cut: frozenset[Target] = frozenset()


@dataclass(frozen=True, slots=True)
class Logins:
    """The doors by which somebody can log in.

    Attributes:
        ports: Their numbers, all of TCP.
        limited: Those of them at which the server's own rules (``Match LocalPort``) may refuse.
    """

    ports: frozenset[int]
    limited: frozenset[int] = field(default_factory=frozenset[int])


Reachable = Callable[[int], Certainty]


def dangers(
    session: Session | None, effect: Effect, logins: Logins, reachable: Reachable
) -> tuple[Message, ...]:
    """Why the operator would be locked out; nothing where they would not.

    Args:
        session: None where they sit at the machine itself.
        effect: What the change does.
        logins: Where somebody can log in before it.
        reachable: Whether the firewall lets the operator's address come to a number, after it.
    """
    if session is None:
        return ()
    found: list[Message] = []
    if _is_cut(session, effect):
        found.append(Message("session-cut", "your own session would be cut"))
    if not _can_come_back(session, effect, logins, reachable):
        found.append(
            Message(
                "login-cut",
                "your next login from {address} would find no door: {doors} closes",
                {
                    "address": session.remote or "?",
                    "doors": ", ".join(str(one) for one in sorted(effect.shut | effect.gone)),
                },
            )
        )
    return tuple(found)


def _is_cut(session: Session, effect: Effect) -> bool:
    if session.pids & effect.ended or session.door in effect.cut:
        return True
    # Datagrams have no session that the kernel would know for good: a phone that was silent for
    # three minutes comes as somebody new (nf_conntrack_udp_timeout_stream, 120 s).
    datagrams = session.door.transport is Transport.UDP
    return datagrams and (_closes(session.door, session, effect) or session.door in effect.gone)


def _can_come_back(session: Session, effect: Effect, logins: Logins, reachable: Reachable) -> bool:
    touched = {one.port for one in effect.shut | effect.gone if one.transport is Transport.TCP}
    usual = session.login or session.door.port
    if usual not in touched:
        return True  # it came by there, and nothing changes there
    left = {
        port
        for port in logins.ports | {usual}
        if Target(Transport.TCP, port) not in effect.gone
        and not _closes(Target(Transport.TCP, port), session, effect)
    }
    if usual in left:
        return True
    if effect.opened and usual in {one.port for one in effect.gone}:
        left.add(effect.opened)
    return any(
        port not in logins.limited and reachable(port) is Certainty.YES for port in sorted(left)
    )


def _closes(door: Target, session: Session, effect: Effect) -> bool:
    """Whether a rule closes a door to the operator; an address that nobody knows may be any."""
    if door not in effect.shut:
        return False
    if effect.allowed:
        return not (session.remote and _within(session.remote, effect.allowed))
    if effect.sources:
        return not session.remote or _within(session.remote, effect.sources)
    return True


def _within(address: str, networks: Iterable[str]) -> bool:
    one = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(one, ipaddress.IPv6Address) and one.ipv4_mapped is not None:
        one = one.ipv4_mapped
    return any(one in ipaddress.ip_network(network, strict=False) for network in networks)
