from dataclasses import replace
from pathlib import Path

import pytest

from house import CURL, HOUSE, IN, OUT, UNSURE, WORKER, talk
from tojimari.app.connections import select
from tojimari.core.conversations import Conversations
from tojimari.core.socket import Connection
from tojimari.report.columns import width
from tojimari.report.conversations import groups, plain, text
from tojimari.report.language import Language
from tojimari.report.view import View

GOLDEN = Path(__file__).parent.parent / "golden"


def heard(*connections: Connection) -> Conversations:
    return select(replace(HOUSE, connections=connections, unseen=()))


def told(*connections: Connection, each: bool = False) -> str:
    return "\n".join(text(heard(*connections), View(Language.ENGLISH), each=each))


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("each", [False, True], ids=["grouped", "each"])
def test_conversations_are_told_in_both_languages(language: Language, *, each: bool) -> None:
    lines = text(select(HOUSE), View(language, columns=120), each=each)
    name = f"connections.{'each' if each else 'grouped'}.{language}.txt"
    assert "\n".join(lines) + "\n" == (GOLDEN / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("each", [False, True], ids=["grouped", "each"])
def test_the_plain_list_is_ascii_for_programs(*, each: bool) -> None:
    lines = list(plain(select(HOUSE), each=each))
    name = f"connections.{'each' if each else 'grouped'}.plain.txt"
    assert "\n".join(lines) + "\n" == (GOLDEN / name).read_text(encoding="ascii")


def test_no_line_is_wider_than_the_terminal() -> None:
    for language in Language:
        for each in (False, True):
            lines = text(select(HOUSE), View(language, columns=80), each=each)
            assert max(width(line) for line in lines) <= 80


def test_nothing_that_a_process_chose_can_act_on_the_terminal() -> None:
    assert "\x1b" not in "".join(text(select(HOUSE), View(Language.ENGLISH)))


def test_silence_is_a_sentence() -> None:
    assert told() == "Nobody on house talks with anybody."


def test_a_conversation_within_the_machine_is_told_once_by_who_knocked() -> None:
    knocks = talk(("::1", 45000), ("::1", 80), OUT, (CURL,), (WORKER,))
    opens = talk(("::1", 80), ("::1", 45000), IN, (WORKER,), (CURL,))
    assert told(opens, knocks).splitlines()[-1].split() == [
        "curl", "4242", "->", "nginx", "this", "machine", "80/tcp", "1",
    ]  # fmt: skip


def test_an_end_whose_other_was_not_asked_for_is_told_all_the_same() -> None:
    opens = talk(("::1", 80), ("::1", 45000), IN, (WORKER,), (CURL,))
    assert "<-" in told(opens)


def test_two_ends_of_which_neither_surely_knocked_are_told_once() -> None:
    one = talk(("10.0.0.5", 7001), ("10.0.0.5", 7002), UNSURE, (CURL,), (WORKER,))
    other = talk(("10.0.0.5", 7002), ("10.0.0.5", 7001), UNSURE, (WORKER,), (CURL,))
    assert told(one, other).splitlines()[0] == "Conversations of house: 1."


def test_who_talks_with_itself_is_told() -> None:
    alone = talk(("10.0.0.5", 7001), ("10.0.0.5", 7001), UNSURE, (CURL,), (CURL,))
    assert told(alone).splitlines()[0] == "Conversations of house: 1."


def test_conversations_that_have_ended_are_counted() -> None:
    assert "Conversations that have ended and are not listed: 1." in "\n".join(
        text(select(HOUSE), View(Language.ENGLISH, columns=200))
    )


def test_groups_count_conversations_processes_and_states() -> None:
    (group,) = groups(
        talk(("10.0.0.5", 80), ("10.0.0.9", port), IN, (replace(WORKER, pid=port),))
        for port in (50001, 50002, 50003)
    )
    assert (group.count, len(group.pids), group.door) == (3, 3, "80/tcp")


def test_many_processes_of_one_program_are_counted() -> None:
    pair = [
        talk(("10.0.0.5", 80), ("10.0.0.9", port), IN, (replace(WORKER, pid=port),))
        for port in (50001, 50002)
    ]
    assert "2 processes" in told(*pair)


def test_a_conversation_whose_holder_is_not_seen_says_so() -> None:
    assert "owner not seen" in told(talk(("10.0.0.5", 80), ("10.0.0.9", 50001), IN, ()))


def test_a_socket_with_many_holders_names_the_first() -> None:
    shared = (WORKER, replace(WORKER, pid=814))
    assert "nginx +1" in told(talk(("10.0.0.5", 80), ("10.0.0.9", 50001), IN, shared))
