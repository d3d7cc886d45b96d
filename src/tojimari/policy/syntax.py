"""From bytes to the tree that TOML means, with every place known; or one problem that says why not.

TOML has no repair: after the first mistake of grammar nothing can be said of the rest. So here is
at most one problem; what is wrong with the content is found later, all of it.
"""

import datetime as dt
import re
from dataclasses import dataclass
from typing import TypeAlias

from tojimari.core.message import Message
from tojimari.policy.positions import Positions, locate
from tojimari.policy.problem import Problem, Span

# What TOML can hold.
Toml: TypeAlias = (
    "str | int | float | bool | dt.date | dt.time | list[Toml] | dict[str, Toml]"  # dt.datetime too
)

# A line of the policy takes 100 to 200 bytes, so this is well over a thousand. It bounds what a
# file that somebody planted can cost: 0.3 s on a small machine, whatever is in it.
MAX_BYTES = 256 * 1024

# tomllib's time grows with the square of the parts of a dotted key (40 kB of "a.a.a…" took 7 s).
# Nothing here is nested deeper than four; sixteen leaves no honest file out.
MAX_KEY_PARTS = 16
_LONG_KEY = re.compile(
    r"(?:^|[{,])[ \t]*+\[{0,2}[ \t]*+"
    r"(?:(?:[A-Za-z0-9_-]++|\"[^\"\n]*+\"|'[^'\n]*+')[ \t]*+\.[ \t]*+){16}",
    re.MULTILINE,
)
_PLACE = re.compile(
    r"^(?P<said>.*) \(at (?:line (?P<line>\d+), column (?P<column>\d+)|.*)\)$", re.DOTALL
)
_UNQUOTED_RANGE = re.compile(
    r"[ \t]*+port[ \t]*+=[ \t]*+\[?(?:[^#\n{]*,)?[ \t]*+(\d{1,5}[ \t]*-[ \t]*\d{1,5})"
)
_UNQUOTED_WORD = re.compile(
    r"[ \t]*+[\w-]++[ \t]*+=[ \t]*+\[?(?:[^#\n{]*,)?[ \t]*+([A-Za-z][\w.@/-]*)"
)
# Characters of a line in which quotes are looked for; those patterns go back and forth in it.
LOOKED_AT = 400

BYTE_ORDER_MARKS_16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class Tree:
    """What a TOML text means, and where.

    Attributes:
        table: What it means.
        positions: Where each of them stands.
        text: The text, without a byte order mark.
    """

    table: dict[str, Toml]
    positions: Positions
    text: str


def parse(content: bytes) -> Tree | Problem:
    """The tree, or the reason why there is none.

    Args:
        content: The file.
    """
    text = decode(content)
    if isinstance(text, Problem):
        return text
    long_key = _LONG_KEY.search(text)
    if long_key is not None:
        return Problem(
            _place(text, long_key.start()),
            Message(
                "nested-too-deep",
                "more than {limit} parts in one key",
                {"limit": MAX_KEY_PARTS},
            ),
        )
    import tomllib  # noqa: PLC0415 - 17 ms that --help need not pay

    try:
        table: dict[str, Toml] = tomllib.loads(text)
        return Tree(table, locate(text), text)
    except RecursionError:
        return Problem(Span(1, 1), Message("nested-too-deep", "brackets within brackets, too deep"))
    except tomllib.TOMLDecodeError as error:
        return _explained(text, str(error))
    except ValueError:  # CPython's limit on digits; the one error that tomllib lets through
        return Problem(Span(1, 1), Message("toml-syntax", "a number has thousands of digits"))


