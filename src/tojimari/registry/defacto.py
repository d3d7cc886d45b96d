"""What really uses a number, as far as the projects' own documentation says so."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tojimari.core.endpoint import Transport
from tojimari.core.intent import PortRange

TABLE = Path(__file__).parent / "defacto.tsv"


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who really uses a number.

    Attributes:
        ports: The number, or the range of them.
        transports: The ways of speaking.
        name: Short name, lower case.
        english: Who that is.
        japanese: The same in Japanese.
        source: Where the fact is from: an RFC, or a page of the project's own documentation.
    """

    ports: PortRange
    transports: tuple[Transport, ...]
    name: str
    english: str
    japanese: str
    source: str


def of(port: int, transport: Transport | None = None) -> tuple[User, ...]:
    """Who really uses a number, whom people meet most first; empty where nobody is known.

    Args:
        port: The number.
        transport: Only under this one; None for all.
    """
    singles, ranges = _by_port()
    found = [
        user
        for user in (*singles.get(port, ()), *(wide for wide in ranges if port in wide.ports))
        if transport is None or transport in user.transports
    ]
    return tuple(found)


def named(name: str) -> tuple[User, ...]:
    """The rows of a short name, by ascending number."""
    wanted = name.strip().casefold()
    return tuple(user for user in all() if user.name == wanted)


def used_between(first: int, last: int) -> frozenset[int]:
    """The numbers in a range that somebody is known to use, under any transport.

    Args:
        first: The lowest number.
        last: The highest number.
    """
    return frozenset(
        port
        for user in all()
        for port in range(max(first, user.ports.first), min(last, user.ports.last) + 1)
    )


@cache
def all() -> tuple[User, ...]:  # noqa: A001 - read as ``defacto.all()``
    """Every row, by ascending number."""
    return tuple(_rows())


def _rows() -> Iterator[User]:
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        ports, transports, name, english, japanese, source = line.split("\t")
        first, _, last = ports.partition("-")
        yield User(
            ports=PortRange(int(first), int(last or first)),
            transports=tuple(Transport(one) for one in transports.split(" ")),
            name=name,
            english=english,
            japanese=japanese,
            source=source,
        )


@cache
def _by_port() -> tuple[dict[int, tuple[User, ...]], tuple[User, ...]]:
    """The users of one number each, and those of a range."""
    singles: dict[int, tuple[User, ...]] = {}
    ranges: list[User] = []
    for user in all():
        if len(user.ports) == 1:
            singles[user.ports.first] = (*singles.get(user.ports.first, ()), user)
        else:
            ranges.append(user)
    return singles, tuple(ranges)
