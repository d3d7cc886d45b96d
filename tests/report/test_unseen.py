from tojimari.core.message import Message
from tojimari.core.socket import Unseen
from tojimari.report.language import Language
from tojimari.report.unseen import unseen
from tojimari.report.view import View

VIEW = View(Language.ENGLISH)


def one(text: str, following: str = "") -> Unseen:
    return Unseen(Message("test", text), 1, following)


def test_where_everything_was_seen_nothing_is_said() -> None:
    assert list(unseen((), VIEW)) == []


def test_each_thing_is_said_with_what_to_type() -> None:
    assert list(unseen((one("This.", "a"), one("That."), one("More.", "b")), VIEW)) == [
        "",
        "What could not be seen",
        "    This.",
        "    > a",
        "    That.",
        "    More.",
        "    > b",
    ]


def test_what_is_the_same_for_several_is_said_once() -> None:
    assert list(unseen((one("This.", "a"), one("That.", "a")), VIEW))[2:] == [
        "    This.",
        "    That.",
        "    > a",
    ]
