import pytest

from rulesets import DECIDER, scene
from sightings import sighted
from tojimari.audit.checks.against_the_rules import ask
from tojimari.core.exposure import Certainty
from tojimari.core.finding import Severity
from tojimari.core.observation import State


def test_a_door_that_opens_against_the_rules_is_grave_and_names_the_rule() -> None:
    (found,) = ask(scene(sighted(State.OPEN, Certainty.NO)))
    assert (found.severity, found.rules) == (Severity.HIGH, (DECIDER,))
    assert found.next == "tojimari reach 8080 --from 198.18.0.1 --why"


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (State.OPEN, Certainty.YES),
        (State.OPEN, Certainty.MAYBE),
        (State.FILTERED, Certainty.NO),
        (State.CLOSED, Certainty.NO),
    ],
)
def test_agreement_and_doubt_are_no_finding(state: State, expected: Certainty) -> None:
    assert not list(ask(scene(sighted(state, expected))))
