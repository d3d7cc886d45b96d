from tojimari.scan.flow import WIDEST, WINDOW, Flow


def test_answers_open_the_window() -> None:
    flow = Flow(1.0, None)
    assert flow.room(0.0, 0) == WINDOW
    flow.answered(100)
    assert flow.room(0.0, 0) == WINDOW + 100
    flow.answered(100_000)
    assert flow.room(0.0, 0) == WIDEST
    assert flow.room(0.0, WIDEST) <= 1


def test_the_silent_get_a_stated_rate() -> None:
    flow = Flow(10_000.0, None)
    now = sent = 0.0
    while now < 1:
        count = flow.room(now, 1 << 20)
        flow.sent(count)
        sent += count
        now += 0.0005
    assert 9_900 <= sent <= 10_100


def test_what_the_user_says_is_the_most() -> None:
    flow = Flow(10_000.0, 100.0)
    flow.answered(5000)
    assert flow.room(0.0, 0) == 1
    flow.sent(1)
    assert flow.room(0.005, 0) == 0
    assert flow.room(0.015, 0) == 1
    assert not flow.judge(0, 100, 100.0)


def test_much_loss_slows_down_to_what_is_delivered() -> None:
    flow = Flow(200_000.0, None)
    assert flow.judge(90, 100, 500_000.0)
    assert 50_000 <= (flow.crowded or 0) <= 52_000


def test_little_loss_changes_nothing() -> None:
    flow = Flow(200_000.0, None)
    assert not flow.judge(19, 100, 500_000.0)
    assert flow.crowded is None


def test_loss_that_does_not_get_less_is_the_lines_own() -> None:
    flow = Flow(200_000.0, None)
    assert flow.judge(40, 100, 500_000.0)
    assert flow.judge(39, 100, 300_000.0)
    assert flow.crowded is None
    assert not flow.judge(42, 100, 500_000.0)


def test_no_loss_tries_more() -> None:
    flow = Flow(200_000.0, None)
    flow.judge(90, 100, 500_000.0)
    flow.judge(0, 100, 51_000.0)
    assert flow.crowded == 102_000.0
    flow.judge(50, 100, 102_000.0)
    assert flow.crowded is not None
    assert flow.crowded < 53_000
    flow.judge(0, 100, 50_000.0)
    assert flow.crowded < 56_000


def test_a_million_a_second_go_by_the_thousand_and_no_faster_than_was_said() -> None:
    flow = Flow(20_000.0, 2_000_000.0)
    least = flow.least(1024)
    assert least == 500
    now = sent = 0.0
    while now < 1:
        count = min(flow.room(now, 0), 1024)
        if count >= least:
            flow.sent(count)
            sent += count
        now += 0.0001
    assert 1_950_000 <= sent <= 2_002_000


def test_a_line_that_loses_much_now_and_then_is_not_slowed_for_it() -> None:
    flow = Flow(200_000, None)
    for lost in (8, 7, 9, 14, 6, 8):  # of 40 each: a fifth as a mean, once more than a third
        assert not flow.judge(lost, 40, 200_000)
    assert flow.crowded is None


def test_a_crowd_is_gone_slower_for_at_once() -> None:
    flow = Flow(200_000, None)
    assert flow.judge(30, 40, 200_000)
    assert flow.crowded is not None
