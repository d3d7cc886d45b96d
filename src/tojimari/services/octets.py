"""Reading binary messages with the bounds checked in one place."""

from tojimari.core.text import printable
from tojimari.services import limits


class DamagedError(ValueError):
    """The bytes are not what they would have to be: for a dialogue, "not mine"."""


class Cursor:
    """A place in some bytes. Whatever reads past the end raises ``DamagedError``."""

    __slots__ = ("_data", "_end", "at")

    def __init__(self, data: bytes, at: int = 0, end: int | None = None) -> None:
        """Begin at ``at``; see only up to ``end``."""
        self._data = data
        self._end = len(data) if end is None else min(end, len(data))
        self.at = at

    def __bool__(self) -> bool:
        """Whether anything is left."""
        return self.at < self._end

    @property
    def left(self) -> int:
        """How many bytes are left."""
        return max(self._end - self.at, 0)

    def take(self, count: int) -> bytes:
        """So many bytes."""
        if count < 0 or self.at + count > self._end:
            msg = f"{count} bytes wanted at {self.at}, {self.left} left"
            raise DamagedError(msg)
        taken = self._data[self.at : self.at + count]
        self.at += count
        return taken

    def rest(self) -> bytes:
        """All that is left."""
        return self.take(self.left)

    def skip(self, count: int) -> None:
        """Go on by so many bytes."""
        self.take(count)

    def big(self, octets: int) -> int:
        """An unsigned number, most significant octet first."""
        return int.from_bytes(self.take(octets), "big")

    def little(self, octets: int) -> int:
        """An unsigned number, least significant octet first."""
        return int.from_bytes(self.take(octets), "little")

    def until(self, end: bytes) -> bytes:
        """Up to ``end``, which is passed and not returned."""
        found = self._data.find(end, self.at, self._end)
        if found < 0:
            msg = f"no {end!r} after {self.at}"
            raise DamagedError(msg)
        taken = self._data[self.at : found]
        self.at = found + len(end)
        return taken

    def prefixed(self, octets: int) -> bytes:
        """A string whose length stands before it, most significant octet first."""
        return self.take(self.big(octets))


def text(data: bytes) -> str:
    """Bytes as text: UTF-8 where they are, else one character an octet."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def snippet(data: bytes) -> str:
    """The first bytes as one line that is safe to show."""
    return printable(text(data[: 2 * limits.SNIPPET].strip()), limits.SNIPPET)


def ascii_word(data: bytes) -> bool:
    """Whether all of it is printable ASCII, and there is any."""
    return bool(data) and all(0x20 <= octet < 0x7F for octet in data)
