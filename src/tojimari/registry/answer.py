"""What ``tojimari port`` answers, as values: the same for text and for JSON."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tojimari.core.errors import UsageError
from tojimari.core.intent import PortRange
from tojimari.core.text import printable
from tojimari.registry import number, ranges
from tojimari.registry.number import Entry, Number
from tojimari.registry.query import Query, parse
from tojimari.registry.ranges import RANGES, RangeName

IN_FULL = 3  # numbers of one name that are told in full; three pages are read, ten are not
_SHOWN = 60  # characters of a mistaken word that are said back


@dataclass(frozen=True, slots=True)
class NumberAnswer:
    """One number in full, or each number of a name.

    Attributes:
        query: What was asked.
        numbers: At least one.
        kind: Tells the answers apart in JSON.
    """

    query: str
    numbers: tuple[Number, ...]
    kind: Literal["number"] = "number"


@dataclass(frozen=True, slots=True)
class ListAnswer:
    """Many numbers, a row each.

    Attributes:
        query: What was asked.
        ports: The range that was asked for; None for a name or words.
        ranges: Which of the three ranges it lies in; empty for a name or words.
        entries: The numbers of which something is known: ascending, or the best first.
        unknown: How many numbers of the range are left, of which nothing is known.
        kind: Tells the answers apart in JSON.
    """

    query: str
    ports: PortRange | None
    ranges: tuple[RangeName, ...]
    entries: tuple[Entry, ...]
    unknown: int
    kind: Literal["range", "name", "search"]


@dataclass(frozen=True, slots=True)
class MeaningAnswer:
    """One of the three ranges: what it means, and what of it people meet most.

    Attributes:
        range: Which.
        ports: Its first and last number.
        meaning: In English.
        entries: The numbers that have plain words, ascending.
        kind: Tells the answers apart in JSON.
    """

    range: RangeName
    ports: PortRange
    meaning: str
    entries: tuple[Entry, ...]
    kind: Literal["meaning"] = "meaning"


Answer = NumberAnswer | ListAnswer | MeaningAnswer


def to_words(typed: Sequence[str]) -> tuple[Answer, ...]:
    """The answers to what was typed, in that order; a comma parts two questions too.

    Raises:
        UsageError: A word is no number, no range and no name that is known.
    """
    parts = [part for word in typed for part in word.replace("，", ",").split(",")]
    return tuple(_to(parse(part)) for part in parts)


def to_search(typed: str) -> ListAnswer:
    """The numbers that fit some words, the best first.

    Raises:
        UsageError: None fits.
    """
    from tojimari.registry import search  # noqa: PLC0415 - 3 ms, and most questions are numbers

    found = search.find(typed)
    if not found:
        raise UsageError(
            "nothing in the registry fits {words}",
            hint="other words, or fewer: tojimari port --search mail",
            words=printable(typed, _SHOWN),
        )
    return ListAnswer(typed, None, (), found, 0, "search")


def to_range(name: RangeName) -> MeaningAnswer:
    """What one of the three ranges means."""
    one = ranges.named(name)
    return MeaningAnswer(name, one.ports, one.meaning, number.most_met(one.ports))


def _to(query: Query) -> Answer:
    if query.ports is None:
        return _to_name(query)
    if query.port is not None:
        return NumberAnswer(query.text, (number.of(query.port, query.transport),))
    found = number.entries(query.ports.first, query.ports.last, query.transport)
    within = tuple(
        one.name
        for one in RANGES
        if one.ports.first <= query.ports.last and query.ports.first <= one.ports.last
    )
    known = sum(len(entry.ports) for entry in found)
    return ListAnswer(query.text, query.ports, within, found, len(query.ports) - known, "range")


def _to_name(query: Query) -> Answer:
    ports = number.named(query.name, query.transport)
    if not ports:
        raise _unknown(query)
    if len(ports) > IN_FULL:
        return ListAnswer(query.text, None, (), number.listed(ports, query.transport), 0, "name")
    return NumberAnswer(query.text, tuple(number.of(port, query.transport) for port in ports))


def _unknown(query: Query) -> UsageError:
    name = printable(query.name, _SHOWN)
    if query.transport is not None and number.named(query.name):
        return UsageError(
            "nothing is called {name} under {transport}",
            hint="tojimari port {name}",
            name=name,
            transport=query.transport,
        )
    from tojimari.registry import search  # noqa: PLC0415 - as above

    near = search.closest(query.name)
    if near:
        return UsageError(
            "nothing is called {name}; did you mean {near}?",
            hint="tojimari port {first}",
            name=name,
            near=", ".join(near),
            first=near[0],
        )
    return UsageError("nothing is called {name}", hint="tojimari port --search {name}", name=name)
