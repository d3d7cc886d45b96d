"""The words of nftables' own language, each with its line.

Source: nft(8), section LEXICAL CONVENTIONS; src/scanner.l for what a word may hold.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

from tojimari.core.errors import UsageError

# Listings of rules that iptables made show what nft cannot spell as a remark in the line's middle.
_OPAQUE = re.compile(r"#\s*(match|target|xt_)\s*(\S+)")
_HANDLE = re.compile(r"#\s*handle\s+(\d+)")
_PARTS = re.compile(
    r"(?P<space>(?:[ \t\r]|\\\n)+)"
    r"|(?P<remark>#[^\n]*)"
    r'|(?P<quoted>"[^"\n]*")'
    r"|(?P<raw>@(?:ll|nh|th|ih),\d+,\d+)"
    r"|(?P<sign>==|!=|<=|>=|<<|>>|[{}();,=!<>&|^\n]|\.(?=\s)|:(?=\s)|-(?=[\s\"]))"
    r"|(?P<word>\[[0-9A-Fa-f:.]+\](?::[\w-]+)?|\$?[^\s{}();,=!<>&|^\"#]+)"
    r"|(?P<other>.)"
)


@dataclass(frozen=True, slots=True)
class Token:
    """One word.

    Attributes:
        text: The word; for one in quotes without them.
        line: Where it stands, from 1.
        quoted: Whether it stood in quotes.
        start: Its first letter's place in the text.
        end: The place behind its last letter.
    """

    text: str
    line: int
    quoted: bool
    start: int
    end: int

    def __bool__(self) -> bool:
        """Whether it is a word, and not what stands behind the last."""
        return bool(self.text) or self.quoted


def tokens(text: str, name: str) -> Iterator[Token]:
    """The words and signs of a text, line feeds among them.

    Args:
        text: All of it.
        name: The file, for what is said of a broken line.

    Raises:
        UsageError: A quote is open at the end of a line.
    """
    line = 1
    for found in _PARTS.finditer(text):
        kind, said = found.lastgroup, found.group()
        start, end = found.span()
        if kind == "remark":
            yield from _remark(said, line, start, end)
        elif kind == "quoted":
            yield Token(said[1:-1], line, True, start, end)  # noqa: FBT003 - a value, not a flag
        elif kind == "word" and len(said) > 1 and said.endswith(":") and not said.endswith("::"):
            # ``22: accept``, as people write maps; an IPv6 address may end with two.
            yield Token(said[:-1], line, False, start, end - 1)  # noqa: FBT003 - the same
            yield Token(":", line, False, end - 1, end)  # noqa: FBT003 - the same
        elif kind == "other":
            raise UsageError(
                "{file}:{line}: {why}", file=name, line=line, why="No closing quotation"
            )
        elif kind != "space":
            yield Token(said, line, False, start, end)  # noqa: FBT003 - the same
        line += said.count("\n")


def _remark(said: str, line: int, start: int, end: int) -> Iterator[Token]:
    """What a remark tells: a handle, or what nft could not spell."""
    handle = _HANDLE.match(said)
    if handle:
        yield Token(f"#{handle.group(1)}", line, False, start, end)  # noqa: FBT003 - a value
        return
    opaque = _OPAQUE.match(said)
    if opaque:
        kind = "target" if opaque.group(1) == "target" else "match"
        for word in ("xt", kind, opaque.group(2)):
            yield Token(word, line, False, start, start + opaque.end())  # noqa: FBT003 - the same
        rest = said[opaque.end() :]
        for one in tokens(rest, ""):
            at = start + opaque.end()
            yield Token(one.text, line, one.quoted, at + one.start, at + one.end)


class UnknownWordError(Exception):
    """A word that has no meaning here; the rule around it becomes doubtful."""


class Cursor:
    """A place among words."""

    def __init__(self, words: list[Token], name: str) -> None:
        """Before the first."""
        self.words = words
        self.name = name
        self.at: int = 0

    @property
    def next(self) -> Token:
        """The word ahead; an empty one behind the last."""
        if self.at < len(self.words):
            return self.words[self.at]
        line = self.words[-1].line if self.words else 1
        end = self.words[-1].end if self.words else 0
        return Token("", line, False, end, end)  # noqa: FBT003 - a value, not a flag

    def ahead(self, by: int) -> str:
        """The text of a word further on; empty behind the last."""
        at = self.at + by
        return self.words[at].text if at < len(self.words) else ""

    def is_next(self, *texts: str) -> bool:
        """Whether one of these is the word ahead, not in quotes."""
        word = self.next
        return bool(word) and not word.quoted and word.text in texts

    def take(self) -> Token:
        """The word ahead; the cursor goes on."""
        word = self.next
        self.at += 1
        return word

    def skip(self, *texts: str) -> bool:
        """Go past a word if it is one of these; whether it was."""
        found = self.is_next(*texts)
        self.at += found
        return found

    def lines(self) -> None:
        """Go past line feeds and semicolons."""
        while self.skip("\n", ";"):
            pass

    def need(self, text: str) -> Token:
        """The word ahead, which must be this one.

        Raises:
            UsageError: It is another.
        """
        if not self.is_next(text):
            self.refuse(f"{text!r}")
        return self.take()

    def refuse(self, wanted: str) -> NoReturn:
        """Say where the text is broken.

        Raises:
            UsageError: Always.
        """
        found = self.next
        raise UsageError(
            "{file}:{line}: {wanted} is missing before {found}",
            file=self.name,
            line=found.line,
            wanted=wanted,
            found=repr(found.text or "the end"),
        )
