"""The garbage collector, paused while many small things are made that all stay.

Ten thousand rules are a million objects without a cycle among them; looking for cycles again and
again took four fifths of the time.
"""

import gc
from types import TracebackType


class CollectorPaused:
    """No search for cycles inside the ``with`` block."""

    def __init__(self) -> None:
        self._was_on = False

    def __enter__(self) -> None:
        self._was_on = gc.isenabled()
        gc.disable()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._was_on:
            gc.enable()
