"""Which numbers are knocked at."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tojimari.core.endpoint import Transport
from tojimari.core.errors import UsageError
from tojimari.scan import ports

TCP, UDP = Transport.TCP, Transport.UDP
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("22", {TCP: (22,)}),
        ("80,22,22", {TCP: (22, 80)}),
        ("8000-8002", {TCP: (8000, 8001, 8002)}),
        ("http,https,8000-8001", {TCP: (80, 443, 8000, 8001)}),
        ("T:80,U:53,161", {TCP: (80,), UDP: (53, 161)}),
        ("u:domain", {UDP: (53,)}),
        ("53/udp,80", {TCP: (80,), UDP: (53,)}),
        ("65534-", {TCP: (65534, 65535)}),
        ("-3", {TCP: (1, 2, 3)}),
        ("0", {TCP: (0,)}),
        (" 22 , 23 ", {TCP: (22, 23)}),
        ("00022", {TCP: (22,)}),
        ("ftp-data", {TCP: (20,)}),
    ],
)
def test_a_word_is_numbers(text: str, expected: dict[Transport, tuple[int, ...]]) -> None:
    assert ports.parse(text) == expected


def test_a_hyphen_is_every_number() -> None:
    (found,) = ports.parse("-").values()
    assert (found[0], found[-1], len(found)) == (1, 65535, 65535)


def test_numbers_are_knocked_at_in_every_way_that_was_asked_for() -> None:
    assert ports.parse("53", (TCP, UDP)) == {TCP: (53,), UDP: (53,)}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("65536", "0 to 65535"),
        ("9-3", "backwards"),
        ("no-such-name", "goes by this name"),
        ("", "goes by this name"),
        ("22,,23", "goes by this name"),
        ("22/icmp", "tcp or udp"),
        ("٣", "0 to 65535"),
        ("1-99999999999999999999", "0 to 65535"),
    ],
)
def test_a_mistaken_word_is_told_as_it_is(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        ports.parse(text)


@given(st.text(max_size=20))
def test_whatever_is_typed_is_numbers_or_an_error(text: str) -> None:
    try:
        found = ports.parse(text)
    except UsageError:
        return
    assert all(list(one) == sorted(set(one)) for one in found.values())


@given(st.lists(st.integers(0, 65535), min_size=1, max_size=60).map(lambda one: sorted(set(one))))
def test_what_is_shown_can_be_typed(numbers: list[int]) -> None:
    assert ports.parse(ports.shown(numbers)) == {TCP: tuple(numbers)}


def test_the_top_of_the_ranking_is_what_people_meet() -> None:
    assert {22, 80, 443, 25, 3306, 3389, 445, 8080, 6379} <= set(ports.top(100, TCP))
    assert {53, 123, 161, 500, 1900} <= set(ports.top(60, UDP))
    assert len(ports.top(1000, TCP)) == 1000


@pytest.mark.parametrize("count", [0, 60000])
def test_the_ranking_has_an_end(count: int) -> None:
    with pytest.raises(UsageError, match="ranking has"):
        ports.top(count, TCP)


def test_each_number_stands_once_in_the_ranking() -> None:
    places = [(one.transport, one.port) for one in ports.ranking()]
    assert len(places) == len(set(places))


def test_the_ranking_is_what_the_registry_and_the_services_make_it() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "script" / "ranking.py"), "--check"], check=False
    )
    assert done.returncode == 0, "run: .venv/bin/python script/ranking.py"
