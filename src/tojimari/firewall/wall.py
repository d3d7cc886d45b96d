"""A firewall where it stands: whom to ask, and from where somebody may come."""

from collections.abc import Iterator
from dataclasses import dataclass

from tojimari.core.endpoint import Endpoint, Transport
from tojimari.core.exposure import Zone
from tojimari.firewall import intervals
from tojimari.firewall.machine import LOOPBACK
from tojimari.firewall.proof import Approach
from tojimari.firewall.reasoner import Question, Reasoner
from tojimari.firewall.ruleset import TCP, UDP
from tojimari.firewall.sources import Standpoint

NUMBERS = {Transport.TCP: TCP, Transport.UDP: UDP}


@dataclass(frozen=True, slots=True)
class Wall:
    """The firewall of one network namespace.

    Attributes:
        netns: Inode of the namespace.
        reasoner: Whom to ask.
        places: From where somebody may come who is not this machine.
        approaches: Every way in that rules tell apart.
    """

    netns: int
    reasoner: Reasoner
    places: tuple[Standpoint, ...]
    approaches: tuple[Approach, ...]

    def packets(self, endpoint: Endpoint, zone: Zone, family: int) -> Iterator[Question]:
        """One packet to a door for each place of a zone and each address that it stands at.

        Args:
            endpoint: The door.
            zone: From where.
            family: 4 or 6.
        """
        protocol = NUMBERS.get(endpoint.transport)
        if protocol is None:
            return
        for place in self.places:
            if place.zone is not zone or place.family != family:
                continue
            for address in self._addresses(endpoint, family):
                yield Question(
                    family, protocol, endpoint.port, address, place.interface, place.sources
                )

    def _addresses(self, endpoint: Endpoint, family: int) -> list[int]:
        if not endpoint.is_wildcard:
            plain = endpoint.address.partition("%")[0]
            is_other = (":" in plain) != (family == intervals.IPV6)
            return [] if is_other else [intervals.parse_address(plain, family)]
        program, machine = self.reasoner.program, self.reasoner.machine
        picked: dict[int, int] = {}
        for own in machine.addresses:
            if own.family == family and own.interface != LOOPBACK:
                picked.setdefault(program.address_class(family, own.number), own.number)
        return list(picked.values())
