"""The garbage collector, paused while many small things are made that all stay.

Ten thousand rules are a million objects without a cycle among them; looking for cycles again and
again took four fifths of the time.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Iterator[None]:
    """No search for cycles inside the block."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
