"""``tojimari latch --once --json``: what was missing of tojimari's own table, and is back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from tojimari.core.plan import Element

SCHEMA: Final = "tojimari.latch/1"


@dataclass(slots=True)
class ElementDocument:
    """One element of a set.

    Attributes:
        set: Name of the set.
        text: The element as nft writes it: ``tcp . 5432``.
    """

    set: str
    text: str


@dataclass(slots=True)
class LatchDocument:
    """What was put back.

    Attributes:
        schema: Name and version of this form.
        closed: The elements; empty where nothing was missing.
    """

    schema: Literal["tojimari.latch/1"]
    closed: Sequence[ElementDocument]


def document(elements: Iterable[Element]) -> LatchDocument:
    """The document."""
    return LatchDocument(SCHEMA, [ElementDocument(one.set, one.text) for one in elements])
