"""Who would be locked out by what: a table of ways to sit at a machine and of changes to it."""

from dataclasses import dataclass, field

import pytest

from tojimari.close.guard import Access, Effect, Logins, Session, dangers
from tojimari.core.endpoint import Transport
from tojimari.core.exposure import Certainty
from tojimari.core.plan import Target

YES, MAYBE, NO = Certainty.YES, Certainty.MAYBE, Certainty.NO


def tcp(*ports: int) -> frozenset[Target]:
    return frozenset(Target(Transport.TCP, port) for port in ports)


def udp(*ports: int) -> frozenset[Target]:
    return frozenset(Target(Transport.UDP, port) for port in ports)


def ssh(port: int = 22, remote: str = "203.0.113.7", *pids: int) -> Session:
    return Session(Access.SSH, Target(Transport.TCP, port), remote, frozenset(pids))


def mosh(port: int = 60001, remote: str = "203.0.113.7", login: int = 22) -> Session:
    return Session(Access.MOSH, Target(Transport.UDP, port), remote, login=login)


@dataclass(frozen=True)
class Case:
    """One way to sit there, one change, and what is said of it.

    Attributes:
        name: A sentence.
        session: None at the console.
        effect: Of the change.
        said: The codes of the dangers.
        logins: The doors of SSH.
        limited: Those of them that have rules of their own (``Match LocalPort``).
        reach: What the firewall says of ports, from the operator's address.
    """

    name: str
    session: Session | None
    effect: Effect
    said: tuple[str, ...] = ()
    logins: tuple[int, ...] = (22,)
    limited: tuple[int, ...] = ()
    reach: dict[int, Certainty] = field(default_factory=dict[int, Certainty])


