"""The names by which software calls itself, and who makes it: a small table, in ``names.tsv``."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_name("names.tsv")
NOBODY = "-"


@dataclass(frozen=True, slots=True)
class Name:
    """One line of the table.

    Attributes:
        words: How the software calls itself.
        vendor: Who makes it; None where that is not said.
        product: What people call it.
    """

    words: str
    vendor: str | None
    product: str


@dataclass(frozen=True, slots=True)
class Match:
    """A name that was found in a text.

    Attributes:
        name: Which.
        start: Where it begins in the text.
        end: Where it ends.
    """

    name: Name
    start: int
    end: int


@cache
def table() -> dict[str, tuple[Name, ...]]:
    """All names by family, the longest first."""
    families: dict[str, list[Name]] = {}
    for line in TABLE.read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            family, words, vendor, product = line.split("\t")
            if product != NOBODY:
                name = Name(words.lower(), None if vendor == NOBODY else vendor, product)
                families.setdefault(family, []).append(name)
    return {
        family: tuple(sorted(names, key=lambda name: -len(name.words)))
        for family, names in families.items()
    }


def find(text: str, family: str) -> Match | None:
    """The first name in a text, and of several at one place the longest.

    A name is a whole word: ``Boa`` is not in ``Boat``, but it is in ``Boa/0.94`` and ``Boa_0.94``.
    """
    lower = text.lower()
    best: Match | None = None
    for name in table().get(family, ()):
        start = _word_at(lower, name.words)
        if start >= 0 and (best is None or start < best.start):
            best = Match(name, start, start + len(name.words))
    return best


def _word_at(text: str, words: str) -> int:
    start = text.find(words)
    while start >= 0:
        before, after = text[start - 1 : start], text[start + len(words) :][:1]
        follows = text[start + len(words) :][:2]
        version = len(follows) == 2 and follows[0] == "v" and follows[1].isdigit()
        if not before.isalnum() and (not after.isalpha() or version):
            return start
        start = text.find(words, start + 1)
    return -1
