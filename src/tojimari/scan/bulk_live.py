"""Probes that the kernel makes by itself, of records that it and we both see."""

import threading
import time
from typing import TYPE_CHECKING

import numpy as np

from tojimari.linux.bpf_maps import Area
from tojimari.linux.live_frames import LiveFrames, left
from tojimari.scan.bulk_frames import LAYOUT, RECORD, Stencil
from tojimari.scan.live_program import HEAD, LANE, QUEUE, TEMPLATE, program, size
from tojimari.scan.task import Way

if TYPE_CHECKING:
    from tojimari.scan.bulk_frames import F32, U8, U16, U32

_LANES = 2  # one makes frames while the other is filled
_TRIAL = 64  # probes: so many frames are given to a device together
_PATIENCE = 0.3  # seconds until a device has counted what left
_GLANCE = 0.001


class Live:
    """See the module.

    Attributes:
        records: Shape (room, ``RECORD``), big-endian: what probes are made of.
        boxes: What lanes send from.
        refused: Whether the device does not take such frames.
    """

    def __init__(self, way: Way, room: int, stencil: Stencil) -> None:
        """Load the programs.

        Args:
            way: How packets get there.
            room: How many records, a power of two.
            stencil: The constant part of a frame.

        Raises:
            OSError: Not permitted, or the kernel is too old.
        """
        self._interface = way.interface
        self._area = Area(size(_LANES, room))
        memory = np.frombuffer(self._area.memory, np.uint8)
        self.records: U16 = (
            memory[LANE * _LANES :][: 2 * RECORD * room].view(">u2").reshape(-1, RECORD)
        )
        self.boxes: list[LiveBox] = []
        turn = threading.Lock()  # two at once overrun the device's ring
        try:
            for lane in range(_LANES):
                code = program(self._area.descriptor, lane, _LANES, room)
                frames = LiveFrames(code, way.index, LAYOUT.length)
                part = memory[LANE * lane : LANE * (lane + 1)]
                self.boxes.append(LiveBox(frames, part, turn, stencil))
        except OSError:
            self.close()
            raise
        self._proven = False
        self.refused = False

    def close(self) -> None:
        """Unload them."""
        for box in self.boxes:
            box.frames.close()
        self._area.close()

    def tried(self, positions: "U32", base: int, slot: int) -> int:
        """Send the first few probes of all by these frames, and count how many left the device.

        Args:
            positions: Of records, from the base on.
            base: Which record is the first.
            slot: From which of our ports they go.

        Returns:
            How many of the probes were sent: some the first time, after that none.
        """
        if self._proven or self.refused:
            return 0
        few = positions[:_TRIAL]
        self._proven = self._leave(self.boxes[0], few, base, slot)
        self.refused = not self._proven
        return len(few) if self._proven else 0

    def _leave(self, box: "LiveBox", positions: "U32", base: int, slot: int) -> bool:
        try:
            before = left(self._interface)
            box.load(positions, base, slot)
            box.frames.run(len(positions))
            until = time.monotonic() + _PATIENCE
            while left(self._interface) - before < (len(positions) + 1) // 2:
                if time.monotonic() > until:
                    return False
                time.sleep(_GLANCE)
        except OSError:
            return False
        return True


class LiveBox:
    """What a lane sends from."""

    def __init__(
        self, frames: LiveFrames, memory: "U8", turn: threading.Lock, stencil: Stencil
    ) -> None:
        """Lay it out.

        Args:
            frames: The program.
            memory: Its part of the area.
            turn: Whose turn it is.
            stencil: The constant part of a frame.
        """
        self.frames = frames
        self._turn, self._stencil = turn, stencil
        self._made = memory[:8].view(np.uint64)
        self._template = memory[TEMPLATE : TEMPLATE + LAYOUT.length]
        self._queue = memory[HEAD:].view(np.uint32)
        self._slot = -1
        self._positions: U32 = np.empty(0, np.uint32)
        self._sent_at: F32 = np.empty(0, np.float32)
        self._began = self._each = 0.0
        self._steps = np.arange(QUEUE, dtype=np.float32)

    def load(self, positions: "U32", base: int, slot: int) -> None:
        """Say which records are sent next, and from which of our ports."""
        count = len(positions)
        np.add(positions, np.uint32(base), out=self._queue[:count])
        self._made[0] = 0
        if slot != self._slot:
            self._template[:] = np.frombuffer(self._stencil.frame(slot), np.uint8)
            self._slot = slot

    def note(self, positions: "U32", sent_at: "F32", began: float) -> None:
        """Say where to write down when each was sent."""
        self._positions, self._sent_at, self._began = positions, sent_at, began

    def ship(self, count: int) -> int:
        """Send what was loaded."""
        with self._turn:
            now = time.monotonic()
            self._sent_at[self._positions] = (now - self._began) + self._steps[:count] * self._each
            self.frames.run(count)
            self._each = (time.monotonic() - now) / count
        return count
