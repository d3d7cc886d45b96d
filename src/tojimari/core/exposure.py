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
class Decider:
    """The rule that decided, or the policy of a chain.

    Attributes:
        family: The table's family: ``ip``, ``ip6``, ``inet``, ``netdev``.
        table: Its name.
        chain: The chain's name.
        text: The rule in its own language; empty where the chain's policy decided.
        number: The rule's place in its chain, from 1; 0 for the policy.
        handle: The kernel's number for the rule; None where it has none.
        owner: Who made the rule: ``ufw``, ``Docker``, …; ``hand-written`` where nobody is known.
        words: The rule in its owner's own words.
    """

    family: str
    table: str
    chain: str
    text: str
    number: int
    handle: int | None
    owner: str
    words: Message


@dataclass(frozen=True, slots=True)
class Redirection:
    """Where a packet is sent instead (DNAT).

    Attributes:
        address: The new address; empty where it is one of several.
        port: The new port; 0 where it is one of several.
        here: Whether that is this machine itself.
        decider: The rule that does it; None where it could not be named.
    """

    address: str
    port: int
    here: bool
    decider: Decider | None


@dataclass(frozen=True, slots=True)
class Passage:
    """Some sources whose packets share one fate.

    Attributes:
        sources: Networks, ascending; at most as many as a person reads. Empty where it is every
            source of the place.
        more: How many networks were left out.
        interface: Where the packets come in; empty where it is not known.
        destination: The address that they are sent to.
        certainty: Whether they arrive.
        because: Why, in a sentence.
        decider: The rule or policy that decided; None for the kernel itself.
        redirection: Where they are sent instead; None where they arrive at ``destination``.
        limits: Conditions that hold only sometimes, in the rules' words: ``limit rate 3/minute``.
        doubts: What could not be decided, in the rules' words.
        source_port: The only source port with which it goes so; None where any does.
    """

    sources: tuple[str, ...]
    more: int
    interface: str
    destination: str
    certainty: Certainty
    because: Message
    decider: Decider | None = None
    redirection: Redirection | None = None
    limits: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    source_port: int | None = None


@dataclass(frozen=True, slots=True)
class Reach:
    """Whether a door can be reached from one zone.

    Attributes:
        zone: From where.
        certainty: Whether it can.
        because: The address, the interface or the rule that decided.
        whole: Whether the same holds for every source of the zone.
        passages: The sources by their fate, where the firewall was asked.
        by: Who decided. Where it is ``MAYBE`` by the firewall, the door itself is there for the
            zone, and only a rule that could not be read or judged may be in the way.
    """

    zone: Zone
    certainty: Certainty
    because: Message
    whole: bool = True
    passages: tuple[Passage, ...] = ()
    by: Witness = Witness.KERNEL


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
    def farthest(self) -> Zone:
        """The farthest zone for which the door is there, unless a rule nobody could judge stops it.

        The same as ``widest`` where the firewall said yes or no to everything.
        """
        there = [
            reach.zone
            for reach in self.reaches
            if reach.certainty is Certainty.YES
            or (reach.certainty is Certainty.MAYBE and reach.by is Witness.FIREWALL)
        ]
        return max(there, key=lambda zone: zone.distance, default=Zone.THIS_MACHINE)

    @property
    def from_outside(self) -> bool:
        """Whether anybody but this machine and its containers can certainly reach it."""
        return self.widest.distance >= Zone.LAN.distance
