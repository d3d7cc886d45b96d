"""What a witness says of an endpoint."""

from dataclasses import dataclass
from enum import StrEnum

from tojimari.core.endpoint import Endpoint


class Witness(StrEnum):
    """Who saw."""

    KERNEL = "kernel"
    CONVERSATION = "conversation"
    FIREWALL = "firewall"
    SCAN = "scan"
    POLICY = "policy"


class State(StrEnum):
    """The state of a door, in the field's words.

    Silence is never ``CLOSED``: what does not answer is ``FILTERED``, or for UDP
    ``OPEN_OR_FILTERED``.
    """

    OPEN = "open"
    CLOSED = "closed"
    FILTERED = "filtered"
    OPEN_OR_FILTERED = "open|filtered"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Observation:
    """One sentence about one endpoint by one witness at one time.

    Attributes:
        endpoint: The door it is about.
        netns: Inode of the network namespace that the endpoint is in; 0 where nobody asked.
        witness: Who saw.
        state: What was seen.
        evidence: Why the witness says so, short and literal.
        vantage: From where: ``inside``, or an address or namespace that the probe stood in.
        at: Seconds since the epoch.
    """

    endpoint: Endpoint
    netns: int
    witness: Witness
    state: State
    evidence: str
    vantage: str
    at: float
