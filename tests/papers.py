"""Configuration files that exist only in a test."""

import fnmatch
from collections.abc import Iterable, Mapping

from tojimari.close.service import Service
from tojimari.close.setting import Setting, bound, edited, moved

LOOPBACK = ("127.0.0.1", "::1")


class Papers:
    """Files by path."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self.texts = dict(texts)

    def text(self, path: str) -> str | None:
        return self.texts.get(path)

    def glob(self, pattern: str) -> list[str]:
        return sorted(
            one
            for one in self.texts
            if fnmatch.fnmatch(one, pattern) and one.count("/") == pattern.count("/")
        )


def settings(
    service: Service, texts: Mapping[str, str], port: int, command: Iterable[str] = ()
) -> list[Setting]:
    """What makes a door."""
    found = service.find(Papers(texts), tuple(command))
    return [one for one in found if one.port == port]


def changed(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, str]:
    """Only the lines that are new, by path."""
    result: dict[str, str] = {}
    for path, text in after.items():
        old = before.get(path, "").splitlines()
        new = [line for line in text.splitlines() if line not in old]
        if new:
            result[path] = "\n".join(new)
    return result


def after_move(texts: Mapping[str, str], found: Iterable[Setting], port: int) -> dict[str, str]:
    """The files that a move changes."""
    return edited(texts, moved(found, port))


def after_bind(
    texts: Mapping[str, str], found: Iterable[Setting], addresses: tuple[str, ...] = LOOPBACK
) -> dict[str, str]:
    """The files that binding to some addresses changes."""
    edits = bound(found, addresses)
    assert edits is not None
    return edited(texts, edits)
