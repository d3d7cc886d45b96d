r"""Regular expressions as Ruby writes them, in the words of Python.

The two differ where nobody looks: ``^`` and ``$`` stand at every line in Ruby, ``(?m)`` makes the
dot match line ends, ``(?i)`` holds from where it stands, ``\h`` is a hexadecimal digit, ``\z`` is
the end. What has no equal here, or none that is right in every supported Python, is refused: a
pattern that is left out is counted, a pattern that means something else would be a lie.

Source: https://docs.ruby-lang.org/en/master/Regexp.html; rapid7/recog, README and
lib/recog/fingerprint/regexp_factory.rb (flags).
"""

import re
import warnings

LONGEST = 4096  # characters; the longest of recog's has some 800
DEEPEST = 64  # groups in groups
DOT_ALL = frozenset({"REG_DOT_NEWLINE", "REG_LINE_ANY_CRLF", "REG_MULTILINE"})
IGNORE_CASE = frozenset({"REG_ICASE"})

POSIX = {
    "alpha": "a-zA-Z",
    "digit": "0-9",
    "alnum": "a-zA-Z0-9",
    "upper": "A-Z",
    "lower": "a-z",
    "xdigit": "0-9a-fA-F",
    "word": r"\w",
    "space": r"\s",
    "blank": r" \t",
    "cntrl": r"\x00-\x1f\x7f",
    "graph": r"\x21-\x7e",
    "print": r"\x20-\x7e",
    "punct": r"\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e",
}
HEXADECIMAL = "0-9a-fA-F"
SAME = frozenset("wWdDsSnrtfvabB")  # letters that mean the same behind a backslash
SAME_IN_CLASS = SAME - {"B"}
OPTIONS = {"i": "i", "m": "s"}
PLAIN_GROUPS = ("?:", "?=", "?!", "?<=", "?<!")
QUANTIFIER = re.compile(r"[*+?]|\{(?:[0-9]+(?:,[0-9]*)?|,[0-9]+)\}")
SWITCH = re.compile(r"\?(?P<on>[imx]*)(?:-(?P<off>[imx]+))?(?P<end>[:)])")
NAMED = re.compile(r"\?(?:<(?P<name>[A-Za-z_]\w*)>|'(?P<quoted>[A-Za-z_]\w*)')")
BACK = re.compile(r"\\k<(?P<name>[A-Za-z_]\w*)>")
CODE = re.compile(r"\\x(?P<digits>[0-9A-Fa-f]{1,2})|\\u(?P<four>[0-9A-Fa-f]{4})")


class UntranslatableError(ValueError):
    """The pattern says something that cannot be said here."""


def compiled(pattern: str, flags: str = "") -> re.Pattern[str]:
    """A pattern of Ruby's as one of Python's.

    Args:
        pattern: As it stands in the file.
        flags: Names with commas between: ``REG_ICASE,REG_DOT_NEWLINE``.

    Raises:
        UntranslatableError: It has no equal, or is no pattern at all.
    """
    options = re.MULTILINE | re.ASCII
    for flag in filter(None, (word.strip() for word in flags.split(","))):
        if flag in DOT_ALL:
            options |= re.DOTALL
        elif flag in IGNORE_CASE:
            options |= re.IGNORECASE
        else:
            msg = f"an unknown flag: {flag}"
            raise UntranslatableError(msg)
    translated = translate(pattern)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # what may change its meaning has none to rely on
            return re.compile(translated, options)
    except (re.error, OverflowError, RecursionError, Warning) as error:
        raise UntranslatableError(str(error)) from error


def translate(pattern: str) -> str:
    """The pattern's text in Python's words.

    Raises:
        UntranslatableError: It has no equal.
    """
    if len(pattern) > LONGEST:
        msg = "a pattern that is too long"
        raise UntranslatableError(msg)
    return _Translation(pattern).whole()


