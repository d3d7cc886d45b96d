"""What is wrong with a policy file, and where exactly."""

from dataclasses import dataclass, field
from enum import StrEnum

from tojimari.core.errors import UsageError
from tojimari.core.message import Message, mark


class Level(StrEnum):
    """Whether the file can be used in spite of it."""

    ERROR = "error"  # it cannot: a policy is judged by whole or not at all
    WARNING = "warning"  # it can, but somebody should look


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A piece of the file.

    Attributes:
        line: From 1; 0 where the whole file is meant.
        column: In characters (code points) from 1, a tab being one; 0 where the whole file is
            meant.
        length: In characters; 0 where only the place is known, not how far it goes.
    """

    line: int = 0
    column: int = 0
    length: int = 0


NOWHERE = Span()


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        span: Where.
        message: What; its code names the kind of problem.
        hint: What to write instead; None where nothing can be said.
        level: Whether the file can be used in spite of it.
    """

    span: Span
    message: Message
    hint: Message | None = None
    level: Level = field(default=Level.ERROR)

    @property
    def code(self) -> str:
        """The kind of problem, stable and in kebab case."""
        return self.message.code


class PolicyError(UsageError):
    """The policy file cannot be used.

    Attributes:
        path: The file.
        problems: All that is wrong with it, from its beginning to its end.
    """

    def __init__(self, path: str, problems: tuple[Problem, ...]) -> None:
        """Say how much is wrong, and begin with the first."""
        first = problems[0]
        super().__init__(
            mark("{path} cannot be used, mistakes: {count}; the first is in line {line}"),
            hint=mark("tojimari policy lint {path}"),
            path=path,
            count=len(problems),
            line=first.span.line,
        )
        self.path = path
        self.problems = problems
