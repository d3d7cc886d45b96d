from dataclasses import replace

import pytest

from rulesets import scene
from scenery import door, intent
from tojimari.audit.checks.moved_service import ask
from tojimari.core.door import Door
from tojimari.core.finding import Severity
from tojimari.core.service import Service


def speaking(port: int, protocol: str) -> Door:
    return replace(door(port), service=Service(protocol))


def test_a_service_at_another_s_well_known_number_is_a_finding() -> None:
    (found,) = ask(scene(speaking(80, "ssh")))
    assert (found.severity, found.next) == (Severity.LOW, "tojimari look 80 --identify")
    assert found.message.values == {"usual": "http", "spoken": "ssh"}


def test_at_a_number_that_anybody_may_register_it_is_worth_a_line() -> None:
    assert [one.severity for one in ask(scene(speaking(5432, "mysql")))] == [Severity.INFO]


@pytest.mark.parametrize(("port", "protocol"), [(22, "ssh"), (8080, "http"), (2222, "ssh")])
def test_whoever_is_at_home_is_no_finding(port: int, protocol: str) -> None:
    assert not list(ask(scene(speaking(port, protocol))))


def test_a_policy_that_names_the_service_answers_for_it() -> None:
    meant = replace(speaking(80, "ssh"), intent=intent(80, service="ssh"))
    assert not list(ask(scene(meant)))
    silent = replace(speaking(80, "ssh"), intent=intent(80))
    assert [one.intent for one in ask(scene(silent))] == [intent(80)]


def test_where_nobody_listened_nothing_is_said() -> None:
    assert not list(ask(scene(door(80))))
