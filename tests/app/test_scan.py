"""A scan under way."""

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from tojimari.app.scan import Done, Found, Going, Run
from tojimari.core.endpoint import Transport
from tojimari.scan.methods.connect import METHOD
from tojimari.scan.plan import Part, Plan
from tojimari.scan.task import Answer, Ended, Ending, Limits, Reason, Space, Task, Told, Way
from tojimari.scan.telling import Telling

WAY = Way("lo", 1, "loopback", 0, 65536)
SPACE = Space(4, ((0x7F000001, 0x7F000001),), (1, 2, 3))


def plan(*runs: Callable[[Task, Told], Ending], limits: Limits | None = None) -> Plan:
    task = Task(Transport.TCP, SPACE, WAY, 1, 0, 3, limits or Limits())
    parts = tuple(Part(task, replace(METHOD, run=run)) for run in runs)
    return Plan(parts, {}, (), lists_all=False, usual=False)


def closes(task: Task, told: Told) -> Ending:
    telling = Telling(task, told)
    telling.same(range(task.first, task.end), Answer.CLOSED, Reason.RST, 1)
    telling.position = task.end
    return telling.end(Ended.SURE, 0)


def waits(task: Task, told: Told) -> Ending:
    telling = Telling(task, told)
    while (why := telling.over()) is None:
        pass
    return telling.end(why, 0)


def fails(task: Task, told: Told) -> Ending:
    del task, told
    msg = "the network is gone"
    raise OSError(msg)


def test_parts_are_done_one_after_the_other() -> None:
    with Run(plan(closes, closes)) as running:
        events = list(running)
    assert [(type(one), one.part) for one in events] == [
        (Found, 0),
        (Going, 0),
        (Done, 0),
        (Found, 1),
        (Going, 1),
        (Done, 1),
    ]


def test_it_goes_on_where_it_was() -> None:
    with Run(plan(closes, closes), positions=[2, 3]) as running:
        told = [list(one.answers.places) for one in running if isinstance(one, Found)]
    assert told == [[2]]


def test_it_stops_and_still_tells_how_it_ended() -> None:
    with Run(plan(waits, closes)) as running:
        ends: list[Ended] = []
        for event in running:
            running.stop()
            if isinstance(event, Done):
                ends.append(event.ending.why)
    assert ends == [Ended.STOPPED]


def test_leaving_it_early_stops_it() -> None:
    with Run(plan(waits)) as running:
        next(iter(running))
    assert "scan" not in {one.name for one in threading.enumerate()}


def test_the_time_is_that_of_all_parts_together() -> None:
    with Run(plan(waits, waits, limits=Limits(seconds=0.2))) as running:
        ends = [one.ending.why for one in running if isinstance(one, Done)]
    assert ends == [Ended.TIME, Ended.TIME]


def test_what_fails_is_raised_where_it_is_heard() -> None:
    with Run(plan(fails)) as running, pytest.raises(OSError, match="network is gone"):
        list(running)
