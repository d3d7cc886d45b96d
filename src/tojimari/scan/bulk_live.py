"""Probes that the kernel makes by itself, of records that it and we both see.

It can give them to the device as they are, or as copies of a packet. The first is the quickest and
few devices take it; what a device takes is found out with the first probes.
"""

import contextlib
import errno
import os
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING

import numpy as np

from tojimari.linux.bpf_maps import Area
from tojimari.linux.copied_frames import AT_ONCE, CopiedFrames
from tojimari.linux.live_frames import LiveFrames, left
from tojimari.linux.outbox import FULL, PATIENCE, PAUSE
from tojimari.scan.bulk_frames import LAYOUT, RECORD, Stencil
from tojimari.scan.lanes import Lane, Lanes
from tojimari.scan.live_program import (
    HEAD,
    LANE,
    QUEUE,
    REFUSED,
    TEMPLATE,
    for_copies,
    for_device,
    size,
)
from tojimari.scan.task import Way

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tojimari.scan.bulk_frames import F32, U8, U16, U32

_LANES = 2  # one makes frames while the other is filled; copies are made by both at once
_TRIAL = 64  # probes: so many frames are given to a device together
_COUNTED = 0.3  # seconds until a device has counted what left
_GLANCE = 0.001


class Live:
    """See the module.

    Attributes:
        records: Shape (room, ``RECORD``), big-endian: what probes are made of.
        refused: Whether they cannot be sent so at all.
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
        self._way, self._room, self._stencil = way, room, stencil
        self._area = Area(size(_LANES, room))
        self._memory = np.frombuffer(self._area.memory, np.uint8)
        self.records: U16 = (
            self._memory[LANE * _LANES :][: 2 * RECORD * room].view(">u2").reshape(-1, RECORD)
        )
        self._stack = ExitStack()
        self._lanes: Lanes[LiveBox] | None = None
        self._others = [self._copies]
        self._proven = self.refused = False
        self._counts = True
        try:
            self._open(self._frames)
        except OSError:
            self._next()
            if self.refused:
                self.close()
                raise

    def close(self) -> None:
        """Unload them."""
        self._stack.close()
        self._area.close()

    def take(self) -> "Lane[LiveBox]":
        """A lane that is free, as soon as there is one.

        Raises:
            OSError: What it was given before could not be sent.
        """
        assert self._lanes is not None  # noqa: S101 - until ``refused``
        return self._lanes.take()

    def tried(self, positions: "U32", base: int, slot: int) -> int:
        """Send the first few probes of all, and see that they leave the device.

        Args:
            positions: Of records, from the base on.
            base: Which record is the first.
            slot: From which of our ports they go.

        Returns:
            How many of the probes were sent: some the first time, after that none.
        """
        few = positions[:_TRIAL]
        while not (self._proven or self.refused):
            self._proven = self._leave(few, base, slot)
            if self._proven:
                return len(few)
            self._next()
        return 0

    def _next(self) -> None:
        """Send in the next way that there is; there may be none."""
        self._stack.close()
        while self._others:
            with contextlib.suppress(OSError):
                self._open(self._others.pop(0))
                return
        self.refused = True

    def _open(self, way: "Callable[[ExitStack], None]") -> None:
        with ExitStack() as stack:
            way(stack)
            self._stack = stack.pop_all()

    def _frames(self, stack: ExitStack) -> None:
        """Frames are given to the device as they are."""
        turn = threading.Lock()  # two at once overrun the device's ring
        boxes: list[LiveBox] = []
        for lane in range(_LANES):
            code = for_device(self._area.descriptor, lane, _LANES, self._room)
            frames = LiveFrames(code, self._way.index, LAYOUT.length)
            stack.callback(frames.close)
            boxes.append(LiveBox(_Whole(frames, turn), self._part(lane), self._stencil))
        self._start(boxes, stack, spread=False)

    def _copies(self, stack: ExitStack) -> None:
        """Copies of a packet go the way of every packet."""
        boxes: list[LiveBox] = []
        for lane in range(_LANES):
            code = for_copies(self._area.descriptor, lane, _LANES, self._room, self._way.index)
            frames = CopiedFrames(code, self._stencil.frame(0))
            stack.callback(frames.close)
            part = self._part(lane)
            boxes.append(LiveBox(_Copies(frames, part), part, self._stencil))
        self._start(boxes, stack, spread=True)
        self._counts = False  # who had no room for them has said so

    def _part(self, lane: int) -> "U8":
        return self._memory[LANE * lane : LANE * (lane + 1)]

    def _start(self, boxes: "list[LiveBox]", stack: ExitStack, *, spread: bool) -> None:
        lanes = Lanes(boxes, LiveBox.ship, spread=spread)
        stack.callback(lanes.close)
        self._lanes, self._boxes = lanes, boxes

    def _leave(self, positions: "U32", base: int, slot: int) -> bool:
        box = self._boxes[0]
        try:
            before = left(self._way.interface) if self._counts else 0
            box.load(positions, base, slot)
            if box.frames.run(len(positions)) < len(positions):
                return False
            until = time.monotonic() + _COUNTED
            while self._counts and left(self._way.interface) - before < (len(positions) + 1) // 2:
                if time.monotonic() > until:
                    return False
                time.sleep(_GLANCE)
        except OSError:
            return False
        return True


class _Whole:
    """All frames of a turn at once."""

    def __init__(self, frames: LiveFrames, turn: threading.Lock) -> None:
        self._frames, self.turn = frames, turn

    def run(self, count: int) -> int:
        self._frames.run(count)
        return count


class _Copies:
    """The frames of a turn in several runs; where the device is full, again after a while."""

    def __init__(self, frames: CopiedFrames, memory: "U8") -> None:
        self._frames = frames
        self.turn = contextlib.nullcontext()
        self._head: NDArray[np.int64] = memory[:16].view(np.int64)

    def run(self, count: int) -> int:
        head, refused = self._head, REFUSED // 8
        waited = 0.0
        while (left := count - int(head[0])) > 0:
            self._frames.run(min(left, AT_ONCE))
            said = int(head[refused])
            if not said:
                continue
            head[refused] = 0
            # A positive number is a queue's word that it is full (NET_XMIT_DROP and the like).
            if said < 0 and -said not in {*FULL, errno.ENOMEM}:
                raise OSError(-said, os.strerror(-said))
            if waited > PATIENCE:
                break
            time.sleep(PAUSE)
            waited += PAUSE
        return int(head[0])


class LiveBox:
    """What a lane sends from."""

    def __init__(self, frames: _Whole | _Copies, memory: "U8", stencil: Stencil) -> None:
        """Lay it out.

        Args:
            frames: The program.
            memory: Its part of the area.
            stencil: The constant part of a frame.
        """
        self.frames = frames
        self._stencil = stencil
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
        with self.frames.turn:
            now = time.monotonic()
            self._sent_at[self._positions] = (now - self._began) + self._steps[:count] * self._each
            sent = self.frames.run(count)
            self._each = (time.monotonic() - now) / count
        return sent
