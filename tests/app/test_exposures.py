"""The firewall's word joined with the bound address, on a machine made by hand."""

from dataclasses import replace

import pytest

from guarded import guarded
from rulesets import HOST, behind, filters
from scenery import HOST_NETNS, listener
from tojimari.app import passages
from tojimari.app.firewall import Firewall
from tojimari.app.firewalls import Firewalls
from tojimari.core.endpoint import Endpoint, Transport
from tojimari.core.exposure import Certainty, Passage, Reach, Zone
from tojimari.core.observation import State, Witness
from tojimari.core.socket import Listener
from tojimari.firewall.sources import Standpoint

SSH_ONLY = filters("-A ufw-user-input -p tcp -m tcp --dport 22 -j ACCEPT")
LIMITED = filters(
    "-A ufw-user-input -p tcp -m tcp --dport 22 -m limit --limit 3/min -j ACCEPT",
    "-A ufw-user-input -p tcp -m tcp --dport 25 -m u32 --u32 0=0 -j ACCEPT",
)


def lan(*rules: str, heard: Listener) -> Reach:
    (door,) = behind(*rules, doors=(heard,)).doors
    return next(one for one in door.exposure.reaches if one.zone is Zone.LAN)


def test_a_door_is_open_where_its_address_and_the_rules_let_in() -> None:
    found = lan(SSH_ONLY, heard=listener(port=22))
    assert (found.certainty, found.by, found.whole) == (Certainty.YES, Witness.FIREWALL, True)
    assert found.because.code == "ufw-rule"


def test_what_the_rules_do_not_let_in_is_shut_by_them() -> None:
    found = lan(SSH_ONLY, heard=listener(port=6379))
    assert (found.certainty, found.by) == (Certainty.NO, Witness.FIREWALL)
    assert found.because.code == "ufw-default"


def test_what_the_address_does_not_take_no_rule_lets_in() -> None:
    (door,) = behind(SSH_ONLY, doors=(listener("127.0.0.1", 22),)).doors
    assert door.exposure.widest is Zone.THIS_MACHINE
    assert {one.by for one in door.exposure.reaches} == {Witness.KERNEL}


def test_a_door_at_one_address_is_asked_for_there() -> None:
    assert lan(SSH_ONLY, heard=listener("192.168.0.2", 22)).certainty is Certainty.YES


def test_a_door_at_one_interface_is_reached_by_it_alone() -> None:
    rules = filters("-A ufw-user-input -i docker0 -p tcp -m tcp --dport 22 -j ACCEPT")
    found = behind(rules, doors=(listener(port=22, interface="docker0"),)).doors[0].exposure
    assert found.certainty(Zone.CONTAINERS) is Certainty.YES
    assert found.certainty(Zone.LAN) is not Certainty.YES


def test_a_condition_that_cannot_be_judged_makes_it_maybe() -> None:
    found = lan(LIMITED, heard=listener(port=25))
    assert (found.certainty, found.by) == (Certainty.MAYBE, Witness.FIREWALL)


def test_a_limit_of_the_rate_lets_the_patient_in() -> None:
    found = lan(LIMITED, heard=listener(port=22))
    assert found.certainty is Certainty.YES
    assert any(one.limits for one in found.passages)


@pytest.mark.parametrize(
    "heard",
    [
        replace(listener("224.0.0.251", 5353, transport=Transport.UDP), multicast=True),
        Listener(Endpoint(Transport.SCTP, "0.0.0.0", 36412), HOST_NETNS, ()),
    ],
)
def test_rules_for_groups_and_sctp_are_not_followed(heard: Listener) -> None:
    (door,) = behind(SSH_ONLY, doors=(heard,)).doors
    assert (door.exposure.widest, door.exposure.farthest) == (Zone.THIS_MACHINE, Zone.LAN)


def test_where_nobody_could_read_the_firewall_the_address_says_how_far_it_may_be() -> None:
    (door,) = guarded(Firewalls(unread={HOST_NETNS}), (HOST,), listener(port=22))
    assert (door.exposure.widest, door.exposure.farthest) == (Zone.THIS_MACHINE, Zone.LAN)
    assert len(door.observations) == 1  # the firewall said nothing


def test_where_no_rule_stands_the_address_decides() -> None:
    (door,) = guarded(Firewalls(free={HOST_NETNS}), (HOST,), listener(port=22))
    assert door.exposure.widest is Zone.LAN
    seen = door.observations[-1]
    assert (seen.witness, seen.state, seen.evidence) == (
        Witness.FIREWALL,
        State.OPEN,
        "no rule in the way",
    )


def test_what_the_firewall_says_is_one_sentence_with_its_rule() -> None:
    (shut,) = behind(SSH_ONLY, doors=(listener(port=6379),)).doors
    assert shut.observations[-1].state is State.FILTERED
    assert "lan: certainly-not, ufw default: deny (INPUT)" in shut.observations[-1].evidence


def test_doors_that_no_rule_tells_apart_are_asked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    really = passages.followed

    def followed(
        firewall: Firewall, place: Standpoint, transport: Transport, port: int, address: str | None
    ) -> list[Passage]:
        asked.append(port)
        return really(firewall, place, transport, port, address)

    monkeypatch.setattr("tojimari.app.passages.followed", followed)
    behind(SSH_ONLY, doors=tuple(listener(port=port) for port in range(3000, 3100)))
    assert set(asked) == {3000}
