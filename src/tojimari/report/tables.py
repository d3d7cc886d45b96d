"""Tables that fit: some columns may be clipped and some left out where the terminal is narrow."""

from collections.abc import Sequence
from typing import NamedTuple

from tojimari.report import columns
from tojimari.report.columns import GAP, Cell, Row


class Column(NamedTuple):
    """How a column gives way.

    Attributes:
        least: Columns of the terminal that it keeps when it is clipped; 0 where it never is.
        leave: Rank in which it is left out altogether, 1 first; 0 where it never is.
    """

    least: int = 0
    leave: int = 0


def fitted(heading: Row, rows: Sequence[Row], shape: Sequence[Column], limit: int) -> list[Row]:
    """The heading and the rows, no wider than the terminal as far as the columns give way.

    Args:
        heading: The names of the columns.
        rows: Each as long as ``shape``. A column that is empty in all of them is left out.
        shape: How each column gives way.
        limit: Columns of the terminal.
    """
    kept = [at for at in range(len(shape)) if any(_text(row[at]) for row in rows)]
    rows = [heading, *rows]
    widths = {at: max(columns.width(_text(row[at])) for row in rows) for at in kept}
    for at in sorted((at for at in kept if shape[at].leave), key=lambda at: shape[at].leave):
        if _least(widths, shape) <= limit:
            break
        del widths[at]
    _clip(widths, shape, limit)
    return [[_clipped(row[at], widths[at]) for at in sorted(widths)] for row in rows]


def _least(widths: dict[int, int], shape: Sequence[Column]) -> int:
    """What the columns need when all that may be clipped are."""
    return sum(min(width, shape[at].least or width) + GAP for at, width in widths.items()) - GAP


def _clip(widths: dict[int, int], shape: Sequence[Column], limit: int) -> None:
    """Take from the column that has most to give, until it fits."""
    over = sum(width + GAP for width in widths.values()) - GAP - limit
    while over > 0:
        spare = {at: width - shape[at].least for at, width in widths.items() if shape[at].least}
        most = max(spare, key=lambda at: spare[at], default=None)
        if most is None or spare[most] <= 0:
            return
        widths[most] -= 1
        over -= 1


def _clipped(cell: Cell | str, width: int) -> Cell | str:
    text = columns.clipped(_text(cell), width)
    return Cell(text, cell.style) if isinstance(cell, Cell) else text


def _text(cell: Cell | str) -> str:
    return cell.text if isinstance(cell, Cell) else cell