CUT, LOGIN = "session-cut", "login-cut"
CASES = [
    Case("at the console anything goes", None, Effect(gone=tcp(22))),
    Case("over SSH another door may close", ssh(), Effect(shut=tcp(6379))),
    Case("over SSH its own door may not close", ssh(), Effect(shut=tcp(22)), (LOGIN,)),
    Case("nor may its program stop", ssh(), Effect(gone=tcp(22)), (LOGIN,)),
    Case("the same over IPv6", ssh(remote="2001:db8::7"), Effect(shut=tcp(22)), (LOGIN,)),
    Case(
        "UDP 22 is not TCP 22",
        ssh(),
        Effect(shut=udp(22)),
    ),
    Case(
        "closed to the network that one comes from",
        ssh(),
        Effect(shut=tcp(22), sources=("203.0.113.0/24",)),
        (LOGIN,),
    ),
    Case(
        "closed to another network",
        ssh(),
        Effect(shut=tcp(22), sources=("198.51.100.0/24",)),
    ),
    Case(
        "closed to an IPv4 network while one comes by IPv6",
        ssh(remote="2001:db8::7"),
        Effect(shut=tcp(22), sources=("0.0.0.0/0",)),
    ),
    Case(
        "closed to all of IPv6 while one comes by it",
        ssh(remote="2001:db8::7"),
        Effect(shut=tcp(22), sources=("0.0.0.0/0", "::/0")),
        (LOGIN,),
    ),
    Case(
        "allowed to the network that one comes from",
        ssh(),
        Effect(shut=tcp(22), allowed=("203.0.113.0/24",)),
    ),
    Case(
        "allowed to another network alone",
        ssh(),
        Effect(shut=tcp(22), allowed=("10.0.0.0/8",)),
        (LOGIN,),
    ),
    Case(
        "a jump host is where one comes from: allowed to it",
        ssh(remote="10.0.0.2"),
        Effect(shut=tcp(22), allowed=("10.0.0.2",)),
    ),
    Case(
        "a jump host is where one comes from: allowed to the laptop behind it",
        ssh(remote="10.0.0.2"),
        Effect(shut=tcp(22), allowed=("203.0.113.7",)),
        (LOGIN,),
    ),
    Case(
        "a moved sshd: its own number may not close",
        ssh(2222),
        Effect(shut=tcp(2222)),
        (LOGIN,),
        logins=(2222,),
    ),
    Case(
        "a moved sshd: 22 may close",
        ssh(2222),
        Effect(shut=tcp(22)),
        logins=(2222,),
    ),
    Case(
        "a second door of SSH stays, and can be reached",
        ssh(),
        Effect(shut=tcp(22)),
        logins=(22, 2222),
        reach={2222: YES},
    ),
    Case(
        "a second door of SSH stays, but the firewall shuts it",
        ssh(),
        Effect(shut=tcp(22)),
        (LOGIN,),
        logins=(22, 2222),
        reach={2222: NO},
    ),
    Case(
        "a second door of SSH stays, and the firewall's word is unsure",
        ssh(),
        Effect(shut=tcp(22)),
        (LOGIN,),
        logins=(22, 2222),
        reach={2222: MAYBE},
    ),
    Case(
        "a second door of SSH stays, but Match LocalPort may turn one away there",
        ssh(),
        Effect(shut=tcp(22)),
        (LOGIN,),
        logins=(22, 2222),
        limited=(2222,),
        reach={2222: YES},
    ),
    Case(
        "both doors of SSH are of the program that stops",
        ssh(),
        Effect(gone=tcp(22, 2222)),
        (LOGIN,),
        logins=(22, 2222),
        reach={2222: YES},
    ),
    Case(
        "SSH moves to a number that can be reached",
        ssh(),
        Effect(gone=tcp(22), opened=2222),
        reach={2222: YES},
    ),
    Case(
        "SSH moves to a number that the firewall shuts",
        ssh(),
        Effect(gone=tcp(22), opened=2222),
        (LOGIN,),
        reach={2222: NO},
    ),
    Case(
        "another service moves",
        ssh(),
        Effect(gone=tcp(80), opened=8080),
        reach={8080: NO},
    ),
    Case(
        "the process of one's own session ends",
        ssh(22, "203.0.113.7", 700, 701),
        Effect(ended=frozenset({701}), gone=tcp(6379)),
        (CUT,),
    ),
    Case(
        "sshd stops with all that it started",
        ssh(22, "203.0.113.7", 700, 701),
        Effect(ended=frozenset({700}), gone=tcp(22)),
        (CUT, LOGIN),
    ),
    Case(
        "the sessions of one's own door are ended",
        ssh(),
        Effect(shut=tcp(22), sources=("198.51.100.0/24",), cut=tcp(22)),
        (CUT,),
    ),
    Case(
        "over mosh its own datagrams may not be dropped",
        mosh(),
        Effect(shut=udp(60001)),
        (CUT,),
    ),
    Case("over mosh another door may close", mosh(), Effect(shut=tcp(6379))),
    Case(
        "over mosh the door of SSH is the next login's",
        mosh(),
        Effect(shut=tcp(22)),
        (LOGIN,),
    ),
    Case(
        "over mosh from nobody knows where, some network may be one's own",
        mosh(remote=""),
        Effect(shut=udp(60001), sources=("10.0.0.0/8",)),
        (CUT,),
    ),
    Case(
        "over Telnet its own door may not close",
        Session(Access.OTHER, Target(Transport.TCP, 23), "203.0.113.7"),
        Effect(shut=tcp(23)),
        (LOGIN,),
        logins=(),
    ),
    Case(
        "an IPv4 address in IPv6's clothes is the IPv4 address",
        ssh(remote="::ffff:203.0.113.7"),
        Effect(shut=tcp(22), allowed=("203.0.113.0/24",)),
    ),
]


def test_the_table_is_long_enough_to_mean_something() -> None:
    assert len(CASES) >= 30
    assert len({one.name for one in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=[one.name for one in CASES])
def test_who_is_locked_out(case: Case) -> None:
    logins = Logins(frozenset(case.logins), frozenset(case.limited))
    found = dangers(case.session, case.effect, logins, lambda port: case.reach.get(port, NO))
    assert tuple(one.code for one in found) == case.said
