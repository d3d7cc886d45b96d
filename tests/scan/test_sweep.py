"""Sweeps over simulated targets: what is found, in how long, and how sure it is."""

import random

import pytest

from simulated import Bucket, Target, sweep
from tojimari.scan.task import Answer, Ended, Limits, Reason

PORTS = 2000
OPENS = frozenset(random.Random(5).sample(range(1, PORTS + 1), 30))  # noqa: S311 - no secret
PLACES = {port - 1 for port in OPENS}


def test_closed_doors_are_done_in_one_pass() -> None:
    done = sweep(Target(OPENS), ports=PORTS)
    assert done.opens == PLACES
    assert len(done.listener.places(Answer.CLOSED)) == PORTS - 30
    assert done.simulation.sent == PORTS
    assert done.ending.why is Ended.SURE
    assert done.ending.passes == 0
    assert done.ending.progress.position == PORTS
    assert done.ending.remarks == ()


def test_silence_is_believed_after_two_more_passes() -> None:
    done = sweep(Target(OPENS, Answer.FILTERED), ports=PORTS)
    assert done.opens == PLACES
    assert len(done.listener.places(Answer.FILTERED)) == PORTS - 30
    assert done.ending.passes == 2
    assert done.ending.progress.sweep == 3
    assert done.listener.found[PORTS - 1 if PORTS not in OPENS else 0][1] is Reason.NO_RESPONSE
    assert {found[2] for found in done.listener.found.values()} == {1, 3}


def test_a_host_that_never_answers_is_silent() -> None:
    done = sweep(Target(frozenset(), Answer.FILTERED), ports=100)
    assert len(done.listener.places(Answer.FILTERED)) == 100
    assert done.ending.passes == 2
    assert 1.4 <= done.seconds <= 1.5  # the first timeout, twice that, and four times


def test_a_neighbour_whose_answers_take_long_is_not_called_silent() -> None:
    target = Target(frozenset({7}), Answer.FILTERED, delay=1.0)
    done = sweep(target, ports=100, first=0.2)
    assert done.opens == {6}
    assert done.ending.passes == 2


@pytest.mark.parametrize("rest", [Answer.CLOSED, Answer.FILTERED])
@pytest.mark.parametrize("loss", [0.03, 0.1])
def test_loss_either_way_hides_nothing(loss: float, rest: Answer) -> None:
    for seed in range(100):
        done = sweep(Target(OPENS, rest, loss_out=loss, loss_back=loss), ports=PORTS, seed=seed)
        assert done.opens == PLACES, seed
        assert done.seconds < 2


def test_an_error_on_the_way_is_an_answer() -> None:
    prohibited = frozenset(range(100, 200)) - OPENS
    done = sweep(Target(OPENS, Answer.CLOSED, prohibited), ports=PORTS)
    assert done.listener.places(Answer.FILTERED) == {port - 1 for port in prohibited}
    reasons = {
        reason for answer, reason, _ in done.listener.found.values() if answer is Answer.FILTERED
    }
    assert reasons == {Reason.ADMIN_PROHIBITED}
    assert done.simulation.sent == PORTS


@pytest.mark.parametrize("delay", [0.001, 0.02, 0.2])
@pytest.mark.parametrize("rest", [Answer.CLOSED, Answer.FILTERED])
def test_a_long_way_costs_its_length_once_a_pass(delay: float, rest: Answer) -> None:
    for seed in range(20):
        target = Target(OPENS, rest, delay=delay, jitter=delay / 5)
        done = sweep(target, ports=PORTS, seed=seed, first=1.0)
        assert done.opens == PLACES
        passes = 1 if rest is Answer.CLOSED else 3
        assert done.ending.progress.sweep == passes
        timeout = max(delay * 1.2 + 0.05, delay * 1.6) if rest is Answer.FILTERED else delay * 1.2
        assert done.seconds < 1.2 * passes * (PORTS / 200_000 + timeout)


