import click
import pytest

from tojimari.cli.command import Command, Example, Formatter, first_sentence
from tojimari.cli.settings import Settings


def set_out(rows: list[tuple[str, str]], width: int) -> str:
    formatter = Formatter(width=width)
    with formatter.section("Options"):
        formatter.write_dl(rows)
    return formatter.getvalue()


def test_meanings_stand_beside_their_terms() -> None:
    assert set_out([("-a", "one"), ("--long", "two")], 40) == (
        "Options:\n  -a      one\n  --long  two\n"
    )


def test_a_meaning_goes_on_below_itself() -> None:
    assert set_out([("-a", "one two three four five six seven")], 30) == (
        "Options:\n  -a  one two three four five\n      six seven\n"
    )


def test_the_meaning_of_a_long_term_stands_below_it() -> None:
    term = "--an-option-with-a-very-long-name-indeed"
    assert set_out([(term, "one"), ("-a", "two")], 60) == (
        f"Options:\n  {term}\n      one\n  -a  two\n"
    )


def test_a_term_may_stand_alone() -> None:
    assert set_out([("-a", "")], 40) == "Options:\n  -a\n"


def test_japanese_is_broken_by_its_width() -> None:
    shown = set_out([("-a", "扉" * 20)], 36)
    assert shown == f"Options:\n  -a  {'扉' * 15}\n      {'扉' * 5}\n"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Judge every door. And more.", "Judge every door."),
        ("扉を調べます。詳しくも調べます。", "扉を調べます。"),
        ("no stop", "no stop"),
    ],
)
def test_a_list_shows_the_first_sentence(text: str, sentence: str) -> None:
    assert first_sentence(text) == sentence


def test_examples_come_before_the_options() -> None:
    command = Command(
        "x", help="Do it.", examples=(Example("tojimari x", "do it"),), callback=lambda: None
    )
    with click.Context(command, obj=Settings()) as context:
        shown = command.get_help(context)
    assert shown.index("tojimari x") < shown.index("--json")


def test_a_command_has_a_short_help() -> None:
    command = Command("x", help="Do it. Slowly.", callback=lambda: None)
    with click.Context(command, obj=Settings()):
        assert command.get_short_help_str() == "Do it."
