import datetime as dt

import pytest

from scenery import door, intent
from tojimari.audit.check import Scene
from tojimari.audit.checks.unintended import ask
from tojimari.core.door import Door
from tojimari.core.exposure import Zone
from tojimari.core.finding import Severity
from tojimari.core.meaning import Advice, Meaning


def scene(*doors: Door, has_policy: bool = True) -> Scene:
    return Scene(doors, (), has_policy, dt.date(2030, 1, 1))


def test_a_door_that_a_line_covers_is_intended() -> None:
    assert not list(ask(scene(door(intent=intent()))))


@pytest.mark.parametrize(
    ("widest", "severity"),
    [
        (Zone.INTERNET, Severity.HIGH),
        (Zone.LAN, Severity.MEDIUM),
        (Zone.CONTAINERS, Severity.LOW),
        (Zone.THIS_MACHINE, Severity.INFO),
    ],
)
def test_a_door_that_no_line_covers_is_the_graver_the_farther_it_is_reached(
    widest: Zone, severity: Severity
) -> None:
    (found,) = ask(scene(door(widest=widest)))
    assert (found.severity, found.message.code) == (severity, "unintended-open")


def test_what_must_never_face_the_internet_is_critical_there() -> None:
    redis = Meaning(service="redis", internet=Advice.NEVER)
    (found,) = ask(scene(door(widest=Zone.INTERNET, meaning=redis)))
    assert found.severity is Severity.CRITICAL


def test_the_finding_carries_the_witness_and_the_next_command() -> None:
    (found,) = ask(scene(door()))
    assert (found.evidence, found.next) == (("kernel: open (listening)",), "tojimari look 6379")


def test_without_a_policy_nothing_is_unintended() -> None:
    assert not list(ask(scene(door(), has_policy=False)))
