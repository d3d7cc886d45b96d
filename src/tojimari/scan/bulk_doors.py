"""A stretch of the order of very many doors, each a record that frames are made of."""

import os
from typing import TYPE_CHECKING

import numpy as np

from tojimari.scan.bulk_frames import RECORD, Stencil, veil
from tojimari.scan.permutation import Permutation
from tojimari.scan.task import Space

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    from tojimari.scan.bulk_frames import U16, U32, U64

    Right: TypeAlias = NDArray[np.bool_]

PIECE = 1 << 14  # doors at once: what is reckoned with fits a processor's cache (measured)


class Doors:
    """See the module.

    Attributes:
        records: Shape (room, ``RECORD``), big-endian.
        base: Which record of all that there is room for is the first of these.
        states: Shape (room,): for whoever asks, what is known of each.
        sent_at: Shape (room,): the same, when each was asked last.
        queue: Shape (room,): the same, which are to be asked.
        first: Where in the order the stretch begins.
        count: How many doors the stretch has.
    """

    def __init__(
        self, space: Space, order: Permutation, stencil: Stencil, records: "U16", base: int = 0
    ) -> None:
        """Make room.

        Args:
            space: What the order is an order of.
            order: It.
            stencil: What the records are for.
            records: As in the attributes.
            base: As in the attributes.
        """
        self._order, self._width, self._stencil = order, len(space.ports), stencil
        self._begins = np.array([one for one, _ in space.addresses], np.uint64)
        sizes = np.array([last - one + 1 for one, last in space.addresses], np.uint64)
        self._ends = np.cumsum(sizes)
        self._shifts = self._begins - (self._ends - sizes)  # modulo 2^64
        self._ports = np.array(space.ports, np.uint16)
        self._key = (int.from_bytes(os.urandom(8), "big"), int.from_bytes(os.urandom(8), "big"))
        self.records, self.base = records, base
        self._targets = records.view(">u4")[:, 0]
        # Made once: what is made anew for each stretch is not given back to the system at once.
        self.states = np.zeros(len(records), np.uint8)
        self.sent_at = np.zeros(len(records), np.float32)
        self.queue = np.zeros(len(records), np.uint32)
        self.first = self.count = 0

    def found(self, first: int, count: int) -> "Doors":
        """``find``, and these doors."""
        self.find(first, count)
        return self

    def find(self, first: int, count: int) -> None:
        """Find the doors of a stretch, in the place of those that were here.

        Args:
            first: Where in the order it begins.
            count: How many doors; not more than there are records.
        """
        self.first, self.count = first, count
        for at in range(0, count, PIECE):
            end = min(at + PIECE, count)
            positions = np.arange(at, end, dtype=np.uint32)
            addresses, ports = self._doors(self.places(positions))
            numbers = veil(addresses, ports, self._key)
            numbers ^= positions
            self._stencil.record(self.records[at:end], addresses, ports, numbers)

    def _doors(self, places: "U64") -> "tuple[U32, U16]":
        if self._width == 1:
            ranks, ports = places, np.full(len(places), self._ports[0])
        else:
            ranks = places // np.uint64(self._width)
            ports = self._ports[(places - ranks * np.uint64(self._width)).astype(np.intp)]
        if len(self._ends) == 1:
            return (ranks + self._shifts[0]).astype(np.uint32), ports
        which = np.searchsorted(self._ends, ranks, side="right")
        return (ranks + self._shifts[which]).astype(np.uint32), ports

    def places(self, positions: "U32") -> "U64":
        """The places in the space of some doors of the stretch."""
        return self._order.column(positions.astype(np.uint64) + np.uint64(self.first))

    def addresses(self, positions: "U32") -> "U32":
        """The addresses of some doors of the stretch."""
        return self._targets[positions].astype(np.uint32)

    def asked(self, hosts: "U32", ports: "U16", numbers: "U32") -> "tuple[U32, Right]":
        """Which doors answers are for.

        Args:
            hosts: Who answered. Shape (n,).
            ports: From which port. Shape (n,).
            numbers: The sequence numbers of the probes, as the answers have them. Shape (n,).

        Returns:
            Positions in the stretch; and whether the answer is to a probe of ours: elsewhere the
            position means nothing. Shape (n,) each.
        """
        positions = numbers ^ veil(hosts, ports, self._key)
        inside = np.minimum(positions, np.uint32(max(self.count, 1) - 1))
        right = positions == inside
        right &= self._targets[inside] == hosts
        right &= self.records[inside, 4] == ports
        return inside, right


def room(size: int, most: int) -> int:
    """How many records to make room for: a power of two that holds so many, or the most."""
    return min(1 << (size - 1).bit_length(), most)


def blank(count: int) -> "U16":
    """Records that say nothing yet."""
    return np.zeros((count, RECORD), ">u2")
