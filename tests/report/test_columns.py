from hypothesis import given
from hypothesis import strategies as st
from wcwidth import wcswidth

from tojimari.report.columns import Cell, aligned, clipped, width, wrapped
from tojimari.report.style import Style


def test_japanese_characters_are_two_columns_wide() -> None:
    assert width("扉22") == 4


def test_the_quick_answer_for_japanese_is_that_of_wcwidth() -> None:
    japanese = [chr(code) for code in (*range(0x3000, 0x3100), *range(0x4E00, 0x10000))]
    assert [char for char in japanese if width(char) != max(0, wcswidth(char))] == []


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=20))
def test_any_text_is_as_wide_as_wcwidth_says(text: str) -> None:
    assert width(text) == max(0, wcswidth(text))


def test_cells_stand_under_one_another() -> None:
    assert aligned([["22/tcp", "ssh", "a"], ["6379/tcp", "扉", "b"]]) == [
        "22/tcp    ssh  a",
        "6379/tcp  扉   b",
    ]


def test_rows_need_not_be_equally_long() -> None:
    assert aligned([["a", "b"], ["longer than a"]], indent=2) == ["  a  b", "  longer than a"]


def test_padding_stays_outside_the_paint() -> None:
    rows: list[list[Cell | str]] = [[Cell("!", Style.ALARM), "x"], ["OK", "y"]]
    assert aligned(rows, paint=lambda text, style: f"<{style}>{text}</>") == [
        "<alarm>!</>   x",
        "OK  y",
    ]


def test_columns_may_be_held_wider() -> None:
    assert aligned([["a", "b"]], least=(4,)) == ["a     b"]


def test_english_breaks_between_words() -> None:
    assert wrapped("one two three four five six", 20) == ["one two three four", "five six"]


def test_japanese_breaks_between_characters_but_not_before_a_full_stop() -> None:
    assert wrapped("あいうえおかきくけこ。さ", 20) == ["あいうえおかきくけこ。", "さ"]


def test_a_line_keeps_its_indent() -> None:
    assert wrapped("one two three four five six", 24, 4) == [
        "    one two three four",
        "    five six",
    ]


@given(st.text(alphabet="ab 扉、。", max_size=80), st.integers(0, 60))
def test_wrapping_loses_nothing(text: str, columns: int) -> None:
    joined = "".join(wrapped(text, columns))
    assert joined.replace(" ", "") == text.replace(" ", "")


@given(st.text(alphabet="ab 扉", max_size=80))
def test_no_line_is_wider_than_the_terminal_where_it_can_be_broken(text: str) -> None:
    longest_word = max((len(word) for word in text.replace("扉", " ").split()), default=0)
    assert all(width(line) <= max(20, longest_word) for line in wrapped(text, 20))


def test_the_last_cell_is_clipped_to_the_terminal() -> None:
    assert aligned([["22/tcp", "remote administration"]], limit=20) == ["22/tcp  remote ad..."]


def test_wide_characters_are_clipped_by_their_columns() -> None:
    assert clipped("扉扉扉扉扉", 8) == "扉扉..."
