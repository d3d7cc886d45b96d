"""What really uses a number, as far as the projects' own documentation says so."""

from dataclasses import dataclass
from functools import cache, lru_cache
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
    singles, runs = _lines()
    lines = (*singles.get(port, ()), *(line for ports, line in runs if port in ports))
    users = (_row(line) for line in lines)
    return tuple(user for user in users if transport is None or transport in user.transports)


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
    return tuple(_row(line) for line in _text())


@lru_cache(maxsize=1024)
def _row(line: str) -> User:
    ports, transports, name, english, japanese, source = line.split("\t")
    return User(
        ports=_ports(ports),
        transports=tuple(Transport(one) for one in transports.split(" ")),
        name=name,
        english=english,
        japanese=japanese,
        source=source,
    )


def _ports(text: str) -> PortRange:
    first, _, last = text.partition("-")
    return PortRange(int(first), int(last or first))


def _text() -> list[str]:
    """The rows as they are written."""
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if not line.startswith("#")]


@cache
def _lines() -> tuple[dict[int, tuple[str, ...]], tuple[tuple[PortRange, str], ...]]:
    """The rows of one number each, and those of a run of numbers.

    Values are made of the few rows that are asked for: of all 480 that takes 3 ms.
    """
    singles: dict[int, tuple[str, ...]] = {}
    runs: list[tuple[PortRange, str]] = []
    for line in _text():
        ports, _, _ = line.partition("\t")
        if ports.isdecimal():
            port = int(ports)
            singles[port] = (*singles.get(port, ()), line)
        else:
            runs.append((_ports(ports), line))
    return singles, tuple(runs)
