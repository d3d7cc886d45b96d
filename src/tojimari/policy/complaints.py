"""The problems that are found while a file is read, each with its place."""

from collections.abc import Iterable

from tojimari.core.message import Message
from tojimari.policy.positions import Path, Positions
from tojimari.policy.problem import Problem, Span

# How alike two words must be, from 0 to 1, for one to be offered for the other: difflib's default,
# at which "form" finds "from" and "transprot" finds "transport".
LIKENESS = 0.6
# After so many problems the file is another one, and comparing words (0.1 ms each) helps nobody.
PATIENCE = 200


class Complaints:
    """A list that grows. Nothing that is wrong stops the reading, so that all of it is told."""

    def __init__(self, positions: Positions) -> None:
        """Begin with none."""
        self._positions = positions
        self._found: list[Problem] = []

    def key(self, path: Path, message: Message, hint: Message | None = None) -> None:
        """Something is wrong with a key."""
        self._found.append(Problem(self._positions.key(path), message, hint))

    def value(self, path: Path, message: Message, hint: Message | None = None) -> None:
        """Something is wrong with a value."""
        self._found.append(Problem(self._positions.value(path), message, hint))

    def top(self, message: Message, hint: Message | None = None) -> None:
        """Something is missing in the file as a whole."""
        self._found.append(Problem(Span(1, 1), message, hint))

    def add(self, problems: Iterable[Problem]) -> None:
        """Problems that were found elsewhere."""
        self._found.extend(problems)

    def place(self, path: Path) -> Span:
        """Where a value stands, or what begins a table."""
        return self._positions.value(path)

    def alike(self, word: str, known: Iterable[str]) -> str | None:
        """The known word that was probably meant; None where there is none like it."""
        if len(self._found) > PATIENCE:
            return None
        import difflib  # noqa: PLC0415 - 6 ms, and only where something is wrong

        found = difflib.get_close_matches(word.lower(), list(known), n=1, cutoff=LIKENESS)
        return found[0] if found else None

    def sorted(self) -> tuple[Problem, ...]:
        """All of them, from the beginning of the file to its end."""
        return tuple(sorted(self._found, key=lambda problem: problem.span))
