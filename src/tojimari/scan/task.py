"""What a way of knocking is given, and what it gives back.

A task is a space of doors, addresses × ports, and a stretch of its permuted order. A door is named
by its place in the space, which is one number, so that millions are columns of numbers and not
objects.
"""

from array import array
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Protocol

from tojimari.core.endpoint import Transport
from tojimari.core.message import Message

LARGEST = 1 << 63  # doors; places are held in signed columns of 64 bits too


class Answer(IntEnum):
    """What became of a door, in the words of RFC 9293 and nmap, small enough for a column."""

    UNANSWERED = 0
    OPEN = 1
    CLOSED = 2
    FILTERED = 3
    UNFILTERED = 4
    OPEN_OR_FILTERED = 5


class Reason(IntEnum):
    """Why the answer is what it is."""

    NO_RESPONSE = 0
    SYN_ACK = 1
    RST = 2
    UDP_RESPONSE = 3
    PORT_UNREACHABLE = 4
    ADMIN_PROHIBITED = 5
    HOST_UNREACHABLE = 6
    NET_UNREACHABLE = 7
    CONNECTED = 8
    REFUSED = 9
    PROTOCOL_UNREACHABLE = 10
    TIME_EXCEEDED = 11
    ARP_RESPONSE = 12
    NDP_RESPONSE = 13
    ECHO_REPLY = 14


@dataclass(frozen=True, slots=True)
class Space:
    """Addresses × ports; what is excluded has been cut out and cannot be generated.

    Attributes:
        family: 4 or 6.
        addresses: Inclusive intervals of numbers, ascending and disjoint.
        ports: Ascending, each once.
    """

    family: int
    addresses: tuple[tuple[int, int], ...]
    ports: tuple[int, ...]

    def __post_init__(self) -> None:
        """Hold that places fit in a column.

        Raises:
            ValueError: There are more doors than places.
        """
        if self.size > LARGEST:
            msg = f"more doors than can be numbered: {self.size}"
            raise ValueError(msg)

    @property
    def hosts(self) -> int:
        """How many addresses there are."""
        return sum(last - first + 1 for first, last in self.addresses)

    @property
    def size(self) -> int:
        """How many doors there are; a place is 0 to this, exclusive."""
        return self.hosts * len(self.ports)

    def door(self, place: int) -> tuple[int, int]:
        """The address and port at a place: the rank of the address × ports + the rank of the port.

        Raises:
            IndexError: There is no such place.
        """
        if not 0 <= place < self.size:
            raise IndexError(place)
        rank, port = divmod(place, len(self.ports))
        for first, last in self.addresses:
            if rank <= last - first:
                return first + rank, self.ports[port]
            rank -= last - first + 1
        raise IndexError(place)


@dataclass(frozen=True, slots=True)
class Limits:
    """What the user insists on; None leaves it to the scan.

    Attributes:
        rate: Probes a second at most.
        retries: At most so many probes to one door after the first.
        seconds: At most so long.
    """

    rate: float | None = None
    retries: int | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Way:
    """How packets get to the targets: the kernel's route.

    Attributes:
        interface: Its name.
        index: Its index.
        link: Its kind as it matters for frames: ``ethernet``, ``loopback``, ``none`` (tun, ppp),
            ``unknown`` where frames have a header that nobody here can write.
        source: The address that they come from, as a number.
        mtu: Bytes.
        hardware: The interface's own link address; empty where it has none.
        gateway: The next hop, as a number; None where the targets are on the link.
        gateway_version: 4 or 6; 0 where there is no gateway.
        at_home: Whether the source is an address of the interface. Where it is another's, answers
            may come in by that one.
    """

    interface: str
    index: int
    link: str
    source: int
    mtu: int
    hardware: bytes = b""
    gateway: int | None = None
    gateway_version: int = 0
    at_home: bool = True


@dataclass(frozen=True, slots=True)
class Task:
    """One stretch of one space, through one interface.

    Attributes:
        transport: How to knock.
        space: Addresses × ports.
        way: How packets get there.
        seed: Of the permutation; the same seed gives the same order.
        first: Where in the permuted order to begin.
        end: Where to end, exclusive.
        limits: What the user insists on.
        payloads: For UDP, what to send to a port; another port is sent nothing but the header.
    """

    transport: Transport
    space: Space
    way: Way
    seed: int
    first: int
    end: int
    limits: Limits = field(default_factory=Limits)
    payloads: Mapping[int, tuple[bytes, ...]] = field(default_factory=dict[int, tuple[bytes, ...]])


@dataclass(frozen=True, slots=True)
class Answers:
    """Columns of one length: what became of some doors. A door is told once.

    Attributes:
        places: ``array("Q")``, places in the space.
        answers: ``array("B")`` of ``Answer``.
        reasons: ``array("B")`` of ``Reason``.
        ttls: ``array("B")``, time to live or hop limit of the answer; 0 where none was seen.
        seconds: ``array("f")``, from the probe to its answer; not a number where not known.
        tries: ``array("B")``, which probe was answered, from 1; for the unanswered, how many.
    """

    places: "array[int]"
    answers: "array[int]"
    reasons: "array[int]"
    ttls: "array[int]"
    seconds: "array[float]"
    tries: "array[int]"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is.

    Attributes:
        sent: Probes sent, every try counted.
        settled: Doors whose answer has been told.
        total: Doors of the task.
        sweep: Which pass over the unanswered, from 1.
        loss: Share of probes of answering doors that was lost, 0 to 1; None where not known.
        rate: Probes a second, of late.
        position: In the permuted order: every door before it has been told.
    """

    sent: int
    settled: int
    total: int
    sweep: int
    loss: float | None
    rate: float
    position: int


class Ended(StrEnum):
    """Why a task ended."""

    SURE = "sure"
    TIME = "time-limit"
    STOPPED = "stopped"
    RETRIES = "max-retries"


@dataclass(frozen=True, slots=True)
class Ending:
    """What can be said when it is over.

    Attributes:
        why: Why it ended.
        progress: The last.
        passes: Silent passes over what was never answered: how sure "filtered" is.
        remarks: What was noticed: a limit of the target, a SYN proxy, packets dropped here.
    """

    why: Ended
    progress: Progress
    passes: int
    remarks: tuple[Message, ...] = ()


class Told(Protocol):
    """Who is told. Both are called in the task's own thread, often, and return soon."""

    def answers(self, answers: Answers) -> None:
        """Some doors are known."""
        ...

    def progress(self, progress: Progress) -> None:
        """So far it is; several times a second."""
        ...

    def stopped(self) -> bool:
        """Whether to end now, with what is known."""
        ...


@dataclass(frozen=True, slots=True)
class Method:
    """One way of knocking.

    Attributes:
        name: What ``--method`` takes.
        transports: How it knocks.
        words: What it is, marked for translation.
        rank: The lower is tried first where several can.
        obstacle: Why it cannot do a task here; None where it can.
        run: Do it. Closes what it opens, whatever happens.
        least: Doors from which it pays; for fewer it is only taken by name.
    """

    name: str
    transports: frozenset[Transport]
    words: str
    rank: int
    obstacle: Callable[[Task], Message | None]
    run: Callable[[Task, Told], Ending]
    least: int = 0


METHODS = "tojimari.scan.methods"
