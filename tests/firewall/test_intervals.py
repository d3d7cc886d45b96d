import pytest
from hypothesis import given
from hypothesis import strategies as st

from tojimari.firewall import intervals

NUMBERS = st.frozensets(st.integers(0, 40), max_size=30)


@given(NUMBERS, NUMBERS)
def test_set_algebra_agrees_with_sets_of_single_numbers(
    a: frozenset[int], b: frozenset[int]
) -> None:
    x, y = intervals.from_numbers(a), intervals.from_numbers(b)
    assert intervals.union(x, y) == intervals.from_numbers(a | b)
    assert intervals.intersection(x, y) == intervals.from_numbers(a & b)
    assert intervals.difference(x, y) == intervals.from_numbers(a - b)
    assert intervals.covers(x, y) == (a >= b)


@given(NUMBERS, st.integers(0, 40), st.integers(0, 40))
def test_one_run_against_many_agrees_too(a: frozenset[int], first: int, last: int) -> None:
    x, run = intervals.from_numbers(a), intervals.interval(first, last)
    inside = frozenset(range(first, last + 1))
    assert intervals.intersection(x, run) == intervals.from_numbers(a & inside)
    assert intervals.difference(x, run) == intervals.from_numbers(a - inside)
    assert intervals.difference(run, x) == intervals.from_numbers(inside - a)


@given(st.frozensets(st.integers(0, 2000), min_size=60, max_size=300), NUMBERS)
def test_a_short_set_against_a_long_one_agrees(a: frozenset[int], b: frozenset[int]) -> None:
    x, y = intervals.from_numbers(a), intervals.from_numbers(b)
    assert intervals.intersection(y, x) == intervals.from_numbers(a & b)
    assert intervals.difference(y, x) == intervals.from_numbers(b - a)
    assert intervals.difference(x, y) == intervals.from_numbers(a - b)


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40))))
def test_ranges_in_any_order_become_one_set(ranges: list[tuple[int, int]]) -> None:
    members = frozenset(n for first, last in ranges for n in range(first, last + 1))
    assert intervals.from_ranges(ranges) == intervals.from_numbers(members)


@given(NUMBERS)
def test_size_counts_and_contains_finds_every_member(a: frozenset[int]) -> None:
    x = intervals.from_numbers(a)
    assert intervals.size(x) == len(a)
    assert frozenset(n for n in range(42) if intervals.contains(x, n)) == a


@given(st.lists(NUMBERS, max_size=5))
def test_many_sets_unite_into_one(parts: list[frozenset[int]]) -> None:
    whole = intervals.union_all([intervals.from_numbers(part) for part in parts])
    assert whole == intervals.from_numbers(frozenset[int]().union(*parts))


def test_complement_is_what_the_whole_has_beside() -> None:
    assert intervals.complement([0, 10], intervals.universe(4)) == [10, 1 << 32]


def test_networks_are_the_largest_that_fit() -> None:
    found = list(intervals.networks([0x0A000001, 0x0A000008], 4))
    assert found == ["10.0.0.1", "10.0.0.2/31", "10.0.0.4/30"]


def test_everything_is_one_network() -> None:
    assert list(intervals.networks(intervals.universe(4), 4)) == ["0.0.0.0/0"]
    assert list(intervals.networks(intervals.universe(6), 6)) == ["::/0"]


def test_an_ipv6_network_is_written_with_its_length() -> None:
    first, last = intervals.parse_network("2001:db8::/32", 6)
    assert list(intervals.networks(intervals.interval(first, last), 6)) == ["2001:db8::/32"]


def test_a_mask_is_as_good_as_a_length() -> None:
    assert intervals.parse_network("192.0.2.77/255.255.255.0", 4) == (0xC0000200, 0xC00002FF)


@pytest.mark.parametrize("text", ["192.0.2", "192.0.2.256", "192.0.2.-1", "a.b.c.d", "::1"])
def test_what_is_no_ipv4_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        intervals.parse_ipv4(text)


@pytest.mark.parametrize("text", ["10.0.0.0/33", "10.0.0.0/255.0.255.0", "10.0.0.0/x"])
def test_what_is_no_network_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        intervals.parse_network(text, 4)
