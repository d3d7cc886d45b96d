"""The reader of the plain words, on the files that there are; their form is tested beside."""

from pathlib import Path

import pytest

from tojimari.core.endpoint import Transport
from tojimari.registry import words
from tojimari.registry.words import Head


@pytest.mark.parametrize("head", words.heads(), ids=lambda head: Path(head.path).name)
def test_every_file_is_read_and_its_head_says_the_same(head: Head) -> None:
    whole = next(one for one in words.all() if one.name == head.name)
    assert (head.doors, head.programs, head.kind, head.internet) == (
        whole.doors,
        whole.programs,
        whole.kind,
        whole.internet,
    )
    assert (head.title_en, head.title_ja) == (whole.en.title, whole.ja.title)


def test_every_better_service_has_words() -> None:
    named = {head.name for head in words.heads()}
    missing = [(one.name, other) for one in words.all() for other in one.instead]
    assert [pair for pair in missing if pair[1] not in named] == []


def test_there_are_words_for_what_people_meet_most() -> None:
    assert len(words.heads()) >= 120


@pytest.mark.parametrize(
    ("port", "transport", "name"),
    [
        (22, None, "ssh"),
        (22, Transport.TCP, "ssh"),
        (22, Transport.UDP, None),
        (2, None, None),
        (443, Transport.UDP, "https"),
        (5905, Transport.TCP, "vnc"),
    ],
)
def test_words_are_found_by_number(
    port: int, transport: Transport | None, name: str | None
) -> None:
    found = words.of(port, transport)
    assert (found.name if found else None) == name


@pytest.mark.parametrize(
    ("port", "names"),
    [
        (3000, ["dev-server-3000", "grafana"]),
        (8123, ["home-assistant", "clickhouse"]),
        (9090, ["prometheus", "cockpit"]),
        (9100, ["node-exporter", "raw-printing"]),
    ],
)
def test_of_several_services_the_one_that_people_meet_most_comes_first(
    port: int, names: list[str]
) -> None:
    assert [head.name for head in words.heads_at(port, Transport.TCP)] == names


def test_a_lesser_door_gives_no_words_where_somebody_else_really_waits() -> None:
    assert words.head_of(8501, Transport.TCP) is None
    assert [head.name for head in words.heads_at(8501)] == ["consul"]


def test_a_lesser_door_gives_its_words_where_nobody_else_waits() -> None:
    found = words.of(8301, Transport.UDP)
    assert found is not None
    assert found.name == "consul"


@pytest.mark.parametrize(("name", "port"), [("telnet", 23), ("ssh", 22)])
def test_words_are_found_by_name(name: str, port: int) -> None:
    found = words.by_name(name)
    assert found is not None
    assert found.doors[0].ports.first == port


def test_an_unknown_name_has_no_words() -> None:
    assert words.by_name("nothing-of-the-kind") is None


def test_words_are_found_by_program() -> None:
    found = words.by_program("sshd")
    assert found is not None
    assert found.name == "ssh"


@pytest.mark.parametrize(("port", "name"), [(443, "https"), (80, "http"), (12345, "http")])
def test_a_program_with_two_doors_is_told_by_the_door(port: int, name: str) -> None:
    head = words.head_by_program("nginx", port, Transport.TCP)
    assert head is not None
    assert head.name == name


def test_a_program_that_may_do_anything_has_no_words() -> None:
    assert words.by_program("python3") is None


def test_the_told_numbers_of_a_range_are_cut_at_its_ends() -> None:
    assert words.told_between(22, 23) == {22, 23}
