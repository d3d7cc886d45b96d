import io
import sys

import click
import pytest

from tojimari.cli import output
from tojimari.cli.command import Command
from tojimari.cli.settings import Settings
from tojimari.report.style import Style


class Screen(io.TextIOWrapper):
    """A standard output that is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("screen", "expected"), [(False, b'{"a":1}\n'), (True, b'{\n  "a": 1\n}\n')]
)
def test_json_is_indented_for_a_person_and_compact_for_a_program(
    screen: bool,
    expected: bytes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    buffer = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", (Screen if screen else io.TextIOWrapper)(buffer))
    output.json({"a": 1})
    assert buffer.getvalue() == expected


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (Settings(color=True), "\x1b[1mx\x1b[0m\n"),
        (Settings(color=True, plain=True), "x\n"),
        (Settings(color=False), "x\n"),
    ],
)
def test_colour_is_taken_out_where_it_is_not_wanted(
    settings: Settings, expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with click.Context(Command("x"), obj=settings):
        output.lines(["\x1b[1mx\x1b[0m"])
    assert capsys.readouterr().out == expected


def test_notes_go_beside_the_data(capsys: pytest.CaptureFixture[str]) -> None:
    output.note("listening")
    assert capsys.readouterr() == ("", "listening\n")


def test_no_color_counts_only_when_it_is_not_empty(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    with click.Context(Command("x"), obj=Settings(color=True)):
        output.lines([output.paint("x", Style.ALARM)])
    assert capsys.readouterr().out == "x\n"


def test_a_pipe_is_so_wide_that_nothing_is_clipped() -> None:
    assert output.columns() == 1000


def test_plain_text_stays_unpainted() -> None:
    assert output.paint("x", Style.PLAIN) == "x\x1b[0m"
