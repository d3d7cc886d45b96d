"""What the languages of configuration files have in common: pure, text in and offsets out.

Comments are blanked out rather than taken out, so an offset is the same with and without them.
"""

import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from tojimari.close.setting import Setting, Slot

DEEPEST = 16  # includes within includes, as many as any of the servers allows


class Files(Protocol):
    """The files of a machine."""

    def text(self, path: str) -> str | None:
        """A file's text, undecodable bytes as surrogates (PEP 383); None where it is not there."""
        ...

    def glob(self, pattern: str) -> list[str]:
        """The files that a pattern fits, in the order of their names."""
        ...


@dataclass(frozen=True, slots=True)
class Page:
    """One file.

    Attributes:
        path: Where it is.
        text: What it says.
        bare: The same with comments blanked out, character for character.
    """

    path: str
    text: str
    bare: str

    def slot(self, match: re.Match[str], group: str = "port", form: str = "{}") -> Slot:
        """The characters of a group."""
        return Slot(self.path, *match.span(group), form)

    def put(self, offset: int, form: str) -> Slot:
        """A place where nothing stands yet."""
        return Slot(self.path, offset, offset, form)

    def line(self, offset: int) -> int:
        """Number of the line, from 1."""
        return self.text.count("\n", 0, offset) + 1

    def written(self, offset: int) -> str:
        """The whole line around an offset, without its end."""
        start = self.text.rfind("\n", 0, offset) + 1
        end = self.text.find("\n", offset)
        return self.text[start : None if end < 0 else end].strip()

    def setting(self, offset: int, port: int) -> Setting:
        """A setting that stands at an offset; where it can be changed is added by the caller."""
        return Setting(self.path, self.line(offset), self.written(offset), port)

    def at_end(self, form: str) -> Slot:
        """A place for a line at the end; with a line feed before it where the last has none."""
        feed = "" if not self.text or self.text.endswith("\n") else "\n"
        return self.put(len(self.text), feed + form)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a file, as it is read: up to an include, or after one."""

    page: Page
    start: int
    end: int

    def find(self, pattern: re.Pattern[str]) -> Iterator[re.Match[str]]:
        """Every match outside of comments."""
        return pattern.finditer(self.page.bare, self.start, self.end)


@dataclass(frozen=True, slots=True)
class Language:
    """How files of one kind are read.

    Attributes:
        include: A line that takes in other files, their names in the group ``files``; None where
            there is no such line.
        base: Folder that such names are relative to; empty for that of the file itself.
        member: Where the line names a folder: which of its files.
        comments: What begins a comment that lasts to the end of the line.
        anywhere: Whether a comment may begin behind something else.
        block: Whether ``/* */`` is a comment.
        quotes: What encloses text in which nothing is a comment.
        stop: Where the part of a file ends that matters here.
    """

    include: re.Pattern[str] | None = None
    base: str = ""
    member: str = ""
    comments: Sequence[str] = ("#",)
    anywhere: bool = False
    block: bool = False
    quotes: str = "\"'"
    stop: re.Pattern[str] | None = None

    def page(self, files: Files, path: str) -> Page | None:
        """One file; None where it is not there."""
        text = files.text(path)
        if text is None:
            return None
        return Page(path, text, self.without_comments(text))

    def read(self, files: Files, starts: Iterable[str]) -> Iterator[Piece]:
        """Everything in the order in which the server reads it.

        Args:
            files: Of the machine.
            starts: The first file, or several that are read one after another.
        """
        seen: list[str] = []
        for start in starts:
            yield from self._read(files, start, seen)

    def _read(self, files: Files, path: str, within: list[str]) -> Iterator[Piece]:
        page = self.page(files, path)
        if page is None or path in within or len(within) > DEEPEST:
            return
        end = len(page.bare)
        if self.stop is not None and (match := self.stop.search(page.bare)) is not None:
            end = match.start()
        at = 0
        for match in self.include.finditer(page.bare, 0, end) if self.include else ():
            yield Piece(page, at, match.start())
            for name in match["files"].split():
                for one in files.glob(self._pattern(path, name.strip("\"'"))):
                    yield from self._read(files, one, [*within, path])
            at = match.end()
        yield Piece(page, at, end)

    def _pattern(self, path: str, name: str) -> str:
        folder = self.base or posixpath.dirname(path)
        return posixpath.normpath(posixpath.join(folder, name, self.member))

    def without_comments(self, text: str) -> str:
        """The text with comments blanked out; line feeds stay."""
        return self._pattern_of_comments().sub(_blanked, text)

    def _pattern_of_comments(self) -> re.Pattern[str]:
        begins = "|".join(map(re.escape, self.comments))
        before = r"(?<![^\s;{}])" if self.anywhere else r"(?m:^)[ \t]*"
        parts = [rf"(?P<comment>{before}(?:{begins})[^\n]*)"]
        if self.block:
            parts.append(r"(?P<block>/\*(?s:.*?)(?:\*/|\Z))")
        if self.anywhere or self.block:
            parts += [rf"{mark}(?:\\.|[^{mark}\\\n])*{mark}" for mark in self.quotes]
        return re.compile("|".join(parts))


def _blanked(match: re.Match[str]) -> str:
    kinds = match.groupdict()
    if kinds.get("comment") is None and kinds.get("block") is None:
        return match[0]  # a quoted text
    return re.sub(r"[^\n]", " ", match[0])


@dataclass(frozen=True, slots=True)
class Block:
    """A part in braces, with what stands before it.

    Attributes:
        head: What stands before the brace, white space made even.
        start: Offset behind the opening brace.
        end: Offset of the closing brace.
        within: Heads of the blocks around it, the outermost first.
    """

    head: str
    start: int
    end: int
    within: tuple[str, ...]


def blocks(bare: str) -> list[Block]:
    """Every part in braces, the outer ones first; a brace that nothing closes is left out."""
    found: list[Block] = []
    open_: list[tuple[str, int, int]] = []
    begin = 0
    for match in re.finditer(r"[{};\n]", bare):
        kind, at = match[0], match.start()
        if kind == "{":
            open_.append((" ".join(bare[begin:at].split()), at + 1, len(found)))
            begin = at + 1
        elif kind == "}":
            if open_:
                head, start, _ = open_.pop()
                found.append(Block(head, start, at, tuple(one[0] for one in open_)))
            begin = at + 1
        elif kind == ";" or bare[begin:at].strip():
            # A line feed ends what stands on a line; an empty one parts no head from its brace.
            begin = at + 1
    return sorted(found, key=lambda one: one.start)


def section_of(piece: Piece, offset: int) -> str:
    """The ``[section]`` that an offset of a file is in, lower case; empty before the first."""
    name = ""
    for match in _SECTION.finditer(piece.page.bare, 0, offset):
        name = match["name"].strip().lower()
    return name


_SECTION = re.compile(r"(?m)^[ \t]*\[(?P<name>[^\]\n]+)\]")


def named(command: Sequence[str], options: Iterable[str]) -> str | None:
    """The file that a command line names behind one of some options; None where it names none."""
    options = tuple(options)
    for at, word in enumerate(command):
        for option in options:
            if word == option and at + 1 < len(command):
                return command[at + 1]
            if word.startswith(f"{option}=") or (
                not option.startswith("--") and word.startswith(f"{option}/")
            ):
                return word[len(option) :].lstrip("=")
    return None


def first_there(files: Files, paths: Iterable[str]) -> list[str]:
    """The first of some files that is there; patterns are allowed."""
    for path in paths:
        found = files.glob(path)
        if found:
            return found[:1]
    return []


def split_address(text: str) -> tuple[str | None, int | None]:
    """``192.0.2.1:80``, ``[::]:80``, ``80`` or an address alone, as its two parts."""
    match = _ADDRESS.fullmatch(text)
    if match is None:
        return text or None, None
    return match["address"] or None, int(match["port"])


_ADDRESS = re.compile(r"(?:(?P<address>\[[^\]]*\]|[^:\[\]]*):)?(?P<port>\d{1,5})")
