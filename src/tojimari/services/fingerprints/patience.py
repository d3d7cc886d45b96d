"""How long one match may take: a hostile greeting meets a careless pattern, and nothing hangs.

Python's matcher looks for signals as it goes, so a timer of the processor time that is spent ends
it. Only the main thread is told of signals, so only there anything is matched.
"""

import contextlib
import re
import signal
import threading
from collections.abc import Generator
from types import FrameType

from tojimari.core.errors import HostError

PATTERN = 0.05  # seconds of processor time; an ordinary pattern takes some microseconds
LONGEST = 1024  # characters that are looked at


class _TooLongError(Exception):
    """The time of one match is over."""


class Patience:
    """Matches, and ends what takes too long.

    Attributes:
        seconds: Of processor time, for one match.
    """

    def __init__(self, seconds: float = PATTERN) -> None:
        """Args: seconds: of processor time, for one match."""
        self.seconds = seconds
        self._running = False

    @contextlib.contextmanager
    def timer(self) -> Generator[None]:
        """Within it ``search`` may be called.

        Raises:
            HostError: There is no such timer here, or this is no main thread.
        """
        if not hasattr(signal, "setitimer") or (
            threading.current_thread() is not threading.main_thread()
        ):
            raise HostError("Fingerprints need a timer, and only a process's main thread has one.")
        before = signal.signal(signal.SIGVTALRM, self._over)
        try:
            yield
        finally:
            self._running = False
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            signal.signal(signal.SIGVTALRM, before)

    def search(self, pattern: re.Pattern[str], text: str) -> tuple[re.Match[str] | None, bool]:
        """The first match, and whether the time was enough to look for it."""
        try:
            try:
                self._running = True
                signal.setitimer(signal.ITIMER_VIRTUAL, self.seconds, self.seconds)
                return pattern.search(text[:LONGEST]), True
            finally:
                self._running = False
                signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        except _TooLongError:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            return None, False

    def _over(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        if self._running:
            self._running = False
            raise _TooLongError
