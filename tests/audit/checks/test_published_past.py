from dataclasses import replace

import pytest

from rulesets import DECIDER, PAST, published, scene
from scenery import intent
from tojimari.audit.checks.published_past import ask
from tojimari.core.exposure import Zone
from tojimari.core.finding import Severity


@pytest.mark.parametrize(
    ("widest", "severity"), [(Zone.INTERNET, Severity.HIGH), (Zone.LAN, Severity.MEDIUM)]
)
def test_a_door_that_a_container_opens_past_the_manager_names_both_rules(
    widest: Zone, severity: Severity
) -> None:
    (found,) = ask(scene(published(widest)))
    assert (found.severity, found.rules) == (severity, (DECIDER, PAST))
    assert found.message.values == {
        "manager": "ufw",
        "number": "8080/tcp",
        "publisher": "Docker",
        "target": "172.17.0.2:80",
    }


def test_what_the_policy_means_is_in_order() -> None:
    assert not list(ask(scene(replace(published(Zone.LAN), intent=intent(8080)))))


def test_what_only_this_machine_reaches_is_no_finding() -> None:
    assert not list(ask(scene(published(Zone.THIS_MACHINE))))


def test_a_door_that_no_manager_would_have_shut_is_no_finding() -> None:
    door = published(Zone.LAN)
    assert door.forwarding is not None
    plain = replace(door, forwarding=replace(door.forwarding, past=None))
    assert not list(ask(scene(plain)))
