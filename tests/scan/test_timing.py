"""How long to wait for an answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tojimari.scan import timing
from tojimari.scan.timing import Timing


def test_before_anything_is_heard_it_is_a_second() -> None:
    assert Timing().patience(1) == 1.0
    assert Timing().patience(2) == 1.5


def test_the_first_answer_sets_both() -> None:
    """RFC 6298, section 2.2: SRTT = R, RTTVAR = R/2, RTO = R + 4 * R/2."""
    one = Timing()
    one.heard(0.2)
    assert one.patience(1) == pytest.approx(0.6)


def test_each_try_waits_twice_as_long() -> None:
    one = Timing()
    one.heard(0.2)
    assert one.patience(3) == pytest.approx(2.4)


def test_steady_answers_shorten_the_wait_to_the_least() -> None:
    one = Timing()
    for _ in range(100):
        one.heard(0.001)
    assert one.patience(1) == timing.LEAST


@given(st.lists(st.floats(0.0001, 0.5), min_size=20, max_size=20), st.integers(1, 10))
def test_the_wait_is_within_its_bounds(answers: list[float], tries: int) -> None:
    one = Timing()
    for seconds in answers:
        one.heard(seconds)
    assert timing.LEAST <= one.patience(tries) <= timing.MOST
