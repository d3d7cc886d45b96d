"""How fast one machine is asked by UDP, and when it has been asked enough."""

from collections import deque

from tojimari.scan import udp_host
from tojimari.scan.udp_host import UdpHost


def host(count: int) -> UdpHost:
    return UdpHost(deque(range(count)))


def ask(one: UdpHost, places: range, now: float) -> None:
    for place in places:
        one.unknown.remove(place)
        one.sent(place, now)


def test_who_answers_everything_is_asked_faster() -> None:
    one = host(20)
    ask(one, range(20), 1.0)
    for place in range(20):
        one.heard(place, 1.01)
    one.pace(1.6)
    assert one.rate == 2 * udp_host.FIRST_RATE


def test_a_scarce_error_is_asked_for_before_anything_is_concluded() -> None:
    one = host(40)
    ask(one, range(20), 1.0)
    one.heard(0, 1.01)
    one.control = 0
    one.pace(1.6)
    assert one.wants_control
    assert not one.limited


def test_a_silent_control_is_a_limit_and_a_heard_one_is_none() -> None:
    for answers, limited in ((False, True), (True, False)):
        one = host(40)
        one.control = 99
        one.asked_control()
        ask(one, range(20), 1.0)
        if answers:
            one.heard_control()
        one.pace(1.6)
        assert one.limited is limited
        assert (one.rate == udp_host.LEAST_RATE) is limited


def test_two_passes_without_an_answer_are_enough() -> None:
    one = host(3)
    ask(one, range(3), 1.0)
    assert one.turn()
    ask(one, range(3), 2.0)
    assert not one.turn()
    assert (one.silent, list(one.asked)) == (2, [0, 1, 2])


def test_an_answer_costs_another_two() -> None:
    one = host(3)
    ask(one, range(3), 1.0)
    assert one.turn()
    ask(one, range(3), 2.0)
    assert one.heard(1, 2.1) is not None
    assert one.turn()
    assert one.silent == 0
    assert list(one.unknown) == [0, 2]


def test_silence_while_the_control_is_silent_proves_nothing_for_a_while() -> None:
    one = host(1)
    one.control = 99
    turns = 0
    while True:
        ask(one, range(1), float(turns))
        one.asked_control()
        turns += 1
        if not one.turn():
            break
    assert turns == udp_host.UNPROVED + 1


def test_a_late_answer_counts_and_a_second_one_does_not() -> None:
    one = host(2)
    ask(one, range(2), 1.0)
    assert one.turn()
    assert one.heard(0, 1.9) is not None
    assert one.heard(0, 1.9) is None
    assert list(one.unknown) == [1]
