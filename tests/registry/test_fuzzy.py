import pytest
from hypothesis import given
from hypothesis import strategies as st

from tojimari.registry.fuzzy import (
    SURE,
    distance,
    forgiving,
    mistakes_allowed,
    nearest_beginning,
    similarity,
)

LETTERS = st.text("abcde", max_size=8)


@pytest.mark.parametrize(
    ("typed", "word", "expected"),
    [
        ("", "", 0),
        ("", "abc", 3),
        ("redis", "redis", 0),
        ("redsi", "redis", 1),
        ("htp", "http", 1),
        ("postgers", "postgres", 1),
        ("kubernets", "kubernetes", 1),
        ("telnet", "ftp", 6),
    ],
)
def test_the_distance_counts_mistakes(typed: str, word: str, expected: int) -> None:
    assert distance(typed, word) == expected


@given(LETTERS, LETTERS)
def test_the_distance_is_the_same_both_ways(one: str, other: str) -> None:
    assert distance(one, other) == distance(other, one)


@given(LETTERS, LETTERS)
def test_only_the_same_words_have_no_distance(one: str, other: str) -> None:
    assert (distance(one, other) == 0) is (one == other)


@given(LETTERS, LETTERS)
def test_a_beginning_is_never_farther_than_the_whole(typed: str, word: str) -> None:
    mistakes, used = nearest_beginning(typed, word)
    assert mistakes <= distance(typed, word)
    assert distance(typed, word[:used]) == mistakes


def test_a_word_that_goes_on_is_near() -> None:
    assert nearest_beginning("postgers", "postgresql") == (1, 8)


def test_the_same_is_best_then_a_beginning_then_a_part() -> None:
    found = [similarity("time", word) for word in ("time", "timed", "daytime", "tide")]
    assert found == sorted(found, reverse=True)
    assert found[1] > SURE > found[2] > found[3] == 0


def test_two_letters_are_no_part() -> None:
    assert similarity("ip", "pipe") == 0


@pytest.mark.parametrize(
    ("typed", "allowed"), [("ntp", 0), ("http", 1), ("docker", 1), ("postgers", 2)]
)
def test_a_longer_word_may_have_more_mistakes(typed: str, allowed: int) -> None:
    assert mistakes_allowed(typed) == allowed


@pytest.mark.parametrize(
    ("typed", "word", "near"),
    [
        ("postgers", "postgresql", True),
        ("kubernets", "kubernetes", True),
        ("kubrenet", "kubernetes", True),
        ("dokcer", "docker", True),
        ("ntq", "ntp", False),
        ("docker", "telnet", False),
        ("kubernetes", "kube", False),
        ("stream", "strand", False),
    ],
)
def test_typing_mistakes_are_forgiven(typed: str, word: str, near: bool) -> None:
    assert (forgiving(typed, word) > 0) is near
    assert forgiving(typed, word) < SURE
