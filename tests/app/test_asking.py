"""Which doors of UDP are asked from outside."""

from scenery import door
from tojimari.app.asking import ALONE, Asking, asking
from tojimari.app.firewalls import Firewalls
from tojimari.core.endpoint import Transport
from tojimari.core.intent import Intent, PortRange
from tojimari.scan import ports

USUAL = frozenset(ports.top(100, Transport.UDP))


def asked(*intents: Intent, wanted: frozenset[int] | None = None) -> Asking:
    tcp = door(5999)
    return asking([tcp], tcp.namespace.inode, Firewalls(), intents, wanted)


def meant(first: int, last: int) -> Intent:
    return Intent(Transport.UDP, PortRange(first, last), ("lan",), "because")


def test_the_usual_numbers_are_asked_and_no_door_of_tcp() -> None:
    assert asked() == Asking(frozenset(), USUAL)


def test_the_policy_names_numbers_and_of_a_long_run_the_first() -> None:
    found = asked(meant(40000, 40001), meant(41000, 41000 + ALONE))
    assert found.others == USUAL | {40000, 40001, 41000}


def test_what_somebody_asks_for_is_asked_alone() -> None:
    assert asked(wanted=frozenset({53, 40000})).numbers == (53, 40000)
    many = asked(wanted=frozenset(range(1, 1000)))
    assert many.numbers == tuple(sorted(one for one in USUAL if one < 1000))
