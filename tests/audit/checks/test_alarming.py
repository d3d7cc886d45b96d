import datetime as dt

import pytest

from scenery import door
from tojimari.audit.check import Scene
from tojimari.audit.checks.alarming import ask
from tojimari.core.door import Door
from tojimari.core.exposure import Zone
from tojimari.core.finding import Severity
from tojimari.core.meaning import Advice, Meaning

REDIS = Meaning(service="redis", kind="cache", internet=Advice.NEVER)


def scene(*doors: Door, has_policy: bool = False) -> Scene:
    return Scene(doors, (), has_policy, dt.date(2030, 1, 1))


@pytest.mark.parametrize(
    ("widest", "severity"),
    [(Zone.INTERNET, Severity.CRITICAL), (Zone.LAN, Severity.MEDIUM)],
)
def test_a_database_where_others_knock_is_alarming(widest: Zone, severity: Severity) -> None:
    (found,) = ask(scene(door(widest=widest, meaning=REDIS)))
    assert (found.severity, found.message.values["service"]) == (severity, "redis")


@pytest.mark.parametrize("widest", [Zone.THIS_MACHINE, Zone.CONTAINERS])
def test_a_database_for_this_machine_is_not_alarming(widest: Zone) -> None:
    assert not list(ask(scene(door(widest=widest, meaning=REDIS))))


def test_what_may_face_the_internet_with_care_is_not_alarming() -> None:
    ssh = Meaning(service="ssh", internet=Advice.CAREFUL)
    assert not list(ask(scene(door(22, widest=Zone.INTERNET, meaning=ssh))))


def test_a_policy_answers_for_its_doors_itself() -> None:
    assert not list(ask(scene(door(widest=Zone.INTERNET, meaning=REDIS), has_policy=True)))
