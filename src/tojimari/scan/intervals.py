"""Sets of numbers as inclusive intervals, ascending, disjoint and not touching."""

import ipaddress
from collections.abc import Iterable, Iterator

Interval = tuple[int, int]
Intervals = tuple[Interval, ...]

BITS = {4: 32, 6: 128}


def merged(found: Iterable[Interval]) -> Intervals:
    """Any intervals as a set."""
    joined: list[Interval] = []
    for first, last in sorted(found):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    return tuple(joined)


def minus(these: Intervals, others: Intervals) -> Intervals:
    """What is in the first set and not in the second."""
    return tuple(_left(these, others))


def _left(these: Intervals, others: Intervals) -> Iterator[Interval]:
    at = 0
    for first, last in these:
        start = first
        while at < len(others) and others[at][1] < start:
            at += 1
        look = at
        while look < len(others) and others[look][0] <= last:
            low, high = others[look]
            if low > start:
                yield start, low - 1
            start = max(start, high + 1)
            look += 1
        if start <= last:
            yield start, last


def both(these: Intervals, others: Intervals) -> Intervals:
    """What is in both sets."""
    return minus(these, minus(these, others))


def count(these: Intervals) -> int:
    """How many numbers there are."""
    return sum(last - first + 1 for first, last in these)


def cut(these: Intervals, borders: Iterable[int]) -> Iterator[Interval]:
    """The same numbers in pieces: a new one begins at each border."""
    marks = sorted(set(borders))
    at = 0
    for first, last in these:
        start = first
        while at < len(marks) and marks[at] <= start:
            at += 1
        while at < len(marks) and marks[at] <= last:
            yield start, marks[at] - 1
            start = marks[at]
            at += 1
        yield start, last


def network(text: str) -> Interval:
    """First and last address of a network, as numbers.

    Raises:
        ValueError: It is none, or it has bits beyond its length.
    """
    found = ipaddress.ip_network(text)
    return int(found.network_address), int(found.broadcast_address)


def shown(version: int, number: int) -> str:
    """A number as the address that it is.

    Args:
        version: 4 or 6.
        number: 0 to all bits set.
    """
    if version == 4:  # noqa: PLR2004 - IPv4
        return f"{number >> 24}.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    return str(ipaddress.IPv6Address(number))
