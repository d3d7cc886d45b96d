"""Every number once, in an order that can be asked anywhere."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tojimari.scan.permutation import LARGEST, Permutation, shard

SIZES = st.integers(1, LARGEST)
SEEDS = st.integers(0, (1 << 64) - 1)


@given(st.integers(1, 3000), SEEDS)
def test_every_number_comes_once(size: int, seed: int) -> None:
    order = Permutation(size, seed)
    assert sorted(map(order.at, range(size))) == list(range(size))


@given(SIZES, SEEDS, st.data())
def test_the_place_of_a_number_is_where_it_comes(size: int, seed: int, data: st.DataObject) -> None:
    order = Permutation(size, seed)
    index = data.draw(st.integers(0, size - 1))
    assert order.index(order.at(index)) == index


@given(SIZES, SEEDS, st.data())
def test_columns_say_what_single_numbers_say(size: int, seed: int, data: st.DataObject) -> None:
    order = Permutation(size, seed)
    asked = data.draw(st.lists(st.integers(0, size - 1), max_size=50))
    column = np.array(asked, np.uint64)
    found = order.column(column)
    assert found.tolist() == [order.at(one) for one in asked]
    assert order.indices(found).tolist() == asked
    assert column.tolist() == asked


@given(st.integers(1, 1 << 26), SEEDS, st.data())
def test_a_stretch_says_what_single_numbers_say(size: int, seed: int, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, size))
    end = data.draw(st.integers(first, min(size, first + 300)))
    order = Permutation(size, seed)
    expected = [order.at(one) for one in range(first, end)]
    assert order.stretch(first, end) == expected
    if size <= 1 << 12:
        assert order.tabled(first, end) == expected


@pytest.mark.parametrize(("first", "end"), [(-1, 2), (3, 2), (0, 11)])
def test_there_is_no_stretch_beyond_the_ends(first: int, end: int) -> None:
    with pytest.raises(IndexError):
        Permutation(10, 1).stretch(first, end)


def test_a_long_stretch_is_the_whole_order() -> None:
    assert sorted(Permutation(65535, 3).stretch(0, 65535)) == list(range(65535))


def test_another_seed_gives_another_order() -> None:
    orders = {tuple(map(Permutation(1000, seed).at, range(1000))) for seed in range(100)}
    assert len(orders) == 100


def test_the_order_is_the_same_in_every_version() -> None:
    """A scan that one version began is gone on with by the next."""
    assert [Permutation(1000, 7).at(one) for one in range(5)] == [830, 991, 183, 975, 803]


def test_neighbours_in_the_order_are_far_apart() -> None:
    order = Permutation(1 << 16, 1)
    networks = [order.at(one) >> 8 for one in range(256)]
    assert len(set(networks)) > 140  # a random choice meets 256 * (1 - 1/e) = 162


@pytest.mark.parametrize("size", [0, -1, LARGEST + 1])
def test_no_order_of_nothing(size: int) -> None:
    with pytest.raises(ValueError, match="in an order"):
        Permutation(size, 1)


def test_there_is_nothing_beyond_the_end() -> None:
    with pytest.raises(IndexError):
        Permutation(10, 1).at(10)
    with pytest.raises(IndexError):
        Permutation(10, 1).index(-1)


@given(st.integers(0, LARGEST), st.integers(1, 50))
def test_shares_join_without_a_gap(total: int, count: int) -> None:
    stretches = [shard(total, number, count) for number in range(1, count + 1)]
    assert stretches[0][0] == 0
    assert stretches[-1][1] == total
    assert all(before[1] == after[0] for before, after in itertools.pairwise(stretches))


@pytest.mark.parametrize("number", [0, 4])
def test_there_are_as_many_shares_as_were_made(number: int) -> None:
    with pytest.raises(ValueError, match="no share"):
        shard(100, number, 3)
