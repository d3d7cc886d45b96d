"""The doors again and again, whenever one opens or shuts."""

import time
from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from tojimari.app import look
from tojimari.core.look import Look
from tojimari.registry.query import Query

POLL = 1.0  # seconds between two looks where no system tells of changes


class Waiting(Protocol):
    """Something that waits for a door to open or shut."""

    def wait(self, timeout: float | None = None) -> object:
        """Wait until one may have, or for so many seconds."""
        ...


def follow(
    queries: Sequence[Query] = (),
    *,
    clients: bool = False,
    namespace: str | None = None,
    refresh: float | None = None,
) -> Generator[Look, None, None]:
    """One look now, and another whenever a door may have opened or shut, for ever.

    Args:
        queries: As for ``look``.
        clients: As for ``look``.
        namespace: As for ``look``.
        refresh: Seconds after which to look again even if nothing has happened; None for never.

    Raises:
        UsageError: There is no such namespace.
        HostError: The kernel's sockets cannot be read.
    """
    # Watching begins before the first look, so that nothing is missed in between.
    with _watch() as waiting:
        while True:
            yield look.look(queries, clients=clients, namespace=namespace)
            waiting.wait(refresh)


def _watch() -> AbstractContextManager[Waiting]:
    if look.on_linux():
        from tojimari.sockets import events  # noqa: PLC0415 - not needed for a single look

        return events.watch()
    return nullcontext(_Patience())


class _Patience:
    """Waits a while where no system tells of changes."""

    def wait(self, timeout: float | None = None) -> object:
        """Wait for ``POLL``, or less."""
        time.sleep(POLL if timeout is None else min(POLL, timeout))
        return None
