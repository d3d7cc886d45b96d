"""Plain words for the doors that people meet most: one file of ``registry/words`` a service.

Whose door it is stands at the head of each file. All heads are read without a TOML parser, which
takes 5 ms for 150 files where a parser would take 50; a file's words are parsed only when they are
asked for.
"""

import os
from functools import cache
from pathlib import Path

from tojimari.core.endpoint import Transport
from tojimari.core.intent import PortRange
from tojimari.registry import words_file
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
    """As ``of``, but only the head. A file whose first door it is comes before the others."""
    return _opening(_first_at(port), port, transport) or _opening(_also_at(port), port, transport)


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
    those = _by_program().get(program, ())
    at_door = None if port is None else _opening(those, port, transport)
    return at_door or next(iter(those), None)


def told_between(first: int, last: int) -> frozenset[int]:
    """The numbers in a range that have words.

    Args:
        first: The lowest number.
        last: The highest number.
    """
    return frozenset(
        port
        for head in heads()
        for door in head.doors
        for port in range(max(first, door.ports.first), min(last, door.ports.last) + 1)
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
    return tuple(_head(path) for paths in _files().values() for path in paths)


def _words(head: Head | None) -> Words | None:
    return None if head is None else _parsed(head.path)


def _opening(those: tuple[Head, ...], port: int, transport: Transport | None) -> Head | None:
    for head in those:
        if any(door.holds(port, transport) for door in head.doors):
            return head
    return None


def _first_at(port: int) -> tuple[Head, ...]:
    """The heads of the files that are named for a number; no other file is opened."""
    return tuple(_head(path) for path in _files().get(port, ()))


@cache
def _files() -> dict[int, tuple[str, ...]]:
    """The paths of the files by the number in their name, ascending."""
    found: dict[int, tuple[str, ...]] = {}
    for file in sorted(os.listdir(FOLDER)):  # noqa: PTH208 - names, not 150 Path objects
        if file.endswith(".toml"):
            number = words_file.number(file)
            found[number] = (*found.get(number, ()), f"{FOLDER}/{file}")
    return dict(sorted(found.items()))


@cache
def _head(path: str) -> Head:
    return words_file.head(path)


@cache
def _parsed(path: str) -> Words:
    return words_file.words(path)


def _also_at(port: int) -> tuple[Head, ...]:
    """The heads that name a number, be it first or not; a single number before a run of them."""
    singles, runs = _by_port()
    return (*singles.get(port, ()), *(head for ports, head in runs if port in ports))


@cache
def _by_port() -> tuple[dict[int, tuple[Head, ...]], tuple[tuple[PortRange, Head], ...]]:
    """The heads by each single number, and those of runs of numbers."""
    singles: dict[int, tuple[Head, ...]] = {}
    runs: list[tuple[PortRange, Head]] = []
    for head in heads():
        for door in head.doors:
            if len(door.ports) > 1:
                runs.append((door.ports, head))
            else:
                port = door.ports.first
                singles[port] = (*singles.get(port, ()), head)
    return singles, tuple(runs)


@cache
def _by_program() -> dict[str, tuple[Head, ...]]:
    found: dict[str, tuple[Head, ...]] = {}
    for head in heads():
        for program in head.programs:
            found[program] = (*found.get(program, ()), head)
    return found
