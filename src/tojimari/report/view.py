"""How a report is shown to the person who asked for it."""

from dataclasses import dataclass

from tojimari.report.language import Language
from tojimari.report.style import Paint, unpainted


@dataclass(frozen=True, slots=True)
class View:
    """How it is shown.

    Attributes:
        language: What the reader reads.
        columns: Width of the terminal.
        paint: Gives styled text.
        whole: Whether every door is shown, however many there are.
    """

    language: Language
    columns: int = 80
    paint: Paint = unpainted
    whole: bool = False
