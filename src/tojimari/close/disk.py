"""The configuration files of this machine."""

import glob
import os
from pathlib import Path

LARGEST = 4 << 20  # bytes; no configuration that a person wrote is so long


class Disk:
    """Files below a root."""

    def __init__(self, root: str = "/") -> None:
        """Nothing is read before it is asked for.

        Args:
            root: Folder that stands for ``/``.
        """
        self._root = root.rstrip("/")

    def text(self, path: str) -> str | None:
        """A file's text, each byte kept (PEP 383); None where it may not be read."""
        try:
            content = Path(self._root + path).read_bytes()
        except OSError:
            return None
        return content.decode("utf-8", "surrogateescape") if len(content) <= LARGEST else None

    def glob(self, pattern: str) -> list[str]:
        """The files that a pattern fits, in the order of their names."""
        found = glob.glob(self._root + pattern)  # noqa: PTH207 - paths stay text here
        return [
            one.removeprefix(self._root)
            for one in sorted(found)
            if os.path.isfile(one)  # noqa: PTH113 - the same
        ]


def as_bytes(text: str) -> bytes:
    """The bytes that a text was read from."""
    return text.encode("utf-8", "surrogateescape")
