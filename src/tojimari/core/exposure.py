"""From where a door can be reached."""

from dataclasses import dataclass
from enum import StrEnum

from tojimari.core.message import Message
from tojimari.core.observation import Witness


class Zone(StrEnum):
    """Where somebody may stand who comes to the door, from the nearest to the farthest."""

    THIS_MACHINE = "this-machine"
    CONTAINERS = "containers"
    LAN = "lan"
    INTERNET = "internet"

    @property
    def distance(self) -> int:
        """0 for the nearest; a zone includes nothing of the others."""
        return list(Zone).index(self)


class Certainty(StrEnum):
    """Unsure is a value."""

    YES = "certainly"
    MAYBE = "maybe"
    NO = "certainly-not"


@dataclass(frozen=True, slots=True)
class Reach:
    """Whether a door can be reached from one zone.

    Attributes:
        zone: From where.
        certainty: Whether it can.
        because: The address, the interface or the rule that decided.
    """

    zone: Zone
    certainty: Certainty
    because: Message


@dataclass(frozen=True, slots=True)
class Exposure:
    """From which zones a door can be reached, and who was asked.

    Attributes:
        reaches: One for each zone, the nearest first.
        witnesses: Who was asked. Without the firewall's word, "certainly" means that the socket
            takes what arrives, not that everything arrives.
    """

    reaches: tuple[Reach, ...]
    witnesses: frozenset[Witness]

    def certainty(self, zone: Zone) -> Certainty:
        """Whether it can be reached from a zone; ``MAYBE`` for a zone that nobody judged."""
        for reach in self.reaches:
            if reach.zone is zone:
                return reach.certainty
        return Certainty.MAYBE

    @property
    def widest(self) -> Zone:
        """The farthest zone from which it can certainly be reached."""
        sure = [reach.zone for reach in self.reaches if reach.certainty is Certainty.YES]
        return max(sure, key=lambda zone: zone.distance, default=Zone.THIS_MACHINE)

    @property
    def from_outside(self) -> bool:
        """Whether anybody but this machine and its containers can certainly reach it."""
        return self.widest.distance >= Zone.LAN.distance
