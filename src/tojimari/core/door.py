"""All that is known of one endpoint of one host. The row that every screen shows."""

from dataclasses import dataclass

from tojimari.core.endpoint import Endpoint
from tojimari.core.exposure import Exposure
from tojimari.core.intent import Intent
from tojimari.core.meaning import NOTHING_KNOWN, Meaning
from tojimari.core.observation import Observation, State
from tojimari.core.service import Service
from tojimari.core.socket import Listener, Namespace, Owner, Role


@dataclass(frozen=True, slots=True)
class Door:
    """One endpoint of one host, with what every witness says of it.

    Attributes:
        endpoint: How, which building, which number.
        namespace: The network namespace that it is in.
        listener: The kernel's word; None where the kernel holds no socket there.
        exposure: Who can reach it.
        intent: The policy's word; None where no line covers it, or where there is no policy.
        meaning: What the number and the program usually mean.
        service: What spoke there; None where nobody listened to it.
        observations: Every witness's sentence, in the order in which they were made.
    """

    endpoint: Endpoint
    namespace: Namespace
    listener: Listener | None
    exposure: Exposure
    intent: Intent | None = None
    meaning: Meaning = NOTHING_KNOWN
    service: Service | None = None
    observations: tuple[Observation, ...] = ()

    @property
    def owners(self) -> tuple[Owner, ...]:
        """Who holds it; empty where nobody is known."""
        return self.listener.owners if self.listener else ()

    @property
    def is_open(self) -> bool:
        """Whether any witness says that it is open."""
        return any(seen.state is State.OPEN for seen in self.observations)

    @property
    def is_server(self) -> bool:
        """Whether others come to it; a UDP client that awaits its answer is none."""
        return self.listener is None or self.listener.role is not Role.CLIENT

    @property
    def programs(self) -> tuple[str, ...]:
        """Names of the executables and processes that hold it, the surest first, each once."""
        names = (
            name
            for owner in self.owners
            for name in ((owner.exe or "").rpartition("/")[2], owner.name or "")
        )
        return tuple(dict.fromkeys(name for name in names if name))
