from tojimari.scan.book import Checked, Tally
from tojimari.scan.certainty import Certainty


def checks(opens: int, heard: int, closed: int = 0, closed_heard: int = 0) -> Checked:
    return Checked(1.0, 2.0, 0, 1000, opens, heard, closed, closed_heard)


def test_two_silent_passes_after_the_first_are_enough_where_nothing_is_lost() -> None:
    certainty = Certainty()
    certainty.saw(Tally(opens=30))
    assert not certainty.end_pass(0, 30)
    assert not certainty.end_pass(1, 30)
    assert certainty.end_pass(2, 30)
    assert certainty.silent == 2


def test_a_pass_with_an_answer_is_not_silent() -> None:
    certainty = Certainty()
    certainty.end_pass(0, 1)
    certainty.end_pass(1, 1)
    certainty.saw(Tally(opens=1, retried=1))
    assert not certainty.end_pass(2, 2)
    assert certainty.silent == 0
    assert certainty.lossy


def test_loss_asks_for_more_passes() -> None:
    certainty = Certainty()
    passes = 0
    while True:
        certainty.saw_checks(checks(200, 160))
        if certainty.end_pass(passes, 30):
            break
        passes += 1
    assert certainty.loss is not None
    assert 0.19 < certainty.loss < 0.21
    # 30 doors, each missed with a chance of 0.2 a pass: 0.2 ** 8 * 30 is below one in ten thousand.
    assert passes == 7


def test_resets_are_limited_where_open_doors_answer_and_closed_do_not() -> None:
    certainty = Certainty()
    certainty.saw_checks(checks(100, 99, 100, 5))
    assert certainty.resets_limited
    assert certainty.of(checks(10, 10, 10, 0)) == (10, 10)
    certainty.end_pass(0, 30)
    for attempt in (1, 2, 3, 4):
        certainty.saw(Tally(closed=10, retried=10))
        certainty.saw_checks(checks(100, 99, 100, 5))
        if certainty.end_pass(attempt, 30):
            break
    assert attempt == 2


def test_loss_of_both_kinds_is_no_limit_of_resets() -> None:
    certainty = Certainty()
    certainty.saw_checks(checks(100, 20, 100, 20))
    assert not certainty.resets_limited


def test_what_was_measured_at_another_rate_is_not_compared() -> None:
    certainty = Certainty()
    certainty.saw_checks(checks(0, 0, 100, 5))
    certainty.rate_changed()
    certainty.saw_checks(checks(100, 99, 10, 10))
    assert not certainty.resets_limited


def test_a_pass_that_can_prove_nothing_yet_is_known_before_it_is_closed() -> None:
    certainty = Certainty()
    certainty.end_pass(0, 30)
    assert certainty.proves_nothing_yet(1, 30)
    certainty.end_pass(1, 30)
    assert not certainty.proves_nothing_yet(2, 30)
    assert certainty.end_pass(2, 30)
