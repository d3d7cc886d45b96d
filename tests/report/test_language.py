import gettext
import os

import pytest

from tojimari.core.message import Message
from tojimari.report.language import Language, for_libraries, from_environment


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, Language.ENGLISH),
        ({"LANG": "ja_JP.UTF-8"}, Language.JAPANESE),
        ({"LANG": "ja_JP.UTF-8", "LC_ALL": "C"}, Language.ENGLISH),
        ({"LC_ALL": "", "LC_MESSAGES": "ja_JP", "LANG": "C"}, Language.JAPANESE),
        ({"LANG": "de_DE.UTF-8"}, Language.ENGLISH),
    ],
)
def test_the_first_that_is_not_empty_chooses(
    environment: dict[str, str], language: Language
) -> None:
    assert from_environment(environment) is language


def test_values_are_made_safe_to_show() -> None:
    message = Message("x", "{name} opened {count}.", {"name": "\x1b[2J", "count": 2})
    assert Language.ENGLISH.say(message) == r"\x1b[2J opened 2."


def test_a_message_without_values_may_hold_braces() -> None:
    assert Language.ENGLISH.say(Message("x", "{")) == "{"


def test_a_text_without_a_translation_stays_english() -> None:
    assert Language.JAPANESE.text("no such text") == "no such text"


def test_the_empty_text_stays_empty() -> None:
    assert Language.JAPANESE.text("") == ""


def test_libraries_speak_the_same_language(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGUAGE", "")
    for_libraries(Language.JAPANESE, os.environ)
    assert gettext.gettext("Usage:") == "使い方:"