@pytest.mark.parametrize("opens", [OPENS, frozenset({80})])
def test_half_connections_over_a_long_way_are_not_taken_for_loss(opens: frozenset[int]) -> None:
    target = Target(opens, Answer.FILTERED, delay=0.2, jitter=0.02)
    done = sweep(target, ports=65_535)
    assert done.opens == {port - 1 for port in opens}
    assert done.ending.remarks == ()
    assert (done.ending.progress.loss or 0) < 0.01
    assert done.seconds < 3 * (65_535 / 200_000 + 0.4)


def test_a_target_that_limits_its_resets_is_not_chased() -> None:
    done = sweep(Target(OPENS, resets=Bucket(200, 200)), ports=20_000)
    assert done.opens == PLACES
    assert done.seconds < 1
    assert [remark.code for remark in done.ending.remarks] == ["resets-limited"]


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("count", [1, 5, 30])
def test_resets_that_are_not_sent_are_not_taken_for_loss(count: int, seed: int) -> None:
    # Of so many doors the first open one is found late, and what closed ones say comes before it.
    opens = frozenset(random.Random(5 + seed).sample(range(1, 65_536), count))  # noqa: S311
    done = sweep(Target(opens, resets=Bucket(200, 200)), ports=65_535, seed=seed)
    assert done.opens == {port - 1 for port in opens}
    assert done.seconds < 3
    assert done.simulation.sent < 6 * 65_535
    assert [remark.code for remark in done.ending.remarks] == ["resets-limited"]


@pytest.mark.parametrize("seed", [0, 8])
@pytest.mark.parametrize("count", [1, 30])
def test_who_takes_few_probes_is_sent_few(count: int, seed: int) -> None:
    opens = frozenset(random.Random(5 + seed).sample(range(1, 20_001), count))  # noqa: S311
    done = sweep(Target(opens, syns=Bucket(1000)), ports=20_000, seed=seed)
    assert done.opens == {port - 1 for port in opens}
    assert len(done.listener.places(Answer.CLOSED)) == 20_000 - count
    assert done.seconds < 22
    assert done.simulation.sent < 12 * 20_000
    assert [remark.code for remark in done.ending.remarks] == ["slowed"]


def test_everything_open_is_remarked() -> None:
    done = sweep(Target(OPENS, Answer.OPEN), ports=PORTS)
    assert [remark.code for remark in done.ending.remarks] == ["everything-open"]


def test_a_user_can_insist_on_a_rate() -> None:
    done = sweep(Target(OPENS), ports=PORTS, limits=Limits(rate=1000))
    assert 1.98 < done.seconds < 2.05


def test_a_user_can_insist_on_few_tries() -> None:
    done = sweep(Target(OPENS, Answer.FILTERED), ports=PORTS, limits=Limits(retries=0))
    assert done.ending.why is Ended.RETRIES
    assert done.simulation.sent == PORTS
    assert len(done.listener.found) == PORTS


def test_a_user_can_insist_on_a_time() -> None:
    done = sweep(Target(OPENS, Answer.FILTERED), ports=PORTS, limits=Limits(seconds=0.05))
    assert done.ending.why is Ended.TIME
    assert 0.05 <= done.seconds < 0.06
    assert len(done.listener.places(Answer.UNANSWERED)) == PORTS - 30


def test_who_stops_keeps_what_is_known() -> None:
    looks = iter(range(10_000))
    done = sweep(Target(OPENS), ports=20_000, stop=lambda: next(looks) > 10)
    assert done.ending.why is Ended.STOPPED
    assert 0 < len(done.listener.found) < 20_000
    assert done.ending.progress.position == 0


def test_progress_is_told_several_times_a_second() -> None:
    done = sweep(Target(OPENS, Answer.FILTERED), ports=PORTS, limits=Limits(rate=5000))
    assert 1.2 < done.seconds < 1.5
    assert 11 <= len(done.listener.reports) <= 14
    assert done.listener.reports[-1].total == PORTS


def test_hosts_are_asked_in_turn() -> None:
    done = sweep(
        Target(OPENS), Target(frozenset(), Answer.FILTERED), Target(frozenset({7})), ports=PORTS
    )
    assert done.opens == PLACES | {2 * PORTS + 6}
    assert len(done.listener.places(Answer.FILTERED)) == PORTS
    assert len(done.listener.found) == 3 * PORTS
