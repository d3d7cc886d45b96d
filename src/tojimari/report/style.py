"""What stands out, said without saying how: the terminal's colours are the command line's matter.

Colour is never the only sign, and red never stands against green: alarm is orange, calm is blue,
and both have a word or a mark beside them.
"""

from collections.abc import Callable
from enum import StrEnum


class Style(StrEnum):
    """How much a piece of text matters."""

    PLAIN = "plain"
    STRONG = "strong"
    FAINT = "faint"
    ALARM = "alarm"
    CALM = "calm"


Paint = Callable[[str, Style], str]


def unpainted(text: str, style: Style) -> str:
    """The text as it is, for files and pipes."""
    del style
    return text
