import pytest

from tojimari.core.errors import UsageError
from tojimari.core.intent import PortRange
from tojimari.registry import answer
from tojimari.registry.answer import ListAnswer, MeaningAnswer, NumberAnswer
from tojimari.registry.ranges import RangeName


def numbers(*typed: str) -> list[int]:
    found: list[int] = []
    for one in answer.to_words(typed):
        assert isinstance(one, NumberAnswer)
        found += [number.port for number in one.numbers]
    return found


def test_several_questions_are_answered_in_their_order() -> None:
    assert numbers("443", "ssh", "53/udp") == [443, 22, 53]


@pytest.mark.parametrize("typed", ["22,80", "22，80"])
def test_a_comma_parts_two_questions(typed: str) -> None:
    assert numbers(typed) == [22, 80]


def test_a_range_is_a_list_with_the_rest_counted() -> None:
    (found,) = answer.to_words(["8000-8010"])
    assert isinstance(found, ListAnswer)
    assert found.kind == "range"
    assert found.ports == PortRange(8000, 8010)
    assert found.ranges == (RangeName.REGISTERED,)
    assert (len(found.entries), found.unknown) == (10, 1)


def test_a_range_over_a_border_lies_in_both() -> None:
    (found,) = answer.to_words(["1023-1024"])
    assert isinstance(found, ListAnswer)
    assert found.ranges == (RangeName.WELL_KNOWN, RangeName.REGISTERED)


def test_a_range_of_one_number_is_that_number() -> None:
    assert numbers("443-443") == [443]


def test_all_numbers_may_be_asked_for() -> None:
    (found,) = answer.to_words(["0-65535"])
    assert isinstance(found, ListAnswer)
    assert found.unknown + sum(len(entry.ports) for entry in found.entries) == 65536


def test_a_name_of_a_few_numbers_is_told_in_full() -> None:
    assert numbers("etcd") == [2379, 2380]


def test_a_name_of_many_numbers_is_a_list() -> None:
    (found,) = answer.to_words(["flex-lm"])
    assert isinstance(found, ListAnswer)
    assert found.kind == "name"
    assert [str(entry.ports) for entry in found.entries] == ["27000-27009"]


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("htp", "nothing is called htp; did you mean http, hap, htcp?"),
        ("zqxjkv", "nothing is called zqxjkv"),
        ("wireguard/tcp", "nothing is called wireguard under tcp"),
    ],
)
def test_an_unknown_name_is_told(typed: str, message: str) -> None:
    with pytest.raises(UsageError) as raised:
        answer.to_words([typed])
    assert str(raised.value) == message
    assert raised.value.hint.text.startswith("tojimari port ")


def test_a_hostile_name_is_said_back_short_and_harmless() -> None:
    with pytest.raises(UsageError) as raised:
        answer.to_words(["\x1b]0;" + "x" * 100_000])
    assert len(str(raised.value)) < 120
    assert "\x1b" not in str(raised.value)


def test_words_find_numbers() -> None:
    found = answer.to_search("postgers")
    assert found.kind == "search"
    assert found.entries[0].ports == PortRange(5432, 5432)


def test_words_that_fit_nothing_are_told() -> None:
    with pytest.raises(UsageError, match="nothing in the registry fits zqxjkv"):
        answer.to_search("zqxjkv")


def test_a_range_of_the_three_is_explained() -> None:
    found = answer.to_range(RangeName.DYNAMIC)
    assert isinstance(found, MeaningAnswer)
    assert found.ports == PortRange(49152, 65535)
    assert found.meaning.startswith("These numbers are never registered.")
    assert 51820 in [entry.ports.first for entry in found.entries]
