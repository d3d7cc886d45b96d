"""Answers that came, as columns; and what a way of hearing them must offer."""

from array import array
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from tojimari.scan.packet import Heard

PORTS = 64  # consecutive ports that we probe from, the first a multiple of it
TRIES = 16  # of them: the first so many say which try a probe was; the others check for loss


class Arrivals(NamedTuple):
    """Answers whose sequence number was right. Columns of one length but for the last.

    Attributes:
        hosts: Which host, by its rank.
        ports: Which door.
        batches: In which batch the probe was.
        slots: Which of our ports it came from, less the first of them.
        flags: Of TCP.
        hops: Time to live or hop limit of the answer.
        times: When it came, on the clock of ``time.monotonic``.
        others: What has no such column: errors on the way.
    """

    hosts: Sequence[int] = ()
    ports: Sequence[int] = ()
    batches: Sequence[int] = ()
    slots: Sequence[int] = ()
    flags: Sequence[int] = ()
    hops: Sequence[int] = ()
    times: Sequence[float] = ()
    others: "Sequence[tuple[int, int, Heard]]" = ()


class Check(NamedTuple):
    """A probe to a door that is known to answer.

    Attributes:
        position: Which probe of the batch gives it its place, and goes last.
        port: The door.
        slot: From which of our ports.
    """

    position: int
    port: int
    slot: int


class Ear(Protocol):
    """Hears answers to the probes of one scan: the first of each door, and those of all checks."""

    def expect(self, batch: int, slot: int) -> None:
        """A batch of probes is about to be sent from one of our ports: answers to it are believed.

        Args:
            batch: Its number.
            slot: Which port, less the first of ours.
        """
        ...

    def arrived(self) -> int:
        """How many answers have come so far; cheap."""
        ...

    def receive(self) -> Arrivals:
        """Those that came since the last time."""
        ...

    def wait(self, seconds: float) -> None:
        """Until something comes, or not much longer than the time given."""
        ...

    def lost(self) -> int:
        """How many found no room here since the last time."""
        ...

    def close(self) -> None:
        """Hear no more."""
        ...


class Wire(Protocol):
    """Sends the probes of one scan, and hears their answers."""

    @property
    def ear(self) -> Ear:
        """What hears."""
        ...

    def load(self, host: int, ports: "array[int]") -> None:
        """Get the probes to these doors of a host ready.

        Args:
            host: Its rank.
            ports: ``array("H")``.
        """
        ...

    def send(
        self, host: int, stretch: tuple[int, int], slot: int, batch: int, checks: "Sequence[Check]"
    ) -> int:
        """Probe a stretch of the doors that were loaded, and doors that are known to answer.

        Args:
            host: Its rank.
            stretch: The first of the loaded doors, and the end.
            slot: From which of our ports.
            batch: The number of this batch.
            checks: What goes among them.

        Returns:
            How many probes to doors of the stretch went out.
        """
        ...
