"""The sum of what was told."""

import math
from array import array

from tojimari.core.endpoint import Endpoint, Transport
from tojimari.core.observation import Observation, State, Witness
from tojimari.scan.methods.connect import METHOD
from tojimari.scan.plan import Part, Plan
from tojimari.scan.tally import Tally, code, gathered
from tojimari.scan.task import Answer, Answers, Ended, Ending, Progress, Reason, Space, Task, Way

WAY = Way("eth0", 2, "ethernet", 1, 1500)
SPACE = Space(4, ((0xC0000207, 0xC0000208),), (22, 80))


def plan(*, lists_all: bool = False, parts: int = 1) -> Plan:
    task = Task(Transport.TCP, SPACE, WAY, 1, 0, SPACE.size)
    made = Part(task, METHOD)
    return Plan((made,) * parts, {}, (), lists_all=lists_all, usual=False)


def answers(*told: tuple[int, Answer, Reason]) -> Answers:
    return Answers(
        array("Q", [one[0] for one in told]),
        array("B", [one[1] for one in told]),
        array("B", [one[2] for one in told]),
        array("B", [64] * len(told)),
        array("f", [0.5] * len(told)),
        array("B", [1] * len(told)),
    )


def ending(why: Ended) -> Ending:
    return Ending(why, Progress(1, 1, 1, 1, None, 0.0, 1), 2)


OPEN = (0, Answer.OPEN, Reason.SYN_ACK)
CLOSED = (3, Answer.CLOSED, Reason.RST)


def test_open_doors_are_listed_and_all_are_counted() -> None:
    tally = Tally(plan())
    (row,) = tally.rows_of(tally.found(0, answers(OPEN, CLOSED)))
    assert tally.rows == [row]
    assert (row.host, row.port, row.answer) == ("192.0.2.7", 22, Answer.OPEN)
    assert tally.totals == {
        (Transport.TCP, Answer.OPEN, Reason.SYN_ACK): 1,
        (Transport.TCP, Answer.CLOSED, Reason.RST): 1,
    }
    assert (tally.opened, tally.settled) == (1, 2)


def test_every_door_may_be_listed() -> None:
    tally = Tally(plan(lists_all=True))
    rows = tally.rows_of(tally.found(0, answers(OPEN, CLOSED)))
    assert [(one.host, one.port) for one in rows] == [("192.0.2.7", 22), ("192.0.2.8", 80)]


def test_a_row_is_an_observation() -> None:
    tally = Tally(plan())
    (row,) = tally.rows_of(tally.found(0, answers(OPEN)))
    assert row.observation(7.0, "192.0.2.1") == Observation(
        Endpoint(Transport.TCP, "192.0.2.7", 22),
        0,
        Witness.SCAN,
        State.OPEN,
        "syn-ack",
        "192.0.2.1",
        7.0,
    )
    assert not math.isnan(row.seconds)


def test_words_are_the_field_s() -> None:
    assert code(Answer.OPEN_OR_FILTERED) == "open|filtered"
    assert code(Reason.PORT_UNREACHABLE) == "port-unreachable"


def test_the_end_is_that_of_the_part_that_left_most_undone() -> None:
    tally = Tally(plan(parts=2))
    tally.endings[0] = ending(Ended.SURE)
    found = [tally.ended]
    for why in (Ended.RETRIES, Ended.TIME, Ended.SURE):
        tally.endings[1] = ending(why)
        found.append(tally.ended)
    assert found == [Ended.STOPPED, Ended.RETRIES, Ended.TIME, Ended.SURE]


def test_what_is_listed_is_counted_apart() -> None:
    tally = Tally(plan())
    tally.found(0, answers(CLOSED, OPEN, CLOSED, (1, Answer.OPEN, Reason.CONNECTED)))
    assert tally.shown == {
        (Transport.TCP, Answer.OPEN, Reason.SYN_ACK): 1,
        (Transport.TCP, Answer.OPEN, Reason.CONNECTED): 1,
    }
    assert [one.place for one in tally.rows] == [0, 1]


def test_rows_become_columns_again() -> None:
    tally = Tally(plan(lists_all=True))
    listed = tally.found(0, answers(OPEN, CLOSED))
    assert gathered(0, tally.rows) == listed


def test_every_answer_and_every_reason_has_a_count_of_its_own() -> None:
    tally = Tally(plan())
    told = [(0, answer, reason) for answer in Answer for reason in Reason]
    tally.found(0, answers(*told, *told))
    tally.found(0, answers())
    counts = tally.counts[0]
    assert counts == {(answer, reason): 2 for _, answer, reason in told}
    assert max(*Answer, *Reason) < 16  # two of them share a byte
