"""What a scan will do: tasks, each with its way of knocking."""

from collections.abc import Mapping
from dataclasses import dataclass

from tojimari.core.message import Message
from tojimari.scan.intervals import count
from tojimari.scan.task import Method, Task


@dataclass(frozen=True, slots=True)
class Part:
    """One task, and how it is done.

    Attributes:
        task: What is done.
        method: How.
        passed: Ways of knocking that would be better, and why they cannot be taken.
        own: Whether the addresses are this machine's.
        outside: The interface by which the knocks come in as from outside; empty for others.
    """

    task: Task
    method: Method
    passed: tuple[tuple[str, Message], ...] = ()
    own: bool = False
    outside: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that a scan will do.

    Attributes:
        parts: One after the other.
        names: What people called addresses: by version and number.
        remarks: What was left out, and why.
        lists_all: Whether each door is told of by itself, the shut ones too.
        usual: Whether the numbers are those that nobody chose.
        beside: Whether parts that do not stand in each other's way may be done at the same time.
    """

    parts: tuple[Part, ...]
    names: Mapping[tuple[int, int], str]
    remarks: tuple[Message, ...]
    lists_all: bool
    usual: bool
    beside: bool = False

    @property
    def doors(self) -> int:
        """How many doors are knocked at."""
        return sum(part.task.end - part.task.first for part in self.parts)

    @property
    def hosts(self) -> int:
        """How many addresses have one."""
        spaces = {(one.task.space.family, one.task.space.addresses) for one in self.parts}
        return sum(count(addresses) for _, addresses in spaces)
