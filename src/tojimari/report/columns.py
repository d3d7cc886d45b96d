"""Rows in columns, and paragraphs within a width, where some characters are two columns wide."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tojimari.core.text import ELLIPSIS
from tojimari.report.style import Paint, Style, unpainted

GAP = 2  # columns between two cells
NEVER_FIRST = "、。」』)）・ー！？,.:;"  # Japanese line breaking rules, JIS X 4051: 行頭禁則文字


@dataclass(frozen=True, slots=True)
class Cell:
    """A piece of text that stands out.

    Attributes:
        text: One line, already safe to show.
        style: How much it matters.
    """

    text: str
    style: Style = Style.PLAIN


Row = Sequence[Cell | str]


def width(text: str) -> int:
    """How many columns a terminal gives the text (UAX #11, ambiguous characters narrow)."""
    if text.isascii():
        return len(text)
    found = 0
    for char in text:
        if char.isascii():
            found += 1
        elif _is_japanese(char):
            found += 2
        else:
            break
    else:
        return found
    from wcwidth import wcswidth  # noqa: PLC0415 - 30 ms, and most text is ASCII or Japanese

    return max(0, wcswidth(text))


def _is_japanese(char: str) -> bool:
    """Kanji, kana, punctuation and full-width forms, without marks that stand on another character.

    All of these are two columns wide (UAX #11); a test asks wcwidth for each.
    """
    return (
        "\u4e00" <= char <= "\u9fff"
        or "\u3041" <= char <= "\u3096"
        or "\u309b" <= char <= "\u30ff"
        or "\u3000" <= char <= "\u3029"
        or "\u3030" <= char <= "\u303e"
        or "\uff01" <= char <= "\uff60"
    )


def aligned(
    rows: Sequence[Row],
    *,
    paint: Paint = unpainted,
    indent: int = 0,
    least: Sequence[int] = (),
    limit: int = 0,
) -> list[str]:
    """Rows with their cells under one another; the last cell of a row is not padded.

    Args:
        rows: They need not be equally long.
        paint: Gives styled text; padding is added outside it.
        indent: Columns before the first cell.
        least: Least width of each column, so that several tables stand under one another.
        limit: Columns of the terminal; the last cell is clipped to it. 0 for no limit.
    """
    widths = widest(rows, least)
    return [_line(_fitting(row, widths, indent, limit), widths, paint, indent) for row in rows]


def clipped(text: str, columns: int) -> str:
    """The text within a width, an ellipsis at its end where some was left out."""
    if width(text) <= columns:
        return text
    kept = text
    while kept and width(kept) > columns - len(ELLIPSIS):
        kept = kept[:-1]
    return kept.rstrip() + ELLIPSIS if kept else ""


def _fitting(row: Row, widths: Sequence[int], indent: int, limit: int) -> Row:
    if not limit or not row:
        return row
    room = limit - indent - sum(widths[: len(row) - 1]) - GAP * (len(row) - 1)
    last = row[-1]
    kept = clipped(_text(last), max(0, room))
    return [*row[:-1], Cell(kept, last.style) if isinstance(last, Cell) else kept]


def widest(rows: Sequence[Row], least: Sequence[int] = ()) -> list[int]:
    """The width that each column needs, the last cell of a row not counted."""
    found = list(least)
    for row in rows:
        for position, cell in enumerate(row[:-1]):
            needed = width(_text(cell))
            if position == len(found):
                found.append(needed)
            found[position] = max(found[position], needed)
    return found


def _line(row: Row, widths: Sequence[int], paint: Paint, indent: int) -> str:
    parts = [" " * indent]
    for position, cell in enumerate(row):
        text = _text(cell)
        style = cell.style if isinstance(cell, Cell) else Style.PLAIN
        parts.append(paint(text, style) if text and style is not Style.PLAIN else text)
        if position < len(row) - 1:
            parts.append(" " * (widths[position] - width(text) + GAP))
    return "".join(parts).rstrip()


def _text(cell: Cell | str) -> str:
    return cell.text if isinstance(cell, Cell) else cell


def wrapped(text: str, columns: int, indent: int = 0) -> list[str]:
    """A paragraph broken into lines, between words and between Japanese characters.

    Args:
        text: One paragraph.
        columns: Of the terminal.
        indent: Columns before each line.
    """
    room = max(20, columns - indent)
    lines: list[str] = []
    line = ""
    used = 0
    for piece in _pieces(text):
        size = width(piece)
        if used + size > room and line.strip() and piece[0] not in NEVER_FIRST:
            lines.append(line)
            line, used = "", 0
            if piece.isspace():
                continue
        line += piece
        used += size
    if line.strip():
        lines.append(line)
    return [" " * indent + one.strip() for one in lines]


def _pieces(text: str) -> Iterator[str]:
    """What may not be broken: words of narrow characters, spaces, and single wide characters."""
    word = ""
    for char in text:
        breakable = char == " " or (not char.isascii() and width(char) > 1)
        if not breakable:
            word += char
            continue
        if word:
            yield word
            word = ""
        yield char
    if word:
        yield word