class _Translation:
    """One pattern on its way."""

    def __init__(self, pattern: str) -> None:
        self._text = pattern
        self._at = 0
        self._out: list[str] = []
        self._opened: list[int] = []  # for each open group: how many brackets close with it
        self._switched = 0  # the same outside every group
        self._plain = False
        self._named = False

    def whole(self) -> str:
        while self._at < len(self._text):
            self._one()
        if self._opened:
            self._refuse("a group without an end")
        if self._plain and self._named:
            self._refuse("groups with and without names")
        return "".join(self._out) + ")" * self._switched

    def _refuse(self, why: str) -> None:
        msg = f"{why} at {self._at}"
        raise UntranslatableError(msg)

    def _put(self, words: str, length: int) -> None:
        self._out.append(words)
        self._at += length

    def _one(self) -> None:
        """Translate what stands next."""
        char = self._text[self._at]
        if char == "(":
            self._open()
        elif char == ")":
            self._close()
        elif char == "[":
            self._put(*self._class())
        else:
            if char == "\\":
                self._put(*self._escape())
            else:
                self._put(char, 1)
            if char in "^$|*+?":
                return
        if self._text[self._at - 1] != "(":
            self._quantifier(single=char != ")")

    def _quantifier(self, *, single: bool) -> None:
        """How often the last thing may come."""
        found = QUANTIFIER.match(self._text, self._at)
        if found is None:
            return
        self._put(found.group(), found.end() - self._at)
        behind = self._text[self._at : self._at + 1]
        if behind == "?":
            self._put("?", 1)
        elif behind == "+":
            # Behind braces it is no possession in Ruby; over groups it is wrong in Python 3.11.0.
            if not single or found.group().startswith("{"):
                self._refuse("a possessive group")
            self._put("+", 1)
        if QUANTIFIER.match(self._text, self._at):
            self._refuse("a repetition of a repetition")

    def _open(self) -> None:
        rest = self._text[self._at + 1 :]
        if len(self._opened) >= DEEPEST:
            self._refuse("too many groups in groups")
        named = NAMED.match(rest)
        switch = SWITCH.match(rest)
        if not rest.startswith("?"):
            self._plain = True
            self._begin("(", 1)
        elif named is not None:
            self._named = True
            self._begin(f"(?P<{named['name'] or named['quoted']}>", 1 + named.end())
        elif rest.startswith("?#"):
            end = rest.find(")")
            if end < 0:
                self._refuse("a comment without an end")
            self._at += end + 2
        elif switch is not None:
            self._switch(switch)
        else:
            opening = next((one for one in PLAIN_GROUPS if rest.startswith(one)), None)
            if opening is None:
                self._refuse("a group of a kind that is unknown")
            self._begin("(" + (opening or ""), 1 + len(opening or ""))

    def _begin(self, words: str, length: int) -> None:
        self._put(words, length)
        self._opened.append(1)

    def _switch(self, found: re.Match[str]) -> None:
        """``(?i)`` holds until the group ends, ``(?i:`` for its own group."""
        on, off = found["on"], found["off"] or ""
        if "x" in on + off:
            self._refuse("a pattern with spaces that mean nothing")
        flags = "".join(OPTIONS[one] for one in on)
        without = "".join(OPTIONS[one] for one in off)
        words = f"(?{flags}{'-' + without if without else ''}:"
        if found["end"] == ":":
            self._begin(words, 1 + found.end())
            return
        self._put(words, 1 + found.end())
        if self._opened:
            self._opened[-1] += 1
        else:
            self._switched += 1

    def _close(self) -> None:
        if not self._opened:
            self._refuse("an end without a group")
        self._put(")" * self._opened.pop(), 1)

    def _escape(self) -> tuple[str, int]:
        """What a backslash and what follows it mean, and how long they are."""
        char = self._text[self._at + 1 : self._at + 2]
        code = CODE.match(self._text, self._at)
        back = BACK.match(self._text, self._at)
        if code is not None:
            return _code(code), len(code.group())
        if back is not None:
            return f"(?P={back['name']})", len(back.group())
        if char == "x" or not char:
            self._refuse("half an escape")
        words = {"A": r"\A", "z": r"\Z", "Z": r"(?=\n?\Z)", "e": r"\x1b"}
        words |= {"h": f"[{HEXADECIMAL}]", "H": f"[^{HEXADECIMAL}]", "R": r"(?:\r\n|[\n\v\f\r])"}
        if char in words:
            return words[char], 2
        if char.isdigit():
            return self._digits(char)
        if char.isalnum() and char not in SAME:
            self._refuse(f"an escape that is unknown: {char}")
        return self._text[self._at : self._at + 2] if char.isalnum() else re.escape(char), 2

    def _digits(self, char: str) -> tuple[str, int]:
        r"""``\1`` is what a group found, ``\0`` is nothing at all; more digits may be either."""
        following = self._text[self._at + 2 : self._at + 3]
        if following.isdigit():
            self._refuse("a number in base eight, or of a group")
        return (r"\x00" if char == "0" else f"\\{char}"), 2

    def _class(self) -> tuple[str, int]:
        """A class of characters, and how long it is."""
        start = self._at
        at = start + 1
        parts = ["["]
        if self._text[at : at + 1] == "^":
            parts.append("^")
            at += 1
        first = at
        while True:
            char = self._text[at : at + 1]
            if not char:
                self._refuse("a class without an end")
            if char == "]" and at > first:
                return "".join(parts) + "]", at + 1 - start
            words, length = self._in_class(at)
            parts.append(words)
            at += length

    def _in_class(self, at: int) -> tuple[str, int]:
        char = self._text[at]
        if self._text.startswith("&&", at):
            self._refuse("classes that are joined")
        if char == "[":
            end = self._text.find(":]", at)
            name = self._text[at + 2 : end] if end > 0 else ""
            if not self._text.startswith("[:", at) or name not in POSIX:
                self._refuse("a class in a class")
            return POSIX[name], end + 2 - at
        if char != "\\":
            return (f"\\{char}" if char in "&~|]" else char), 1
        code = CODE.match(self._text, at)
        if code is not None:
            return _code(code), len(code.group())
        escaped = self._text[at + 1 : at + 2]
        if escaped == "h":
            return HEXADECIMAL, 2
        if escaped in {"e", "0"} and not self._text[at + 2 : at + 3].isdigit():
            return (r"\x1b" if escaped == "e" else r"\x00"), 2
        if not escaped or (escaped.isalnum() and escaped not in SAME_IN_CLASS):
            self._refuse(f"an escape that is unknown: {escaped}")
        return f"\\{escaped}", 2


def _code(found: re.Match[str]) -> str:
    return rf"\u{found['four']}" if found["four"] else rf"\x{found['digits']:0>2}"
