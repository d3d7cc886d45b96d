from dataclasses import replace
from pathlib import Path

import pytest

from house import HOUSE, REDIS, SSHD, door, doors
from sightings import sighted
from tojimari.app import look
from tojimari.core.exposure import Certainty
from tojimari.core.look import Look
from tojimari.core.meaning import NOTHING_KNOWN, Meaning
from tojimari.core.message import Message
from tojimari.core.observation import State
from tojimari.core.socket import InsideView, Listener, Unseen
from tojimari.report.doors import Asked, nothing, plain, text
from tojimari.report.language import Language
from tojimari.report.view import View

GOLDEN = Path(__file__).parent.parent / "golden"
UNKNOWN = Asked("81", NOTHING_KNOWN, None)
SSH = Asked("22", Meaning("ssh", "OpenSSH", "ssh"), None)
ENGLISH = View(Language.ENGLISH)


def seen(view: InsideView = HOUSE, *queries: str, clients: bool = False) -> Look:
    asked = [look.question(one) for one in queries]
    return look.select(view, doors(view), asked, clients=clients)


def house_with(*listeners: Listener) -> InsideView:
    return replace(HOUSE, listeners=listeners, unseen=())


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("columns", [80, 120])
def test_the_doors_are_told_in_both_languages(language: Language, columns: int) -> None:
    told = "\n".join(text(seen(), View(language, columns=columns))) + "\n"
    assert told == (GOLDEN / f"look.{columns}.{language}.txt").read_text(encoding="utf-8")


def test_the_plain_list_is_for_programs() -> None:
    told = "\n".join(plain(seen(clients=True))) + "\n"
    assert told == (GOLDEN / "look.plain.txt").read_text(encoding="utf-8")


def test_the_plain_list_is_ascii() -> None:
    assert all(line.isascii() for line in plain(seen()))


def test_nothing_that_a_process_chose_can_act_on_the_terminal() -> None:
    assert "\x1b" not in "".join([*text(seen(), ENGLISH), *plain(seen())])


def test_no_line_is_wider_than_the_terminal() -> None:
    from tojimari.report.columns import width  # noqa: PLC0415 - beside what it measures

    for language in Language:
        lines = text(seen(), View(language, columns=80))
        assert max(width(line) for line in lines) <= 80


def test_a_machine_with_its_doors_shut_is_a_sentence() -> None:
    assert list(text(seen(house_with()), ENGLISH)) == ["No door of house is open."]


def test_one_machine_without_others_needs_no_title() -> None:
    told = list(text(seen(house_with(door("0.0.0.0", 22, SSHD))), ENGLISH))
    assert told[0] == "Open doors of house: 1."
    assert told[2].split() == ["Door", "Address", "What", "it", "is", "Program", "PID",
                               "Belongs", "to", "User", "Running"]  # fmt: skip


def test_another_namespace_has_its_title() -> None:
    view = house_with(door("0.0.0.0", 6379, REDIS, netns=HOUSE.namespaces[1].inode))
    assert "In the network namespace shop" in list(text(seen(view), ENGLISH))


def test_clients_are_counted_and_listed_on_request() -> None:
    left_out = "UDP sockets that only wait for an answer and are not listed: 1. --all lists them."
    assert left_out in list(text(seen(), View(Language.ENGLISH, columns=200)))
    told = "\n".join(text(seen(clients=True), ENGLISH))
    assert "40123/udp" in told
    assert "not listed" not in told


def test_where_nobody_waits_that_is_said() -> None:
    found = seen(house_with(), "81")
    assert list(nothing(found, [UNKNOWN], ENGLISH)) == ["Nobody waits at 81: the door is shut."]


def test_where_not_everything_was_seen_a_door_is_not_called_shut() -> None:
    hidden = Unseen(Message("test", "Some namespaces."), 1, hides_doors=True)
    found = seen(replace(house_with(), unseen=(hidden,)), "81", "22")
    assert list(nothing(found, [UNKNOWN, SSH], ENGLISH))[:4] == [
        "Nobody was seen at 81, 22, but not everything could be seen.",
        "The usual thing at 22 is ssh.",
        "",
        "What could not be seen",
    ]


def test_how_doors_look_from_outside_is_a_note_under_their_row() -> None:
    made = sighted(State.FILTERED, Certainty.NO)
    found = replace(look.select(HOUSE, ()), doors=(made,), unseen=())
    assert "From outside: filtered (192.0.2.1)." in "\n".join(text(found, ENGLISH))
