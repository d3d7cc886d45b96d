"""Which rules of a long chain can concern a packet, without asking each.

Every rule is one bit. For every protocol, interface and run of ports that the chain's rules tell
apart there is one number whose bits are the rules that allow it; the rules that can match are the
bits that all numbers share. (Lakshman and Stiliadis, "High-speed policy-based packet forwarding
using efficient multi-dimensional range matching", SIGCOMM 1998.)
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from tojimari.firewall.conditions import named_like
from tojimari.firewall.intervals import contains

Rule = TypeVar("Rule")

PORTS = 1 << 16  # RFC 9293, section 3.1


@dataclass(frozen=True, slots=True)
class Constraint:
    """What a rule needs before anything else; None where it does not care.

    Attributes:
        family: 4 or 6.
        protocols: IANA numbers.
        ports: Destination ports.
        interfaces: Patterns of the interface that it came in by, and whether they are negated.
    """

    family: int | None = None
    protocols: tuple[int, ...] | None = None
    ports: tuple[int, ...] | None = None
    interfaces: tuple[tuple[tuple[str, ...], bool], ...] = ()


class Classifier:
    """The rules of one chain, by what they need."""

    def __init__(self, constraints: Sequence[Constraint]) -> None:
        """Turn constraints into masks; bit ``n`` is constraint ``n``."""
        flips: dict[int, int] = {0: 0}
        self._always = 0  # rules that do not care about the port
        self._families: dict[int | None, int] = {}
        self._protocols: dict[tuple[int, ...] | None, int] = {}
        self._interfaces: dict[tuple[tuple[tuple[str, ...], bool], ...], int] = {}
        for number, one in enumerate(constraints):
            bit = 1 << number
            if one.ports is None:
                self._always |= bit
            else:
                for boundary in one.ports:
                    flips[boundary] = flips.get(boundary, 0) ^ bit
            self._families[one.family] = self._families.get(one.family, 0) | bit
            self._protocols[one.protocols] = self._protocols.get(one.protocols, 0) | bit
            self._interfaces[one.interfaces] = self._interfaces.get(one.interfaces, 0) | bit
        self._boundaries = sorted(flips)
        self._masks: list[int] = []
        mask = self._always
        for boundary in self._boundaries:
            mask ^= flips[boundary]
            self._masks.append(mask)
        self._seen: dict[tuple[int, int, str], int] = {}

    def boundaries(self) -> list[int]:
        """The ports at which another set of rules begins, ascending."""
        return self._boundaries

    def candidates(
        self, rules: Sequence[Rule], family: int, protocol: int, port: int, interface: str
    ) -> Iterator[Rule]:
        """Those of the rules that can match, in their order.

        Args:
            rules: One for each constraint.
            family: 4 or 6.
            protocol: IANA number.
            port: Destination port.
            interface: Where the packet came in.
        """
        key = family, protocol, interface
        rest = self._seen.get(key)
        if rest is None:
            rest = self._rest(family, protocol, interface)
            self._seen[key] = rest
        mask = rest & self._masks[bisect_right(self._boundaries, port) - 1]
        text = bin(mask)[:1:-1]
        at = text.find("1")
        while at >= 0:
            yield rules[at]
            at = text.find("1", at + 1)

    def _rest(self, family: int, protocol: int, interface: str) -> int:
        families = self._families.get(None, 0) | self._families.get(family, 0)
        protocols = 0
        for allowed, bits in self._protocols.items():
            if allowed is None or contains(list(allowed), protocol):
                protocols |= bits
        interfaces = 0
        for needed, bits in self._interfaces.items():
            if all(
                any(named_like(interface, pattern) for pattern in patterns) is not negated
                for patterns, negated in needed
            ):
                interfaces |= bits
        return families & protocols & interfaces
