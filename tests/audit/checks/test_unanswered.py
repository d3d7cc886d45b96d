from dataclasses import replace

import pytest

from rulesets import scene
from sightings import sighted
from tojimari.audit.checks.unanswered import ask
from tojimari.core.exposure import Certainty
from tojimari.core.finding import Severity
from tojimari.core.observation import State


@pytest.mark.parametrize("state", [State.FILTERED, State.CLOSED])
def test_a_held_door_that_the_rules_open_and_nobody_answers_is_found(state: State) -> None:
    (found,) = ask(scene(sighted(state, Certainty.YES)))
    assert (found.severity, found.is_certain) == (Severity.LOW, True)
    assert found.next == "tojimari reach 8080 --from 198.18.0.1 --why"


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (State.FILTERED, Certainty.NO),
        (State.FILTERED, Certainty.MAYBE),
        (State.OPEN, Certainty.YES),
        (State.UNKNOWN, Certainty.YES),
    ],
)
def test_agreement_and_doubt_are_no_finding(state: State, expected: Certainty) -> None:
    assert not list(ask(scene(sighted(state, expected))))


def test_what_a_rule_sends_elsewhere_is_not_the_listeners() -> None:
    assert not list(ask(scene(sighted(State.FILTERED, Certainty.YES, sent_on=True))))


def test_a_door_that_nobody_holds_or_looked_at_is_no_finding() -> None:
    door = sighted(State.FILTERED, Certainty.YES)
    assert not list(ask(scene(replace(door, listener=None), replace(door, sightings=()))))
