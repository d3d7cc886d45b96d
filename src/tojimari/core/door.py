"""All that is known of one endpoint of one host. The row that every screen shows."""

from dataclasses import dataclass

from tojimari.core.endpoint import Endpoint
from tojimari.core.exposure import Decider, Exposure, Redirection
from tojimari.core.intent import Intent
from tojimari.core.meaning import NOTHING_KNOWN, Meaning
from tojimari.core.observation import Observation, State
from tojimari.core.service import Identification, Service
from tojimari.core.sighting import Sighting
from tojimari.core.socket import Listener, Namespace, Owner, Role


@dataclass(frozen=True, slots=True)
class Forwarding:
    """What comes to a door from outside is sent on by a rule (DNAT), and nobody need hold it here.

    Attributes:
        to: Where it is sent, and by which rule.
        listener: Who waits there; None where nobody was seen.
        namespace: The namespace that this listener is in; None without it.
        past: The rule or policy of the firewall's manager that would have kept others out, had a
            container's rule not come first; None where there is none.
    """

    to: Redirection
    listener: Listener | None = None
    namespace: Namespace | None = None
    past: Decider | None = None


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
        forwarding: Where the firewall sends what comes to it; None where it does not.
        last: The last of several numbers that one rule sends on alike; None for a single one.
        conversation: How the conversation with it went; None where nobody spoke with it.
        sightings: How it looked from outside; empty where nobody looked, or it is not to be seen.
    """

    endpoint: Endpoint
    namespace: Namespace
    listener: Listener | None
    exposure: Exposure
    intent: Intent | None = None
    meaning: Meaning = NOTHING_KNOWN
    service: Service | None = None
    observations: tuple[Observation, ...] = ()
    forwarding: Forwarding | None = None
    last: int | None = None
    conversation: Identification | None = None
    sightings: tuple[Sighting, ...] = ()

    @property
    def number(self) -> str:
        """``8080/tcp``, or ``8000-8100/tcp`` where one rule sends all of them on."""
        ports = (
            str(self.endpoint.port) if self.last is None else f"{self.endpoint.port}-{self.last}"
        )
        return f"{ports}/{self.endpoint.transport}"

    @property
    def owners(self) -> tuple[Owner, ...]:
        """Who holds it, or who waits where it is sent on to; empty where nobody is known."""
        if self.listener is not None:
            return self.listener.owners
        sent = self.forwarding
        return sent.listener.owners if sent is not None and sent.listener is not None else ()

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
