import datetime as dt

import pytest

from scenery import door, intent
from tojimari.audit.check import Scene
from tojimari.audit.checks.wider import ask
from tojimari.core.door import Door
from tojimari.core.exposure import Zone
from tojimari.core.finding import Severity


def scene(*doors: Door) -> Scene:
    return Scene(doors, (), has_policy=True, today=dt.date(2030, 1, 1))


@pytest.mark.parametrize(
    ("widest", "severity", "code"),
    [
        (Zone.INTERNET, Severity.HIGH, "wider-internet"),
        (Zone.LAN, Severity.MEDIUM, "wider-lan"),
        (Zone.CONTAINERS, Severity.LOW, "wider-containers"),
    ],
)
def test_a_door_for_this_machine_that_others_reach_is_wider_than_meant(
    widest: Zone, severity: Severity, code: str
) -> None:
    meant = intent(sources=("this-machine",))
    (found,) = ask(scene(door(widest=widest, intent=meant)))
    assert (found.severity, found.message.code, found.evidence[-1]) == (
        severity,
        code,
        "By the test.",
    )


def test_a_door_that_is_reached_as_it_was_meant_is_no_finding() -> None:
    assert not list(ask(scene(door(widest=Zone.LAN, intent=intent(sources=("lan",))))))


def test_whoever_may_come_from_farther_may_come_from_nearer() -> None:
    assert not list(ask(scene(door(widest=Zone.LAN, intent=intent(sources=("internet",))))))


def test_a_door_at_every_address_that_was_meant_at_one_stands_elsewhere() -> None:
    meant = intent(address="10.0.0.5", sources=("lan",))
    (found,) = ask(scene(door(intent=meant)))
    assert (found.severity, found.message.values) == (
        Severity.LOW,
        {"meant": "10.0.0.5", "address": "0.0.0.0"},
    )


def test_a_door_without_a_line_is_not_for_this_check() -> None:
    assert not list(ask(scene(door())))
