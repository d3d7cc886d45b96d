"""Plain words for the doors that people meet most: one file of ``registry/words`` a service.

Whose door it is stands at the head of each file. An index is made of all heads without a TOML
parser, in 3 ms for 187 files where parsing takes 50; a file's words are parsed only when they are
asked for.
"""

import os
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tojimari.core.endpoint import Transport
from tojimari.core.intent import PortRange
from tojimari.registry import defacto, words_file
from tojimari.registry.words_file import Encryption, Head, Kind, Plain, UsualDoor, Words

__all__ = [
    "Encryption",
    "Head",
    "Kind",
    "Plain",
    "UsualDoor",
    "Words",
    "all",
    "by_name",
    "by_program",
    "head_by_name",
    "head_by_program",
    "head_of",
    "heads",
    "heads_at",
    "of",
    "told_between",
]

FOLDER = Path(__file__).parent / "words"


def of(port: int, transport: Transport | None = None) -> Words | None:
    """The words for a number; None where nobody has written any.

    Args:
        port: The number.
        transport: Only for this one; None for whichever has words.
    """
    return _words(head_of(port, transport))


def head_of(port: int, transport: Transport | None = None) -> Head | None:
    """As ``of``, but only the head.

    Of several services the one that people meet most, by the table of real users. Words of which
    this number is only a lesser door are not taken where somebody else really uses it.
    """
    those = heads_at(port, transport)
    if not those:
        return None
    users = _users(port, transport)
    is_own = those[0].doors[0].ports.first == port
    return those[0] if is_own or not users or _rank(those[0], users) == 0 else None


def heads_at(port: int, transport: Transport | None = None) -> tuple[Head, ...]:
    """The heads of all services that use a number, the one that people meet most first."""
    users = _users(port, transport)
    those = [
        head
        for head in (_head(path) for path in _index().at(port))
        if any(door.holds(port, transport) for door in head.doors)
    ]
    return tuple(
        sorted(those, key=lambda head: (_rank(head, users), head.doors[0].ports.first != port))
    )


def by_name(name: str) -> Words | None:
    """The words of a service, by its short name."""
    return _words(head_by_name(name))


def head_by_name(name: str) -> Head | None:
    """As ``by_name``, but only the head."""
    return next((one for one in heads() if one.name == name), None)


def by_program(
    program: str, port: int | None = None, transport: Transport | None = None
) -> Words | None:
    """The words of the service that an executable offers; None for one that may do anything.

    Args:
        program: Base name of the executable: ``sshd``.
        port: Where it waits, if that is known: nginx at 443 is another service than at 80.
        transport: The same.
    """
    return _words(head_by_program(program, port, transport))


def head_by_program(
    program: str, port: int | None = None, transport: Transport | None = None
) -> Head | None:
    """As ``by_program``, but only the head: cheap enough to ask for every door."""
    those = tuple(_head(path) for path in _index().programs.get(program, ()))
    for head in those:
        if port is not None and any(door.holds(port, transport) for door in head.doors):
            return head
    return next(iter(those), None)


def told_between(first: int, last: int) -> frozenset[int]:
    """The numbers in a range that have words.

    Args:
        first: The lowest number.
        last: The highest number.
    """
    runs = (ports for those in _index().doors.values() for ports in those)
    return frozenset(
        port for ports in runs for port in range(max(first, ports.first), min(last, ports.last) + 1)
    )


def all() -> tuple[Words, ...]:  # noqa: A001 - read as ``words.all()``
    """Every file, by number."""
    return tuple(_parsed(head.path) for head in heads())


@cache
def heads() -> tuple[Head, ...]:
    """The head of every file, by number.

    Raises:
        ValueError: A head lacks something: the file and the key are named. A mistake of ours.
    """
    return tuple(_head(path) for path in _index().doors)


def _words(head: Head | None) -> Words | None:
    return None if head is None else _parsed(head.path)


def _users(port: int, transport: Transport | None) -> list[str]:
    """Who really uses just this number; a wide range is nobody's in particular."""
    return [user.name for user in defacto.of(port, transport) if len(user.ports) == 1]


def _rank(head: Head, users: list[str]) -> int:
    """The place of a service among the users: ``neo4j-bolt`` is a door of ``neo4j``."""
    for place, user in enumerate(users):
        if user == head.name or user.startswith(f"{head.name}-"):
            return place
    return len(users)


class _Index(NamedTuple):
    """Which file is for what.

    Attributes:
        doors: The numbers of each file, by its path; the files in the order of their numbers.
        singles: The files of each single number.
        runs: Runs of numbers, each with its file.
        programs: The files of each program.
    """

    doors: dict[str, tuple[PortRange, ...]]
    singles: dict[int, tuple[str, ...]]
    runs: tuple[tuple[PortRange, str], ...]
    programs: dict[str, tuple[str, ...]]

    def at(self, port: int) -> tuple[str, ...]:
        """The files of a number, each once."""
        runs = (path for ports, path in self.runs if port in ports)
        return tuple(dict.fromkeys((*self.singles.get(port, ()), *runs)))


@cache
def _index() -> _Index:
    index = _Index({}, {}, (), {})
    runs: list[tuple[PortRange, str]] = []
    files = (file for file in os.listdir(FOLDER) if file.endswith(".toml"))  # noqa: PTH208 - names
    for file in sorted(files, key=words_file.number):
        path = f"{FOLDER}/{file}"
        doors, programs = words_file.outline(path)
        index.doors[path] = doors
        for ports in doors:
            if len(ports) > 1:
                runs.append((ports, path))
            else:
                port = ports.first
                index.singles[port] = (*index.singles.get(port, ()), path)
        for program in programs:
            index.programs[program] = (*index.programs.get(program, ()), path)
    return index._replace(runs=tuple(runs))


@cache
def _head(path: str) -> Head:
    return words_file.head(path)


@cache
def _parsed(path: str) -> Words:
    return words_file.words(path)
