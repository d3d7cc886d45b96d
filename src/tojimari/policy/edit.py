"""Doors added to a policy, changed in it and taken out, with all else left as it is.

Only the characters that must change are changed. So comments, blank lines, the order of keys and
the manner of writing stay as people made them. What comes of an edit is read again, and no edit is
made that leaves a file that could not be used.
"""

import bisect
import re
from collections.abc import Sequence
from dataclasses import dataclass

from tojimari.core.errors import RefusedError, UsageError
from tojimari.core.intent import Intent
from tojimari.core.message import mark
from tojimari.policy.document import DOOR_KEYS, Reading, read
from tojimari.policy.positions import Path, Positions
from tojimari.policy.writing import Line, line, pairs, table

BYTE_ORDER_MARK = "\ufeff"


def add(text: str, new: Line) -> str:
    """The same policy with one more door, at its end.

    Args:
        text: The file.
        new: The door.

    Raises:
        PolicyError: The file cannot be used; or another line has such a door already.
        RefusedError: The doors are written in a way that this cannot add to.
    """
    page = _Page.of(text)
    if ("door",) in page.positions.values:
        raise _by_hand()
    gap = "\n" if page.text.endswith("\n") else "\n\n"
    end = len(page.text)
    return page.edited([_Edit(end, end, gap + table(new))])


def change(text: str, old: Intent, new: Line) -> str:
    """The same policy with one ``[[door]]`` saying something else.

    Args:
        text: The file.
        old: An intent that was read from the table that is to change.
        new: What the table shall say. Keys that say the same already are not touched.

    Raises:
        UsageError: The file has no such line any more.
        PolicyError: The file cannot be used; or the new line cannot stand beside another.
        RefusedError: The doors are written in a way that this cannot change.
    """
    page = _Page.of(text)
    path, siblings = page.table(old)
    before, after = dict(pairs(line(siblings))), dict(pairs(new))
    edits: list[_Edit] = []
    for key in (key for key in DOOR_KEYS if before.get(key) != after.get(key)):
        place = page.positions.values.get((*path, key))
        if key in after and place is not None:
            edits.append(_Edit(*place, after[key]))
        elif key in after:
            edits.append(page.insertion(path, f"{key} = {after[key]}"))
        elif place is not None:
            edits.append(page.key((*path, key)))
    return page.edited(edits)


def remove(text: str, old: Intent) -> str:
    """The same policy without one door.

    A table of this door alone goes, with the comment that stands right above it. From a list of
    ports, transports or addresses one item goes.

    Args:
        text: The file.
        old: The intent that goes.

    Raises:
        UsageError: The file has no such line any more.
        PolicyError: The file cannot be used.
        RefusedError: The line says more than this door, in a way that this cannot take apart.
    """
    page = _Page.of(text)
    path, siblings = page.table(old)
    if len(siblings) == 1:
        return page.edited([page.whole(path)])
    found = _list_item(old, siblings)
    if found is None:
        raise RefusedError(
            mark("line {line} means {count} doors at once; one cannot be taken out"),
            hint=mark("write the others in lines of their own, then take this one out"),
            line=old.line,
            count=len(siblings),
        )
    key, index = found
    return page.edited([page.item((*path, key), index)])


def _list_item(old: Intent, siblings: Sequence[Intent]) -> tuple[str, int] | None:
    """The list in which a door is one item, and which; None where several lists are in play."""
    whole = line(siblings)
    lists: dict[str, tuple[Sequence[object], object]] = {
        "port": (whole.ports, old.ports),
        "transport": (whole.transports, old.transport),
        "address": (whole.addresses, old.address),
    }
    several = [(key, *pair) for key, pair in lists.items() if len(pair[0]) > 1]
    if len(several) != 1:
        return None
    key, values, value = several[0]
    return key, values.index(value)


def _by_hand() -> RefusedError:
    return RefusedError(
        mark("the doors are written in one list, which is not edited here"),
        hint=mark("write each door as a [[door]] of its own"),
    )


