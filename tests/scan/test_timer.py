import pytest

from tojimari.scan.timer import LEAST, Timer
from tojimari.scan.timing import MOST


def test_the_first_round_trip_makes_three_times_itself() -> None:
    timer = Timer(1.0)
    assert timer.timeout == 1.0
    timer.measure([0.2])
    assert timer.timeout == pytest.approx(0.6)  # RFC 6298, section 2.2


def test_steady_round_trips_bring_it_near_to_them() -> None:
    timer = Timer(1.0)
    timer.measure([0.2] * 50)
    assert 0.2 <= timer.timeout < 0.21


def test_it_has_bounds() -> None:
    timer = Timer(1.0)
    timer.measure([0.0001] * 9)
    assert timer.timeout == LEAST
    timer.measure([100.0])
    assert timer.timeout == MOST
