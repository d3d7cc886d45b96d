"""What was heard on one connection, and the answers to ``Read``. Shared by every driver."""

from tojimari.services import limits
from tojimari.services.dialogue import Read


class Inbox:
    """The bytes of one connection, up to a cap.

    Attributes:
        over: Whether nothing more will come: the peer ended, or the cap is reached.
    """

    __slots__ = ("_at", "_bytes", "over")

    def __init__(self) -> None:
        """Nothing heard yet."""
        self._bytes = bytearray()
        self._at = 0
        self.over = False

    @property
    def heard(self) -> bytes:
        """Everything since the beginning."""
        return bytes(self._bytes)

    @property
    def empty(self) -> bool:
        """Whether nothing was ever heard."""
        return not self._bytes

    def feed(self, data: bytes) -> None:
        """Keep what came; past the cap nothing is kept, and ``over`` says so."""
        room = limits.HEARD - len(self._bytes)
        self._bytes += data[:room]
        if len(self._bytes) >= limits.HEARD:
            self.over = True

    def end(self) -> None:
        """The peer will say no more."""
        self.over = True

    def rewind(self) -> None:
        """Go back to the first byte."""
        self._at = 0

    def take(self, read: Read, *, final: bool = False) -> bytes | None:
        """What a ``Read`` gets, or None while it has to wait for more.

        Args:
            read: What is wanted.
            final: Whether no more is waited for, so that what is there must do.
        """
        found = self._ready(read)
        if found is None:
            if not (final or self.over):
                return None
            found = min(len(self._bytes) - self._at, self._most(read))
        data = bytes(self._bytes[self._at : self._at + found])
        self._at += found
        return data

    @staticmethod
    def _most(read: Read) -> int:
        return read.limit if read.exactly is None else read.exactly

    def _ready(self, read: Read) -> int | None:
        """How many bytes answer it in full; None where they are not there yet."""
        available = len(self._bytes) - self._at
        if read.exactly is not None:
            return read.exactly if available >= read.exactly else None
        if read.until is None:
            return min(available, read.limit) if available else None
        found = self._bytes.find(read.until, self._at, self._at + read.limit)
        if found >= 0:
            return found + len(read.until) - self._at
        return read.limit if available >= read.limit else None
