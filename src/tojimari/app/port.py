"""What a port number means: ``tojimari port``."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from tojimari.linux.sysctl import PortSettings, port_settings
from tojimari.registry import answer
from tojimari.registry.answer import Answer
from tojimari.registry.ranges import RangeName

SCHEMA: Final = "tojimari.port/1"


@dataclass(frozen=True, slots=True)
class Document:
    """The answers, and what this machine's kernel was told about numbers.

    Attributes:
        schema: Name and version of this form.
        machine: This machine's settings; what could not be read is None.
        answers: One for each question, in their order.
    """

    schema: Literal["tojimari.port/1"]
    machine: PortSettings
    answers: tuple[Answer, ...]


def explain(words: Sequence[str]) -> Document:
    """What each number, range or name means.

    Args:
        words: ``443``, ``53/udp``, ``8000-8100``, ``https``.

    Raises:
        UsageError: A word is none of these, or nothing goes by that name.
    """
    return _document(*answer.to_words(words))


def find(words: str) -> Document:
    """The numbers that fit some words, typing mistakes forgiven.

    Raises:
        UsageError: None fits.
    """
    return _document(answer.to_search(words))


def meaning(name: RangeName) -> Document:
    """What one of the three ranges means."""
    return _document(answer.to_range(name))


def _document(*answers: Answer) -> Document:
    return Document(SCHEMA, port_settings(), answers)