def decode(content: bytes) -> str | Problem:
    """The text of a file, or why it is none."""
    if len(content) > MAX_BYTES:
        return Problem(
            Span(1, 1),
            Message(
                "too-large",
                "larger than {limit} kB; a file for review is smaller",
                {"limit": MAX_BYTES // 1024},
            ),
        )
    try:
        return content.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8", "replace")
        hint = (
            Message("try", "this is UTF-16; save it as UTF-8")
            if content.startswith(BYTE_ORDER_MARKS_16)
            else Message(
                "try", "save it as UTF-8; for a file in Shift_JIS: iconv -f CP932 -t UTF-8"
            )
        )
        return Problem(
            _place(before, len(before)),
            Message(
                "not-utf-8",
                "not UTF-8 text: the byte {byte} cannot stand here",
                {"byte": f"0x{content[error.start]:02x}"},
            ),
            hint,
        )


def _place(text: str, offset: int) -> Span:
    start = text.rfind("\n", 0, offset) + 1
    return Span(text.count("\n", 0, offset) + 1, offset - start + 1)


def _explained(text: str, said: str) -> Problem:
    """What the parser said, in plain words and both languages."""
    match = _PLACE.match(said)
    if match is not None and match["line"]:
        span = Span(int(match["line"]), int(match["column"]))
    else:
        span = _place(text, len(text.rstrip()))
    bare = match["said"] if match is not None else said
    line = next(iter(text.split("\n")[span.line - 1 : span.line]), "")
    return Problem(span, _sentence(bare), _unquoted(line[:LOOKED_AT]) or _advice(bare))


def _sentence(said: str) -> Message:
    for beginning, message in _SENTENCES:
        if said.startswith(beginning):
            return message
    return Message("toml-syntax", "not TOML: {said}", {"said": said})


def _advice(said: str) -> Message | None:
    for beginning, message in _ADVICE:
        if said.startswith(beginning):
            return message
    return None


def _unquoted(line: str) -> Message | None:
    """The commonest mistake: text without quotes."""
    match = _UNQUOTED_RANGE.match(line)
    if match is not None:
        ports = re.sub(r"[ \t]", "", match[1])
        return Message("try", 'a range needs quotes: "{ports}"', {"ports": ports})
    match = _UNQUOTED_WORD.match(line)
    if match is not None and match[1] not in {"true", "false"}:
        return Message("try", 'text needs quotes: "{word}"', {"word": match[1]})
    return None


# The beginnings of what tomllib says (CPython 3.11 to 3.14, Lib/tomllib/_parser.py).
_SENTENCES = (
    ("Invalid value", Message("toml-syntax", "this is no value")),
    ("Invalid date or datetime", Message("toml-syntax", "there is no such date or time")),
    (
        "Expected newline or end of document after a statement",
        Message("toml-syntax", "something is left over at the end of this line"),
    ),
    ("Expected '=' after a key", Message("toml-syntax", "after a key there must be =")),
    (
        "Expected ']' at the end of a table",
        Message("toml-syntax", "a heading in brackets is not closed"),
    ),
    (
        "Expected ']]' at the end of an array",
        Message("toml-syntax", "a heading in double brackets is not closed"),
    ),
    ("Invalid statement", Message("toml-syntax", "no line can begin like this")),
    ("Invalid initial character", Message("toml-syntax", "a key is missing")),
    ("Unclosed array", Message("toml-syntax", "a list is not closed, or a comma is missing")),
    (
        "Unclosed inline table",
        Message("toml-syntax", "a curly bracket is not closed, or a comma is missing"),
    ),
    ("Unterminated string", Message("toml-syntax", "a text in quotes is not closed")),
    ("Expected \"'", Message("toml-syntax", "a text in quotes is not closed")),
    ("Illegal character", Message("toml-syntax", "this character may not stand here")),
    ("Found invalid character", Message("toml-syntax", "this character may not stand here")),
    ("Unescaped '\\'", Message("toml-syntax", "a backslash in double quotes means something else")),
    ("Cannot overwrite a value", Message("toml-syntax", "this key is there twice")),
    ("Duplicate inline table key", Message("toml-syntax", "this key is there twice")),
    ("Cannot declare", Message("toml-syntax", "this heading is there twice")),
)
_ADVICE = (
    (
        "Expected ']]'",
        Message("try", "each door begins with [[door]]"),
    ),
    (
        "Cannot declare",
        Message("try", "each door begins with [[door]], in double brackets"),
    ),
    (
        "Unescaped '\\'",
        Message("try", "write two backslashes, or put the text in single quotes"),
    ),
    (
        "Illegal character '\\n'",
        Message("try", "a text in quotes ends in the line in which it began"),
    ),
)
