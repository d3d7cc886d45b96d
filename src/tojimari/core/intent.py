"""What was meant: one line of the policy."""

import datetime as dt
from dataclasses import dataclass

from tojimari.core.endpoint import MAX_PORT, Transport


@dataclass(frozen=True, slots=True, order=True)
class PortRange:
    """Ports from ``first`` to ``last``, both included."""

    first: int
    last: int

    def __post_init__(self) -> None:
        """Hold the order.

        Raises:
            ValueError: Not 0-65535, or backwards.
        """
        if not 0 <= self.first <= self.last <= MAX_PORT:
            msg = f"port range must be ascending within 0-65535: {self.first}-{self.last}"
            raise ValueError(msg)

    def __contains__(self, port: int) -> bool:
        return self.first <= port <= self.last

    def __len__(self) -> int:
        return self.last - self.first + 1

    def __str__(self) -> str:
        """``443`` or ``8000-8100``."""
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"


@dataclass(frozen=True, slots=True)
class Intent:
    """This door is meant to be open, to these sources, for this service, because.

    Attributes:
        transport: The way of speaking.
        ports: The numbers it covers.
        sources: Zones (``internet``, ``lan``, ``containers``, ``this-machine``) and networks
            (``192.0.2.0/24``); named groups are already replaced by what they stand for.
        why: The reason, in the words of whoever answers for it.
        address: The only local address that is meant; None for any.
        service: The protocol that is meant to speak there; None for any.
        until: The last day it is meant; None for always.
        unit: The unit that is meant to hold it; None for any.
        exe: The executable that is meant to hold it, an absolute path; None for any.
        user: The user that is meant to hold it; None for any.
        container: The container that is meant to hold it; None for any.
        written: The sources as the file has them, groups by their names; empty where it did not
            come from a file.
        optional: Whether it may be shut: then a missing listener is no finding.
        line: Line of the policy file, from 1; 0 where it did not come from a file.
    """

    transport: Transport
    ports: PortRange
    sources: tuple[str, ...]
    why: str
    address: str | None = None
    service: str | None = None
    until: dt.date | None = None
    unit: str | None = None
    exe: str | None = None
    user: str | None = None
    container: str | None = None
    written: tuple[str, ...] = ()
    optional: bool = False
    line: int = 0
