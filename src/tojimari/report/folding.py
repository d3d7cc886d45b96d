"""Doors that differ in nothing but their address, told as one."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from tojimari.core.door import Door
from tojimari.core.message import mark
from tojimari.core.sighting import Sighting
from tojimari.core.text import printable
from tojimari.report.language import Language

SHOWN_ADDRESSES = 3  # more of them fill the row, and say less than their count


class Fold(NamedTuple):
    """Doors with one number, one namespace and the same holders, by address.

    Attributes:
        doors: At least one.
    """

    doors: list[Door]

    @property
    def door(self) -> Door:
        """Any of them, for what all have in common."""
        return self.doors[0]

    @property
    def sockets(self) -> int:
        """How many sockets share the busiest of the doors (SO_REUSEPORT)."""
        return max(len(one.listener.inodes) if one.listener else 0 for one in self.doors)

    @property
    def queued(self) -> int:
        """Visitors that wait for a TCP door, bytes unread at a UDP door."""
        return sum(one.listener.queued if one.listener else 0 for one in self.doors)

    @property
    def sightings(self) -> tuple[Sighting, ...]:
        """How they looked from outside, each address once by each interface."""
        found = {(one.interface, one.address): one for door in self.doors for one in door.sightings}
        return tuple(found.values())

    def addresses(self, language: Language) -> list[str]:
        """Where it stands, in words: every address of a family is "any"."""
        any_ipv4 = any(one.endpoint.address == "0.0.0.0" for one in self.doors)  # noqa: S104 - compared, never bound
        any_ipv6 = any(one.endpoint.address == "::" for one in self.doors)
        dual = any(_is_dual_stack(one) for one in self.doors)
        found: list[str] = []
        if dual or (any_ipv4 and any_ipv6):
            found.append(language.text(mark("any")))
        elif any_ipv4:
            found.append(language.text(mark("any IPv4")))
        elif any_ipv6:
            found.append(language.text(mark("any IPv6")))
        named = (one.endpoint.address for one in self.doors if not one.endpoint.is_wildcard)
        return [*found, *(printable(address) for address in dict.fromkeys(named))]

    def address(self, language: Language) -> str:
        """The same, short."""
        found = self.addresses(language)
        more = len(found) - SHOWN_ADDRESSES
        return " ".join([*found[:SHOWN_ADDRESSES], f"+{more}"] if more > 0 else found)


def _is_dual_stack(door: Door) -> bool:
    """Whether an IPv6 door takes IPv4 visitors, too."""
    heard = door.listener
    return door.endpoint.address == "::" and heard is not None and heard.v6only is False


def folded(doors: Iterable[Door], also: Callable[[Door], object] | None = None) -> list[Fold]:
    """The doors as rows, in their order.

    Args:
        doors: In any order.
        also: What else must be alike for doors to be one row; None for nothing.
    """
    rows: dict[tuple[object, ...], Fold] = {}
    for door in doors:
        heard = door.listener
        key = (
            door.endpoint.port,
            door.endpoint.transport,
            door.namespace.inode,
            tuple((one.pid, one.unit, one.evidence) for one in door.owners),
            heard and (heard.role, heard.interface, heard.multicast),
            also(door) if also is not None else None,
        )
        rows.setdefault(key, Fold([])).doors.append(door)
    return list(rows.values())
