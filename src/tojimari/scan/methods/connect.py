"""Knocking as every program knocks: the kernel makes the connection. It needs no privilege."""

import sys
import time
from contextlib import closing

from tojimari.core.endpoint import Transport
from tojimari.core.message import Message, mark
from tojimari.scan.many_sockets import ManySockets, Timings
from tojimari.scan.one_socket import OneSocket
from tojimari.scan.permutation import Permutation
from tojimari.scan.street import Street
from tojimari.scan.task import Answer, Ended, Ending, Method, Reason, Task, Told
from tojimari.scan.telling import Telling

# Doors that are finished before the next are begun: as many as take about a second, because whoever
# is killed and goes on begins with the last block again; four where some are silent, because the
# waiting for them comes once a block. Fewer would be too few to tell loss from filtering.
FEWEST_DOORS, FIRST_DOORS, MOST_DOORS = 1 << 10, 1 << 12, 1 << 16
BLOCK_SECONDS, SILENT_SECONDS = 1.0, 4.0
GROWTH = 4  # times as many as before, at most
SURE = 2  # silent passes after which whoever never answered is called filtered
TRICKLE = 0.05  # share of a pass: fewer answers, and all of them refusals, come from a limited host
FEWEST = 16  # sockets at once, however much is lost
NEAR = frozenset({"loopback", "ethernet"})


def _obstacle(task: Task) -> Message | None:
    if sys.platform != "linux":  # pragma: no cover - the suite runs on Linux
        return Message("not-on-this-system", mark("this system lacks what it needs"))
    del task
    return None


def _run(task: Task, told: Told) -> Ending:
    with closing(_Knocking(task, told)) as one:
        return one.run()


class _Knocking:
    """One task."""

    def __init__(self, task: Task, told: Told) -> None:
        self._task = task
        self._street = Street(task.space, task.way)
        self._telling = Telling(task, told)
        self._timings = Timings(self._street.hosts)
        self._many = ManySockets(self._street, self._telling, task.limits.rate)
        self._passes: int | None = None  # where nobody was silent, there is no question
        self._limited = 0
        self._silent = False
        # Blocks that go without the one socket, which is quick only near by; each time it was not,
        # it is twice as many.
        self._near, self._skip = 0, 1
        self._left: list[int] = []

    def close(self) -> None:
        """Close what is open."""
        self._many.close()

    def run(self) -> Ending:
        """Knock at every door of the task."""
        order = (
            Permutation(self._task.space.size, self._task.seed) if self._task.space.size else None
        )
        why = Ended.SURE
        at = self._task.first
        doors = FIRST_DOORS
        if self._task.limits.rate is not None:
            doors = max(FEWEST_DOORS, min(doors, int(self._task.limits.rate * BLOCK_SECONDS)))
        while order is not None and at < self._task.end:
            end = min(self._task.end, at + doors)
            began = time.monotonic()
            ended = self._block(order.stretch(at, end))
            if ended in {Ended.STOPPED, Ended.TIME}:
                return self._telling.end(ended, 0, self._remarks())
            why = ended
            self._telling.position = at = end
            doors = _next(doors, time.monotonic() - began, silent=self._silent)
        return self._telling.end(why, self._passes or 0, self._remarks())

    def _block(self, places: list[int]) -> Ended:
        """Some doors, until it is sure what each is."""
        telling, retries = self._telling, self._task.limits.retries
        telling.sweep = 1
        self._near += 1
        asked: list[int] = places
        silent: list[int] = []
        if self._near > 0 and self._task.limits.rate is None and self._task.way.link in NEAR:
            alone = self._task.way.link == "loopback"
            one = OneSocket(self._street, telling, self._timings.of(0), alone=alone)
            silent, rest = one.knock(places)
            asked = list(rest)
            if one.ended is not None:
                return one.ended
            if one.gave_up:
                self._skip, self._near = self._skip * 2, -self._skip
        silent += self._many.knock(asked, 1, self._timings)
        self._silent = bool(silent)
        passes = 0 if telling.heard else 1
        while silent:
            if self._many.ended is not None:
                return self._many.ended
            if passes >= SURE or (retries is not None and telling.sweep > retries):
                break
            passes = self._again(silent, passes)
            silent = self._left
        if self._many.ended is not None:
            return self._many.ended
        telling.same(silent, Answer.FILTERED, Reason.NO_RESPONSE, telling.sweep)
        if silent:
            self._passes = passes if self._passes is None else min(self._passes, passes)
        return Ended.SURE if passes >= SURE or not silent else Ended.RETRIES

    def _again(self, silent: list[int], passes: int) -> int:
        """Ask the silent once more; how many passes have been silent now."""
        telling = self._telling
        telling.sweep += 1
        told, opened = telling.heard, telling.opened
        self._left = self._many.knock(silent, telling.sweep, self._timings)
        answered = telling.heard - told
        if not answered:
            return passes + 1
        if answered > TRICKLE * len(silent):
            self._many.room = max(FEWEST, self._many.room // 2)
        if telling.opened == opened and answered < TRICKLE * len(silent):
            self._limited += answered
            return passes + 1
        return 0

    def _remarks(self) -> list[Message]:
        if not self._limited:
            return []
        return [
            Message(
                "refusals-limited",
                mark(
                    "The target answers only so many refusals a second: what did not answer may be"
                    " closed rather than filtered."
                ),
            )
        ]


def _next(doors: int, seconds: float, *, silent: bool) -> int:
    """How many doors the next block has.

    Args:
        doors: So many had the last.
        seconds: So long it took.
        silent: Whether some of them were silent.
    """
    wanted = SILENT_SECONDS if silent else BLOCK_SECONDS
    most = min(MOST_DOORS, GROWTH * doors)
    return max(FEWEST_DOORS, min(most, int(doors * wanted / max(seconds, 1e-3))))


METHOD = Method(
    name="connect",
    transports=frozenset({Transport.TCP}),
    words=mark("whole connections, made by the kernel; needs no privilege"),
    rank=50,
    obstacle=_obstacle,
    run=_run,
)
