"""Batches of probes, on their way by system calls or by the kernel's own frames."""

import time
from typing import TYPE_CHECKING

import numpy as np

from tojimari.linux.outbox import Outbox
from tojimari.scan.bulk_doors import Doors
from tojimari.scan.bulk_frames import Stencil
from tojimari.scan.lanes import Lanes

if TYPE_CHECKING:
    from tojimari.scan.bulk_frames import F32, U16, U32
    from tojimari.scan.bulk_live import Live


class Crate:
    """Frames that a lane sends by one system call.

    When each of a batch was sent is reckoned: the first when the call began, each next so much
    later as the batch before took for each.

    Attributes:
        words: Shape (room, stride / 2), big-endian.
    """

    def __init__(self, outbox: Outbox, stencil: Stencil) -> None:
        """Lay the constant part.

        Args:
            outbox: What sends.
            stencil: The constant part.
        """
        self._outbox = outbox
        self.rows = np.frombuffer(outbox.packets, np.uint8).reshape(-1, outbox.stride)
        stencil.lay(self.rows)
        self.words = self.rows.view(">u2")
        self._positions: U32 = np.empty(0, np.uint32)
        self._sent_at: F32 = np.empty(0, np.float32)
        self._began = self._each = 0.0
        self._steps = np.arange(outbox.room, dtype=np.float32)

    def note(self, positions: "U32", sent_at: "F32", began: float) -> None:
        """Say where to write down when each was sent."""
        self._positions, self._sent_at, self._began = positions, sent_at, began

    def ship(self, count: int) -> int:
        """Send the first so many."""
        now = time.monotonic()
        self._sent_at[self._positions] = (now - self._began) + self._steps[:count] * self._each
        sent = self._outbox.send(count)
        self._each = (time.monotonic() - now) / count
        return sent


class Sender:
    """Fills what is sent, and hands it to whoever is free."""

    def __init__(
        self,
        stencil: Stencil,
        lanes: "Lanes[Crate]",
        live: "Live | None" = None,
        hardware: "dict[int, bytes] | None" = None,
    ) -> None:
        """Keep what is needed.

        Args:
            stencil: The constant part of a frame.
            lanes: What sends by system calls.
            live: What sends by the kernel's own frames; None for nothing.
            hardware: Link addresses by address; None where all frames go to the gateway.
        """
        self._stencil, self._lanes, self._live = stencil, lanes, live
        self._addresses = self._links = None
        if hardware is not None:
            ordered = sorted(hardware)
            self._addresses = np.array(ordered, np.uint32)
            links = b"".join(hardware[one] for one in ordered)
            self._links = np.frombuffer(links, np.uint8).reshape(-1, 6)

    def send(self, doors: Doors, sent_at: "F32", began: float, positions: "U32", slot: int) -> None:
        """Hand a batch to a lane.

        Args:
            doors: What is asked.
            sent_at: Where it is written down when each was sent, in seconds.
            began: When these seconds begin.
            positions: Which doors. Shape (n,).
            slot: From which of our ports.
        """
        live = self._live
        if live is not None:
            now = time.monotonic() - began
            if tried := live.tried(positions, doors.base, slot):
                sent_at[positions[:tried]] = now
                positions = positions[tried:]
                if not len(positions):
                    return
        if live is None or live.refused:
            self.send_mixed(doors, sent_at, began, positions, np.array([slot], np.uint16))
            return
        lane = live.take()
        lane.box.load(positions, doors.base, slot)
        lane.box.note(positions, sent_at, began)
        lane.go(len(positions))

    def send_mixed(
        self, doors: Doors, sent_at: "F32", began: float, positions: "U32", slots: "U16"
    ) -> None:
        """The same from several of our ports, by system calls; slots of shape (n,) or (1,)."""
        lane = self._lanes.take()
        crate, count = lane.box, len(positions)
        if self._addresses is not None and self._links is not None:
            which = np.searchsorted(self._addresses, doors.addresses(positions))
            crate.rows[:count, :6] = self._links[which]
        self._stencil.fill(crate.words[:count], doors.records[positions], slots)
        crate.note(positions, sent_at, began)
        lane.go(count)

    @property
    def mixes(self) -> bool:
        """Whether probes from several of our ports can be among one another."""
        return self._live is None or self._live.refused

    @property
    def refused(self) -> bool:
        """Whether the device does not take the kernel's own frames."""
        return self._live is not None and self._live.refused
