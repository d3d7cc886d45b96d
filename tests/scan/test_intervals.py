"""Sets of numbers as intervals."""

import itertools
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tojimari.scan import intervals
from tojimari.scan.intervals import Intervals

BOUNDS = st.integers(0, 60)
RAW = st.lists(st.tuples(BOUNDS, BOUNDS).map(lambda two: (min(two), max(two))), max_size=8)


def members(these: Iterable[tuple[int, int]]) -> set[int]:
    return {one for first, last in these for one in range(first, last + 1)}


def is_set(these: Intervals) -> bool:
    flat = [end for interval in these for end in interval]
    apart = all(before[1] + 1 < after[0] for before, after in itertools.pairwise(these))
    return flat == sorted(flat) and apart


@given(RAW)
def test_any_intervals_become_a_set(raw: list[tuple[int, int]]) -> None:
    found = intervals.merged(raw)
    assert is_set(found)
    assert members(found) == members(raw)
    assert intervals.count(found) == len(members(raw))


@given(RAW, RAW)
def test_taking_away_and_meeting_are_those_of_sets(
    these: list[tuple[int, int]], others: list[tuple[int, int]]
) -> None:
    one, other = intervals.merged(these), intervals.merged(others)
    left = intervals.minus(one, other)
    assert is_set(left)
    assert members(left) == members(these) - members(others)
    assert members(intervals.both(one, other)) == members(these) & members(others)


@given(RAW, st.lists(st.integers(-5, 70)))
def test_pieces_are_the_whole_and_cross_no_border(
    these: list[tuple[int, int]], borders: list[int]
) -> None:
    pieces = list(intervals.cut(intervals.merged(these), borders))
    assert members(pieces) == members(these)
    assert sum(last - first + 1 for first, last in pieces) == len(members(these))
    assert not any(first < border <= last for first, last in pieces for border in borders)


@pytest.mark.parametrize(
    ("version", "text"), [(4, "192.0.2.1"), (6, "2001:db8::1"), (4, "0.0.0.7"), (6, "::")]
)
def test_a_number_is_shown_as_the_address_that_it_is(version: int, text: str) -> None:
    mask = "/32" if version == 4 else "/128"
    assert intervals.shown(version, intervals.network(text + mask)[0]) == text
