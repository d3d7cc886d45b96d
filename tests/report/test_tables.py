from hypothesis import given
from hypothesis import strategies as st

from tojimari.report.columns import Cell, Row, aligned, width
from tojimari.report.style import Style
from tojimari.report.tables import Column, fitted

HEADING = ["Name", "Home", "Age"]
ROWS: list[Row] = [["postgres", "postgresql.service", "3 d"], ["sshd", "ssh.service", ""]]
SHAPE = [Column(), Column(least=8), Column(leave=1)]


def lines(limit: int) -> list[str]:
    return aligned(fitted(HEADING, ROWS, SHAPE, limit))


def test_what_fits_stays() -> None:
    assert lines(80) == [
        "Name      Home                Age",
        "postgres  postgresql.service  3 d",
        "sshd      ssh.service",
    ]


def test_a_column_is_clipped_before_another_is_left_out() -> None:
    assert lines(28)[1] == "postgres  postgresql...  3 d"


def test_a_column_is_left_out_where_clipping_does_not_help() -> None:
    assert lines(22) == ["Name      Home", "postgres  postgresq...", "sshd      ssh.service"]


def test_no_column_is_clipped_below_its_least() -> None:
    assert lines(5)[1] == "postgres  postg..."


def test_an_empty_column_is_left_out() -> None:
    rows: list[Row] = [["sshd", "", "3 d"]]
    assert fitted(HEADING, rows, SHAPE, 80) == [["Name", "Age"], ["sshd", "3 d"]]


def test_a_clipped_cell_keeps_its_style() -> None:
    rows: list[Row] = [["a", Cell("postgresql.service", Style.STRONG), ""]]
    assert fitted(HEADING, rows, SHAPE, 14)[1][1] == Cell("postg...", Style.STRONG)


def test_japanese_counts_two_columns_a_character() -> None:
    rows: list[Row] = [["扉", "所属の名前がとても長い", ""]]
    assert fitted(HEADING, rows, SHAPE, 16)[1][1] == "所属の..."


@given(
    st.lists(st.lists(st.text("a扉", max_size=30), min_size=3, max_size=3), min_size=1, max_size=4),
    st.integers(20, 120),
)
def test_rows_fit_wherever_their_columns_give_way(rows: list[list[str]], limit: int) -> None:
    shape = [Column(least=4), Column(least=4), Column(leave=1)]
    assert all(
        width(line) <= limit for line in aligned(fitted(["a", "b", "c"], rows, shape, limit))
    )
