from dataclasses import replace

import pytest

from rulesets import published, scene
from sightings import sighted, sighting
from tojimari.audit.checks.unheld import ask
from tojimari.core.exposure import Certainty, Zone
from tojimari.core.finding import Severity
from tojimari.core.observation import State


@pytest.mark.parametrize(
    ("widest", "severity"),
    [
        (Zone.INTERNET, Severity.HIGH),
        (Zone.LAN, Severity.MEDIUM),
        (Zone.CONTAINERS, Severity.LOW),
    ],
)
def test_what_answers_without_a_socket_is_as_grave_as_it_is_far(
    widest: Zone, severity: Severity
) -> None:
    door = replace(sighted(State.OPEN, Certainty.MAYBE, widest=widest), listener=None)
    (found,) = ask(scene(door))
    assert (found.severity, found.next) == (severity, "tojimari identify 192.0.2.1:8080")


def test_what_answers_by_ipv6_is_asked_for_in_brackets() -> None:
    door = sighted(State.OPEN, Certainty.YES)
    six = replace(door.sightings[0], address="2001:db8::1")
    (found,) = ask(scene(replace(door, listener=None, sightings=(six,))))
    assert found.next == "tojimari identify [2001:db8::1]:8080"


def test_a_container_that_a_rule_is_known_to_send_to_is_no_finding() -> None:
    answered = (sighting(State.OPEN, Certainty.YES, sent_on=True),)
    assert not list(ask(scene(replace(published(Zone.INTERNET), sightings=answered))))


def test_a_held_door_is_no_finding() -> None:
    assert not list(ask(scene(sighted(State.OPEN, Certainty.YES))))