@dataclass(frozen=True, slots=True)
class _Edit:
    """What stands from one offset to another, and what shall stand there; its lines end in LF."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class _Page:
    """A policy file that is being edited.

    Attributes:
        text: Without a byte order mark.
        head: The byte order mark, if it had one.
        reading: What it means.
        positions: Where everything stands.
        ends: Where each line of the text ends, its line feed included.
    """

    text: str
    head: str
    reading: Reading
    positions: Positions
    ends: tuple[int, ...]

    @classmethod
    def of(cls, text: str) -> "_Page":
        reading = read(text.encode())
        reading.use()
        assert reading.positions is not None  # noqa: S101 - a policy was read from TOML
        head = BYTE_ORDER_MARK if text.startswith(BYTE_ORDER_MARK) else ""
        feeds = tuple(match.end() for match in re.finditer("\n", reading.text))
        return cls(reading.text, head, reading, reading.positions, (*feeds, len(reading.text)))

    def table(self, old: Intent) -> tuple[Path, list[Intent]]:
        """Where the table of an intent is, and every intent of that table."""
        path = self.reading.tables.get(old)
        if path is None:
            raise UsageError(
                mark("line {line} does not say {ports}/{transport} any more"),
                hint=mark("read the file again"),
                line=old.line,
                ports=str(old.ports),
                transport=old.transport,
            )
        if path not in self.positions.keys:
            raise _by_hand()
        return path, [one for one, where in self.reading.tables.items() if where == path]

    def whole(self, path: Path) -> _Edit:
        """Take out a table, the comment right above it, and what stands right under it."""
        first = self._line(self.positions.keys[path][0])
        last = self._last(path)
        while first and self._is_comment(first - 1):
            first -= 1
        under = last
        while self._is_comment(under + 1):
            under += 1
        # A comment that touches the next heading belongs to that.
        last = under if self._is_blank(under + 1) else last
        while last + 1 < len(self.ends) and self._is_blank(last + 1):
            last += 1
        while last + 1 == len(self.ends) and first and self._is_blank(first - 1):
            first -= 1
        return _Edit(self._start(first), self.ends[last], "")

    def key(self, path: Path) -> _Edit:
        """Take out a key, its value and the comment behind it."""
        start, end = self.positions.keys[path][0], self.positions.values[path][1]
        return _Edit(self._start(self._line(start)), self.ends[self._line(end)], "")

    def item(self, path: Path, index: int) -> _Edit:
        """Take out one item of a list that has several."""
        start, end = self.positions.values[(*path, index)]
        if index:
            return _Edit(self.positions.values[(*path, index - 1)][1], end, "")
        return _Edit(start, self.positions.values[(*path, 1)][0], "")

    def insertion(self, path: Path, text: str) -> _Edit:
        """Put a key at the end of a table."""
        at = self.ends[self._last(path)]
        lead = "" if self.text[:at].endswith("\n") else "\n"
        return _Edit(at, at, f"{lead}{text}\n")

    def edited(self, edits: Sequence[_Edit]) -> str:
        """The whole text after some edits, if it can be used.

        Raises:
            PolicyError: It cannot.
        """
        text = self.text
        feed = "\r\n" if "\r\n" in text else "\n"
        for edit in sorted(edits, key=lambda one: one.start, reverse=True):
            text = text[: edit.start] + edit.text.replace("\n", feed) + text[edit.end :]
        read(text.encode(), self.reading.path).use()
        return self.head + text

    def _last(self, path: Path) -> int:
        """The last line of a table."""
        found = (end for inner, (_, end) in self.positions.values.items() if inner[:2] == path)
        return self._line(max(found))

    def _line(self, offset: int) -> int:
        return bisect.bisect_right(self.ends, offset, hi=len(self.ends) - 1)

    def _start(self, line: int) -> int:
        return self.ends[line - 1] if line else 0

    def _is_comment(self, line: int) -> bool:
        return line < len(self.ends) and self._text(line).startswith("#")

    def _is_blank(self, line: int) -> bool:
        """Whether a line is empty; so is what comes after the last."""
        return line >= len(self.ends) or not self._text(line)

    def _text(self, line: int) -> str:
        return self.text[self._start(line) : self.ends[line]].strip()
