import datetime as dt

from scenery import door, intent
from tojimari.audit.check import Scene
from tojimari.audit.checks.missing import ask
from tojimari.core.door import Door
from tojimari.core.finding import Severity
from tojimari.core.intent import Intent

TODAY = dt.date(2030, 1, 1)


def scene(*intents: Intent, doors: tuple[Door, ...] = ()) -> Scene:
    return Scene(doors, intents, has_policy=True, today=TODAY)


def test_a_line_that_no_door_meets_is_missing() -> None:
    (found,) = ask(scene(intent(25)))
    assert (found.severity, found.intent, found.next) == (
        Severity.MEDIUM,
        intent(25),
        "tojimari port 25",
    )


def test_a_line_that_a_door_meets_is_not_missing() -> None:
    assert not list(ask(scene(intent(25), doors=(door(25, intent=intent(25)),))))


def test_a_door_that_may_be_shut_is_not_missing() -> None:
    assert not list(ask(scene(intent(25, optional=True))))


def test_a_line_that_has_run_out_is_not_missing() -> None:
    assert not list(ask(scene(intent(25, until=dt.date(2029, 12, 31)))))
