"""A scan under way: the tasks of a plan, in threads of their own."""

import contextlib
import queue
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from tojimari.scan.plan import Part, Plan
from tojimari.scan.task import Answers, Ended, Ending, Progress

if TYPE_CHECKING:
    from tojimari.linux.outside import Outside

WAITING = 4096  # words that wait to be taken; then the scan waits for whoever takes them
BESIDE = 4  # parts that are done at the same time; each may hold some MiB
PATIENCE = 0.2  # seconds between two looks at whether to stop, where nothing is heard


@dataclass(frozen=True, slots=True)
class Found:
    """Some doors are known.

    Attributes:
        part: Which part of the plan, from 0.
        answers: What became of them.
    """

    part: int
    answers: Answers


@dataclass(frozen=True, slots=True)
class Going:
    """So far it is; every door before ``progress.position`` has been told.

    Attributes:
        part: Which part of the plan, from 0.
        progress: How far that part is.
    """

    part: int
    progress: Progress


@dataclass(frozen=True, slots=True)
class Done:
    """A part is over.

    Attributes:
        part: Which part of the plan, from 0.
        ending: Why, and how sure it is.
    """

    part: int
    ending: Ending


Event = Found | Going | Done


class Run:
    """Does a plan, and gives what is told as it comes.

    Its parts are done one after the other. From places outside, those of different interfaces,
    versions and transports may be done at the same time: most of a scan is waiting.

    Leaving its ``with`` stops whatever is still under way and waits for its end, so that no socket
    is left behind.
    """

    def __init__(
        self,
        plan: Plan,
        positions: Sequence[int] | None = None,
        places: "Sequence[Outside]" = (),
    ) -> None:
        """Prepare.

        Args:
            plan: What is to be done.
            positions: Where in its order each part goes on; None for the beginning.
            places: Outside this machine, from which each part is done; empty for its inside.
        """
        self._parts = plan.parts
        self._places = tuple(places)
        first = [one.task.first for one in plan.parts]
        self._positions = first if positions is None else list(positions)
        self._words: queue.Queue[Event | BaseException | None] = queue.Queue(WAITING)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="scan", daemon=True)
        self._beside = plan.beside and bool(places)

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        """Stop."""
        self.stop()
        while self._thread.is_alive():
            with contextlib.suppress(queue.Empty):
                self._words.get(timeout=PATIENCE)
        self._thread.join()

    def stop(self) -> None:
        """End soon, with what is known; the parts still tell how they ended."""
        self._stop.set()

    def __iter__(self) -> Iterator[Event]:
        """What is told, in order, until all parts are over.

        Raises:
            OSError: A way of knocking failed.
        """
        while True:
            word = self._words.get()
            if word is None:
                return
            if isinstance(word, BaseException):
                raise word
            yield word

    def _work(self) -> None:
        try:
            began = time.monotonic()
            if self._beside:
                self._lanes(began)
            else:
                self._lane(range(len(self._parts)), began)
        except BaseException as error:  # noqa: BLE001 - it is raised where the words are taken
            self._words.put(error)
        else:
            self._words.put(None)

    def _lanes(self, began: float) -> None:
        """What can be done at the same time.

        Raises:
            OSError: A way of knocking failed; then the others have been stopped.
        """
        apart: dict[object, list[int]] = {}
        for number, part in enumerate(self._parts):
            task = part.task
            key = (self._places[number].interface, task.space.family, task.transport)
            apart.setdefault(key, []).append(number)
        left: queue.SimpleQueue[list[int]] = queue.SimpleQueue()
        for lane in apart.values():
            left.put(lane)
        failed: list[BaseException] = []

        def work() -> None:
            try:
                while True:
                    self._lane(left.get_nowait(), began)
            except queue.Empty:
                return
            except BaseException as error:  # noqa: BLE001 - it is raised where the words are taken
                failed.append(error)
                self._stop.set()

        workers = [
            threading.Thread(target=work, name=f"scan-{number}", daemon=True)
            for number in range(min(BESIDE, len(apart)))
        ]
        for one in workers:
            one.start()
        for one in workers:
            one.join()
        if failed:
            raise failed[0]

    def _lane(self, numbers: Iterable[int], began: float) -> None:
        for number in numbers:
            if self._stop.is_set():
                return
            self._part(number, self._parts[number], began)

    def _part(self, number: int, part: Part, began: float) -> None:
        limits = part.task.limits
        if limits.seconds is not None:
            left = max(0.0, limits.seconds - (time.monotonic() - began))
            limits = replace(limits, seconds=left)
        task = replace(part.task, first=self._positions[number], limits=limits)
        told = _Told(number, self._words, self._stop)
        if task.first >= task.end:
            nothing = Progress(0, 0, 0, 1, None, 0.0, task.end)
            self._words.put(Done(number, Ending(Ended.SURE, nothing, 0)))
            return
        if self._places:
            self._places[number].enter()
        self._words.put(Done(number, part.method.run(task, told)))


class _Told:
    """Hands on what a way of knocking tells."""

    def __init__(
        self, part: int, words: "queue.Queue[Event | BaseException | None]", stop: threading.Event
    ) -> None:
        self._part = part
        self._words = words
        self._stop = stop

    def answers(self, answers: Answers) -> None:
        self._words.put(Found(self._part, answers))

    def progress(self, progress: Progress) -> None:
        self._words.put(Going(self._part, progress))

    def stopped(self) -> bool:
        return self._stop.is_set()
