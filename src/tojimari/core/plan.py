"""A plan that closes or moves a door: what each way of doing it does, breaks, runs and undoes.

Everything that is done to a machine is a ``Deed``, which is written down whole before it is begun:
whoever finds the record can undo it, without knowing more than the record says.
"""

import shlex
from dataclasses import dataclass
from enum import StrEnum

from tojimari.core.door import Door
from tojimari.core.endpoint import MAX_PORT, Transport
from tojimari.core.exposure import Exposure
from tojimari.core.message import Message
from tojimari.core.socket import Connection


class Kind(StrEnum):
    """What a deed is done with."""

    RUN = "run"  # a program
    WRITE = "write"  # a file is replaced
    SHUT = "shut"  # elements are put into tojimari's own table of the firewall
    SIGNAL = "signal"  # a process is asked to end, or ended


@dataclass(frozen=True, slots=True, order=True)
class Target:
    """The number that is meant, at every address of the machine."""

    transport: Transport
    port: int

    def __post_init__(self) -> None:
        """Hold the range.

        Raises:
            ValueError: The port is not one of those that somebody can come to.
        """
        if not 1 <= self.port <= MAX_PORT:
            msg = f"port must be 1-65535: {self.port}"
            raise ValueError(msg)

    def __str__(self) -> str:
        """``22/tcp``."""
        return f"{self.port}/{self.transport}"


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a set in tojimari's own table.

    Attributes:
        set: Name of the set.
        text: The element as nft writes it: ``tcp . 5432``.
    """

    set: str
    text: str


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing that is done to the machine, and its reverse.

    Attributes:
        kind: What it is done with.
        command: The words that are run; empty where nothing is to be done before the reverse.
        reverse: The words that undo it; empty where there is nothing to undo.
        lenient: Whether it is no matter if the reverse fails: what it undoes may be gone.
        path: For ``WRITE``: the file. For ``RUN``: one of another tool's, of which the command
            changes a line; empty where that is of no concern.
        before: For ``WRITE``: its bytes; None where it is not there yet. For ``RUN``: the line.
        after: For ``WRITE``: its new bytes. For ``RUN``: the new line; only where it still is there
            is the reverse run.
        elements: For ``SHUT``: what is put into the table.
        seconds: For ``SHUT``: after how long the kernel takes it out again; 0 for never.
        pid: For ``SIGNAL``: the process.
        started: For ``SIGNAL``: its start, in clock ticks since boot, so that no other is hit.
        signal: For ``SIGNAL``: the signal's number.
    """

    kind: Kind
    command: tuple[str, ...] = ()
    reverse: tuple[str, ...] = ()
    lenient: bool = False
    path: str = ""
    before: bytes | None = None
    after: bytes = b""
    elements: tuple[Element, ...] = ()
    seconds: int = 0
    pid: int = 0
    started: int = 0
    signal: int = 0

    @property
    def typed(self) -> str:
        """The command as a person types it; empty where it is none."""
        return shlex.join(self.command)


@dataclass(frozen=True, slots=True)
class Step:
    """One way to do it, complete in itself.

    Attributes:
        move: Name of the file in ``close/moves``.
        does: What it does, in a sentence.
        deeds: Everything that is done, in order.
        breaks: What else stops working.
        undone: What undoing does, in a sentence.
        difference: What changes in files, as ``diff -u`` shows it.
        refused: Why it cannot be done in this way; None where it can.
        stops: Programs' doors that go with it, though nobody asked for that.
        opens: The number at which the service is after a move; 0 for none.
        rules: Whether rules of the firewall close the door, and the program goes on.
    """

    move: str
    does: Message
    deeds: tuple[Deed, ...] = ()
    breaks: tuple[Message, ...] = ()
    undone: Message | None = None
    difference: str = ""
    refused: Message | None = None
    stops: tuple[Target, ...] = ()
    opens: int = 0
    rules: bool = False

    @property
    def commands(self) -> tuple[str, ...]:
        """The exact commands, in order."""
        return tuple(deed.typed for deed in self.deeds if deed.command)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is known before anything is changed.

    Attributes:
        host: The machine's name.
        at: Seconds since the epoch.
        targets: What is to be closed.
        sources: To whom; empty for everybody but this machine.
        doors: Who listens there.
        exposures: For each target, who can reach it and by which rule.
        connections: Who is connected now.
        steps: The ways to do it, the smallest first.
        chosen: Which of them; None where none can be done.
        danger: Why the operator would be locked out; empty where not.
    """

    host: str
    at: float
    targets: tuple[Target, ...]
    sources: tuple[str, ...]
    doors: tuple[Door, ...]
    exposures: tuple[tuple[Target, Exposure], ...]
    connections: tuple[Connection, ...]
    steps: tuple[Step, ...]
    chosen: int | None
    danger: tuple[Message, ...] = ()

    @property
    def step(self) -> Step | None:
        """The way that is chosen."""
        return None if self.chosen is None else self.steps[self.chosen]
