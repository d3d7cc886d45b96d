"""What a move is asked, and what it answers: a step, complete in itself, or why there is none."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from tojimari.close.grammar import Files
from tojimari.close.selinux import Labels
from tojimari.core.door import Door
from tojimari.core.message import Message
from tojimari.core.plan import Step, Target
from tojimari.core.socket import Owner


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of the service manager.

    Attributes:
        name: ``ssh.service``.
        active: Whether it runs, or waits for somebody to come.
        state: Whether it starts by itself, in the manager's word: ``enabled``, ``static``, ….
        sockets: The sockets that start it.
        services: What it starts, where it is a socket.
        dependents: Units that run now and stop with it.
        restart: When the manager starts it again by itself; empty for never.
        keeps_children: Whether processes of its control group live on when it is stopped.
    """

    name: str
    active: bool = True
    state: str = "enabled"
    sockets: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    dependents: tuple[str, ...] = ()
    restart: str = ""
    keeps_children: bool = False


class Manager(StrEnum):
    """What starts and stops services."""

    SYSTEMD = "systemd"
    OPENRC = "openrc"
    SYSV = "sysv"


class Units(Protocol):
    """The service manager of a machine."""

    @property
    def manager(self) -> Manager:
        """Which one it is."""
        ...

    def unit(self, name: str) -> Unit | None:
        """A unit; None where the manager does not know it."""
        ...


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything that moves need to know.

    Attributes:
        targets: What is to be closed.
        doors: Every door of the machine itself.
        units: The service manager.
        files: The configuration files.
        sources: Networks to which it is to be closed; empty for everybody but this machine.
        allowed: Networks to which it stays open while it is closed to all others.
        port: The number that a door is moved to; 0 where it is closed.
        addresses: Where a service may go on listening.
        seconds: After how long the kernel opens again what it closed; 0 for never.
        mask: Whether a unit is to be kept from starting in any way.
        kill: Whether a process may be killed that does not end.
        end_sessions: Whether the sessions that exist are to be ended too.
        starts: By process, its start in clock ticks since boot.
        spared: Processes that must not be ended: our own and those that we came from.
        zones: Of firewalld, by which packets can come; empty where it does not run.
        labels: SELinux's of numbers; None where it does not enforce, or nothing is moved.
    """

    targets: tuple[Target, ...]
    doors: tuple[Door, ...]
    units: Units
    files: Files
    sources: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()
    port: int = 0
    addresses: tuple[str, ...] = ("127.0.0.1", "::1")
    seconds: int = 0
    mask: bool = False
    kill: bool = False
    end_sessions: bool = False
    starts: dict[int, int] = field(default_factory=dict[int, int])
    spared: frozenset[int] = frozenset()
    zones: tuple[str, ...] = ()
    labels: Labels | None = None

    @property
    def mine(self) -> tuple[Door, ...]:
        """The doors that are to be closed."""
        return tuple(one for one in self.doors if target_of(one) in self.targets)

    @property
    def owners(self) -> tuple[Owner, ...]:
        """Who holds them, each process once."""
        found: dict[tuple[int | None, str | None], Owner] = {}
        for door in self.mine:
            for owner in door.owners:
                found.setdefault((owner.pid, owner.unit), owner)
        return tuple(found.values())

    def others(self, is_theirs: Callable[[Owner], bool]) -> tuple[Target, ...]:
        """The other doors that go with some owners, ascending."""
        found = {
            target_of(door)
            for door in self.doors
            if target_of(door) not in self.targets and any(map(is_theirs, door.owners))
        }
        return tuple(sorted(found))


Plan = Callable[[Situation], Step]


@dataclass(frozen=True, slots=True)
class Move:
    """One way to close a door.

    Attributes:
        name: As its file is called.
        size: How large an intervention it is: smaller ones are offered first.
        plan: Gives the step.
        asked: Whether it is only taken, and shown, where somebody asks for it by its name.
    """

    name: str
    size: int
    plan: Plan
    asked: bool = False


def target_of(door: Door) -> Target:
    """The number of a door."""
    return Target(door.endpoint.transport, door.endpoint.port)


def refused(move: str, does: Message, why: Message) -> Step:
    """A step that cannot be done."""
    return Step(move, does, refused=why)


def with_them(stops: Sequence[Target]) -> tuple[Message, ...]:
    """That other doors go too; nothing where none does."""
    if not stops:
        return ()
    names = ", ".join(map(str, stops))
    return (
        Message("also-closes", "these doors of the same program go with it: {doors}",
                {"doors": names}),
    )  # fmt: skip


def dropping(situation: Situation) -> Message:
    """What a rule does, whoever's it is."""
    if situation.allowed:
        return Message(
            "shut-but",
            "drop what comes to the door, but from {sources}",
            {"sources": ", ".join(situation.allowed)},
        )
    if situation.sources:
        return Message(
            "shut-from",
            "drop what comes to the door from {sources}",
            {"sources": _few(situation.sources)},
        )
    return Message("shut", "drop what comes to the door from other machines")


def outlasting(situation: Situation) -> Iterator[Message]:
    """What comes with a rule of another firewall's."""
    yield Message(
        "stays-closed", "the program goes on; sessions that exist go on; the rule outlasts a boot"
    )
    if not situation.mine:
        yield Message(
            "passes",
            "no program of this machine waits there: what is sent on to a container passes such"
            " rules, and then everything is undone",
        )


FEW = 4  # networks that a sentence names


def _few(sources: tuple[str, ...]) -> str:
    more = len(sources) - FEW
    return ", ".join(sources[:FEW]) + (f" +{more}" if more > 0 else "")
