"""One look at a machine's doors."""

from dataclasses import dataclass

from tojimari.core.door import Door
from tojimari.core.socket import Namespace, Unseen


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
