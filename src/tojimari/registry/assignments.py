"""IANA's names for numbers, from the table that ``script/registry`` writes.

The table is 300 kB of text, sorted by number. One number is found in it by bisection, in 0.6 ms
with the reading of the file; making values of all 13,000 rows takes 30 ms.
"""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from pathlib import Path

from tojimari.core.endpoint import MAX_PORT, Transport

TABLE = Path(__file__).parent / "assignments.tsv"
_NAME = 2  # column of the name, from 0


class Status(StrEnum):
    """What IANA says of a number under one transport (RFC 6335, section 6)."""

    ASSIGNED = "assigned"
    RESERVED = "reserved"  # kept back: for an extension of a range, or for its owner's other half
    UNASSIGNED = "unassigned"  # could be given to somebody


@dataclass(frozen=True, slots=True)
class Assignment:
    """One name of one number under one transport. A convention, not a law.

    Attributes:
        port: The number.
        transport: The way of speaking.
        name: IANA's service name, as IANA writes it; empty where there is none.
        description: IANA's words, in English; may be empty.
        references: What defines it, such as ``RFC 9110``; empty where IANA names nothing.
        status: Whether the number is given to somebody.
    """

    port: int
    transport: Transport
    name: str
    description: str
    references: tuple[str, ...]
    status: Status


def of(port: int, transport: Transport | None = None) -> tuple[Assignment, ...]:
    """Everything that IANA says of a number.

    Args:
        port: 0 to 65535.
        transport: Only under this one; None for all.

    Returns:
        The usual name first; empty where IANA has no row. Rows that say "reserved" are in it.
    """
    found = _of(port)
    if transport is None:
        return found
    return tuple(one for one in found if one.transport is transport)


def usual_name(port: int, transport: Transport) -> str | None:
    """The name that people use; None where IANA names none."""
    return next((one.name for one in _of(port) if one.transport is transport and one.name), None)


def named(name: str) -> tuple[Assignment, ...]:
    """The assignments of a service name, by ascending number.

    Args:
        name: In upper or lower case, which are the same (RFC 6335, section 5.1).
    """
    wanted = name.strip().lower().encode()
    data = _lower_table()
    found: list[Assignment] = []
    position = data.find(b"\t" + wanted + b"\t") if wanted else -1
    while position != -1:
        start = data.rfind(b"\n", 0, position) + 1
        if data.count(b"\t", start, position + 1) == _NAME:
            end = data.find(b"\n", position)
            found += _row(_table()[start:end])
        position = data.find(b"\t" + wanted + b"\t", position + 1)
    return tuple(found)


def all() -> Iterator[Assignment]:  # noqa: A001 - read as ``assignments.all()``
    """Every row, by ascending number, the usual name of a number first."""
    for line in _table()[_start() :].splitlines():
        yield from _row(line)


def lines(first: int = 0, last: int = MAX_PORT) -> Iterator[tuple[int, str, str, str]]:
    """Every line of a range as port, transports (a space between), name and description.

    For those who go through many: four times as fast as making values of them.

    Args:
        first: The lowest number.
        last: The highest number.
    """
    for line in _table()[_position(first) : _position(last + 1)].decode().splitlines():
        port, transports, name, description, _ = line.split("\t")
        yield int(port), transports, name, description


def given_between(first: int, last: int) -> frozenset[int]:
    """The numbers in a range that IANA has given to somebody or keeps back, any transport.

    Args:
        first: The lowest number.
        last: The highest number.
    """
    return frozenset(
        port
        for port, _, name, description in lines(first, last)
        if _status(name, description) is not Status.UNASSIGNED
    )


@lru_cache(maxsize=4096)
def _of(port: int) -> tuple[Assignment, ...]:
    data = _table()
    start = _position(port)
    own = b"%d\t" % port
    found: list[Assignment] = []
    while data.startswith(own, start):
        end = data.find(b"\n", start)
        found += _row(data[start:end])
        start = end + 1
    return tuple(found)


def _position(port: int) -> int:
    """Where the first row is whose number is not below ``port``; the end where there is none."""
    data = _table()
    start = _start()

    def port_at(offset: int) -> int:
        line = data.rfind(b"\n", 0, offset) + 1
        return int(data[line : data.find(b"\t", line)])

    return bisect_left(range(len(data)), port, lo=start, key=port_at)


def _row(line: bytes) -> Iterator[Assignment]:
    port, transports, name, description, references = line.decode().split("\t")
    for transport in transports.split(" "):
        yield Assignment(
            port=int(port),
            transport=Transport(transport),
            name=name,
            description=description,
            references=tuple(references.split(",")) if references else (),
            status=_status(name, description),
        )


def _status(name: str, description: str) -> Status:
    if name or description.startswith("any private"):
        return Status.ASSIGNED
    return Status.RESERVED if description == "Reserved" else Status.UNASSIGNED


@cache
def _table() -> bytes:
    return TABLE.read_bytes()


@cache
def _lower_table() -> bytes:
    return _table().lower()


@cache
def _start() -> int:
    """Where the comments end."""
    return _table().index(b"\n0\t") + 1
