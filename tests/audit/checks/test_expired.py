import datetime as dt

import pytest

from scenery import door, intent
from tojimari.audit.check import Scene
from tojimari.audit.checks.expired import ask

TODAY = dt.date(2030, 1, 1)


@pytest.mark.parametrize("until", [None, TODAY])
def test_a_line_holds_through_its_last_day(until: dt.date | None) -> None:
    meant = intent(until=until)
    assert not list(ask(Scene((door(intent=meant),), (meant,), has_policy=True, today=TODAY)))


def test_a_door_open_after_its_last_day_is_found() -> None:
    meant = intent(until=dt.date(2029, 12, 31))
    (found,) = ask(Scene((door(intent=meant),), (meant,), has_policy=True, today=TODAY))
    assert (found.message.code, found.message.values["until"]) == (
        "expired-exception",
        "2029-12-31",
    )
