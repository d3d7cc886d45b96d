"""One look at a machine's doors: what was asked for, and what was seen."""

from dataclasses import dataclass

from tojimari.core.door import Door
from tojimari.core.endpoint import MAX_PORT, Transport
from tojimari.core.errors import UsageError
from tojimari.core.intent import PortRange
from tojimari.core.message import mark
from tojimari.core.socket import Namespace, Owner, Unseen

HINT = mark("tojimari look 80, tojimari look 53/udp, tojimari look 8000-8100, tojimari look nginx")


@dataclass(frozen=True, slots=True)
class Query:
    """Which doors are asked for: by number, or by who holds them.

    Attributes:
        ports: The numbers; None where a word was given.
        transport: Only this one; None for all.
        word: Name of a program, a unit, a container, a user or a service; empty where numbers were
            given.
    """

    ports: PortRange | None
    transport: Transport | None = None
    word: str = ""

    @property
    def is_one(self) -> bool:
        """Whether it asks for a single number."""
        return self.ports is not None and len(self.ports) == 1

    def matches(self, door: Door) -> bool:
        """Whether it asks for this door."""
        if self.transport not in {None, door.endpoint.transport}:
            return False
        if self.ports is not None:
            return door.endpoint.port in self.ports
        names = {door.meaning.service, door.meaning.usual, door.meaning.assignment}
        return self.word in names or any(self.word in _names(owner) for owner in door.owners)

    def __str__(self) -> str:
        """As it was typed: ``53/udp``."""
        asked = self.word if self.ports is None else str(self.ports)
        return f"{asked}/{self.transport}" if self.transport else asked


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen.

    Attributes:
        host: The machine's name.
        at: Seconds since the epoch.
        namespaces: Every network namespace that was found, the host's first.
        doors: Those that were asked for, by port.
        clients: UDP sockets that only wait for an answer and are left out of ``doors``.
        unseen: What was not seen.
        method: How the owners were found.
    """

    host: str
    at: float
    namespaces: tuple[Namespace, ...]
    doors: tuple[Door, ...]
    clients: int
    unseen: tuple[Unseen, ...]
    method: str

    @property
    def is_whole(self) -> bool:
        """Whether no door can have been missed."""
        return not any(one.hides_doors for one in self.unseen)


def query(text: str) -> Query:
    """Read what somebody typed: ``80``, ``53/udp``, ``8000-8100``, ``8000-8100/tcp``, ``nginx``.

    Raises:
        UsageError: It is no number of a door and no name.
    """
    asked, slash, way = text.strip().partition("/")
    transport = _transport(way, text) if slash else None
    if not asked or asked.startswith("-"):
        raise UsageError("This names no door: {text}", hint=HINT, text=text)
    if not asked[0].isdigit():
        return Query(None, transport, asked)
    first, dash, last = asked.partition("-")
    try:
        ports = PortRange(_number(first), _number(last if dash else first))
    except ValueError:
        raise UsageError(
            "The number of a door is from 0 to {most}, a range is FIRST-LAST: {text}",
            hint=HINT,
            text=text,
            most=MAX_PORT,
        ) from None
    return Query(ports, transport)


def _number(text: str) -> int:
    """A number in ASCII digits alone; ``int`` takes signs, spaces and other scripts too.

    Raises:
        ValueError: It is none.
    """
    if not (text.isascii() and text.isdigit()):
        raise ValueError(text)
    return int(text)


def _transport(way: str, text: str) -> Transport:
    try:
        return Transport(way.lower())
    except ValueError:
        raise UsageError(
            "After the slash stands tcp or udp: {text}", hint=HINT, text=text
        ) from None


def _names(owner: Owner) -> set[str | None]:
    """Everything that an owner is called by."""
    unit = (owner.unit or "").rpartition(".")[0]
    names = {owner.name, (owner.exe or "").rpartition("/")[2], owner.unit, unit, owner.user}
    if owner.container is not None:
        names |= {owner.container.name, owner.container.id}
    return names - {"", None}
