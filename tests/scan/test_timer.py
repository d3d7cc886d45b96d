import pytest

from tojimari.scan.timer import GRAIN, Timer
from tojimari.scan.timing import MOST


def test_the_first_round_trip_makes_three_times_itself() -> None:
    timer = Timer(1.0)
    assert timer.timeout == 1.0
    timer.measure([0.2])
    assert timer.timeout == pytest.approx(0.6)  # RFC 6298, section 2.2


def test_steady_round_trips_leave_what_a_busy_machine_needs() -> None:
    timer = Timer(1.0)
    timer.measure([0.2] * 50)
    assert timer.timeout == pytest.approx(0.2 + GRAIN)  # RFC 6298, section 2.3: the grain G


def test_it_has_bounds() -> None:
    timer = Timer(1.0)
    timer.measure([0.0001] * 9)
    assert timer.timeout == pytest.approx(GRAIN, abs=0.001)
    timer.measure([100.0])
    assert timer.timeout == MOST
