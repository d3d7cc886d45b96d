"""Where each key and each value of a TOML text stands.

``tomllib`` says what a text means and whether it is TOML, but not where. This walks over a text
that ``tomllib`` has taken already, so it need not judge: it knows just enough of the grammar to
find where things begin and end (TOML 1.0.0, https://toml.io/en/v1.0.0). Both are held together by
a test that compares them on generated texts.
"""

import bisect
import re
from collections.abc import Iterator
from dataclasses import dataclass

from tojimari.policy.problem import NOWHERE, Span

Path = tuple[str | int, ...]

# Only single characters are possessive, never a group: Python before 3.11.5 matches such groups
# wrongly (CPython gh-106052). No group needs to be: a turn cannot end earlier, and what follows
# never begins as a turn does (three quotes begin none), so going back fails at once, once a turn.

# Between tokens; a carriage return is only ever part of a line's end.
_SPACE = re.compile(r"[ \t]*")
_BREAKS = re.compile(r"(?:[ \t\r\n]++|#[^\n]*+)*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
# A multi-line string ends at its last three quotes: two more may stand before them.
_STRING = re.compile(
    r'"""[^"\\]*+(?:(?:\\[\s\S]|"{1,2}(?!"))[^"\\]*+)*"{3,5}'
    r"|'''[^']*+(?:'{1,2}(?!')[^']*+)*'{3,5}"
    r'|"[^"\\\n]*+(?:\\.[^"\\\n]*+)*"'
    r"|'[^'\n]*+'"
)
# A number, a truth value or a date. A date may hold one space before its time.
_SCALAR = re.compile(r"\d{4}-\d\d-\d\d \d\d:[^ \t\r\n,#\]}]*|[^ \t\r\n,#\]}]+")


@dataclass(frozen=True, slots=True)
class Positions:
    """The places in one text.

    Attributes:
        keys: Where the key of each path begins and ends, as offsets. For an element of an array of
            tables, its ``[[header]]``.
        values: Where the value of each path begins and ends. A table that is made by a header has
            none.
    """

    keys: dict[Path, tuple[int, int]]
    values: dict[Path, tuple[int, int]]
    _lines: tuple[int, ...]

    def key(self, path: Path) -> Span:
        """Where a key stands; where there is no such key, the nearest that holds it."""
        return self._nearest(path, self.keys, self.values)

    def value(self, path: Path) -> Span:
        """Where a value stands; where there is no such value, its key, or what holds it."""
        return self._nearest(path, self.values, self.keys)

    def _nearest(self, path: Path, *tables: dict[Path, tuple[int, int]]) -> Span:
        for length in range(len(path), 0, -1):
            for table in tables:
                if path[:length] in table:
                    return self.span(*table[path[:length]])
        return NOWHERE

    def span(self, start: int, end: int) -> Span:
        """Offsets as a person counts; what goes over several lines is cut after the first."""
        line = bisect.bisect_right(self._lines, start)
        begin = self._lines[line - 1]
        limit = self._lines[line] - 1 if line < len(self._lines) else end
        return Span(line, start - begin + 1, max(min(end, limit) - start, 0))


def locate(text: str) -> Positions:
    """Find everything.

    Args:
        text: What ``tomllib.loads`` takes without complaint.

    Raises:
        RecursionError: It is nested too deeply.
    """
    walker = _Walker(text)
    walker.document()
    starts = (0, *(match.end() for match in re.finditer("\n", text)))
    return Positions(walker.keys, walker.values, starts)


class _Walker:
    """One walk over one text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.keys: dict[Path, tuple[int, int]] = {}
        self.values: dict[Path, tuple[int, int]] = {}
        self.elements: dict[Path, int] = {}  # arrays of tables: how many so far

    def document(self) -> None:
        table: Path = ()
        while not self._ended():
            if self.text[self.at] == "[":
                table = self._header()
            else:
                self._pair(table)

    def _header(self) -> Path:
        start = self.at
        is_array = self.text.startswith("[[", start)
        self.at += 2 if is_array else 1
        parts = list(self._key())
        path: Path = ()
        for name, place in parts:
            path = _under(path, name)
            self.keys.setdefault(path, place)
            if path in self.elements and not (is_array and len(path) == len(parts)):
                path = _under(path, self.elements[path] - 1)
        self.at += 2 if is_array else 1
        if is_array:
            number = self.elements.get(path, 0)
            self.elements[path] = number + 1
            path = _under(path, number)
        self.keys[path] = (start, self.at)
        return path

    def _key(self) -> Iterator[tuple[str, tuple[int, int]]]:
        """The parts of a dotted key, each with its place; ends before what follows the key."""
        while True:
            self._skip(_SPACE)
            start = self.at
            if self.text[start] in "\"'":
                self._skip(_STRING)
                yield _unquoted(self.text[start : self.at]), (start, self.at)
            else:
                self._skip(_BARE)
                yield self.text[start : self.at], (start, self.at)
            self._skip(_SPACE)
            if self.text[self.at] != ".":
                return
            self.at += 1

    def _pair(self, table: Path) -> None:
        path = table
        for name, place in self._key():
            path = _under(path, name)
            self.keys.setdefault(path, place)
        self.at += 1  # the equals sign
        self._skip(_SPACE)
        self._value(path)

    def _value(self, path: Path) -> None:
        start = self.at
        first = self.text[start]
        if first == "[":
            self._array(path)
        elif first == "{":
            self._inline_table(path)
        elif first in "\"'":
            self._skip(_STRING)
        else:
            self._skip(_SCALAR)
        self.values[path] = (start, self.at)

    def _array(self, path: Path) -> None:
        self.at += 1
        number = 0
        while not self._ended() and self.text[self.at] != "]":
            self._value((*path, number))
            number += 1
            self._comma()
        self.at += 1

    def _inline_table(self, path: Path) -> None:
        self.at += 1
        while not self._ended() and self.text[self.at] != "}":
            self._pair(path)
            self._comma()
        self.at += 1

    def _comma(self) -> None:
        if not self._ended() and self.text[self.at] == ",":
            self.at += 1

    def _skip(self, token: re.Pattern[str]) -> None:
        match = token.match(self.text, self.at)
        self.at = match.end() if match else self.at + 1

    def _ended(self) -> bool:
        """Whether only blanks and comments are left; skips those that come next."""
        self._skip(_BREAKS)
        return self.at >= len(self.text)


def _under(path: Path, step: str | int) -> Path:
    return (*path, step)


def _unquoted(literal: str) -> str:
    """What a quoted key means."""
    if literal[0] == "'":
        return literal[1:-1]
    if "\\" not in literal:
        return literal[1:-1]
    import tomllib  # noqa: PLC0415 - 17 ms, and a key with an escape is rare

    return str(tomllib.loads(f"x = {literal}")["x"])
