"""Sets of whole numbers as sorted boundaries: addresses of 32 or 128 bits, and ports.

A set is a flat ascending list ``[first, end, first, end, ...]``; each pair is one half-open run,
and neighbouring runs never touch, so that equal sets are equal lists. A number is inside where an
odd count of boundaries lies at or below it. That makes every question a bisection, and every
answer a slice, which Python does at the speed of C.

Nobody changes a list that he did not make: every function here returns a new one.
"""

import ipaddress
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import TypeAlias

Intervals: TypeAlias = list[int]

IPV4, IPV6 = 4, 6
WIDTHS = {IPV4: 32, IPV6: 128}  # bits of an address (RFC 791, section 3.1; RFC 8200, section 3)
EMPTY: Intervals = []

# One set is walked run by run, the other by bisection, where the first is this much shorter: then
# slices of the longer one are cheaper than a merge of both. Measured: equal at 4 to 16.
_MUCH_SHORTER = 8


def universe(family: int) -> Intervals:
    """Every address of a family.

    Args:
        family: 4 or 6.
    """
    return [0, 1 << WIDTHS[family]]


def interval(first: int, last: int) -> Intervals:
    """The numbers from ``first`` to ``last``, both included; empty where they are backwards."""
    return [first, last + 1] if first <= last else []


def from_ranges(ranges: Iterable[tuple[int, int]]) -> Intervals:
    """The union of ranges in any order, overlapping or not; both ends are included."""
    result: Intervals = []
    for first, last in sorted(ranges):
        if result and first <= result[-1]:
            if last >= result[-1]:
                result[-1] = last + 1
        elif first <= last:
            result += (first, last + 1)
    return result


def from_numbers(numbers: Iterable[int]) -> Intervals:
    """The set of single numbers, in any order, repeated or not."""
    result: Intervals = []
    end = -1
    for number in sorted(numbers):
        if number > end:
            result += (number, number + 1)
        elif number == end:
            result[-1] = number + 1
        end = number + 1
    return result


def contains(a: Intervals, number: int) -> bool:
    """Whether a number is inside."""
    return bool(bisect_right(a, number) & 1)


def size(a: Intervals) -> int:
    """How many numbers are inside."""
    return sum(a[1::2]) - sum(a[0::2])


def runs(a: Intervals) -> Iterator[tuple[int, int]]:
    """The runs, ascending, both ends included."""
    return ((a[at], a[at + 1] - 1) for at in range(0, len(a), 2))


def intersection(a: Intervals, b: Intervals) -> Intervals:
    """What is in both."""
    if not a or not b:
        return []
    if len(a) > len(b):
        a, b = b, a
    if len(a) > 2 and len(a) * _MUCH_SHORTER > len(b):  # noqa: PLR2004 - two ends, or two parts
        return _merged(a, b, wanted=3)
    result: Intervals = []
    for at in range(0, len(a), 2):
        first, end = a[at], a[at + 1]
        low, high = bisect_right(b, first), bisect_left(b, end)
        if low & 1:
            result.append(first)
        result += b[low:high]
        if high & 1:
            result.append(end)
    return result


def difference(a: Intervals, b: Intervals) -> Intervals:
    """What is in ``a`` and not in ``b``."""
    if not a or not b:
        return list(a)
    if len(b) == 2:  # noqa: PLR2004 - two ends, or two parts
        first, end = b
        low, high = bisect_left(a, first), bisect_right(a, end)
        middle = [first] if low & 1 else []
        if high & 1:
            middle.append(end)
        return [*a[:low], *middle, *a[high:]]
    if len(a) * _MUCH_SHORTER > len(b):
        return _merged(a, b, wanted=1)
    result: Intervals = []
    for at in range(0, len(a), 2):
        first, end = a[at], a[at + 1]
        low, high = bisect_right(b, first), bisect_left(b, end)
        if not low & 1:
            result.append(first)
        result += b[low:high]
        if not high & 1:
            result.append(end)
    return result


def union(a: Intervals, b: Intervals) -> Intervals:
    """What is in either."""
    if not a:
        return list(b)
    if not b:
        return list(a)
    if a[-1] < b[0]:
        return [*a, *b]
    if b[-1] < a[0]:
        return [*b, *a]
    return from_ranges([*runs(a), *runs(b)])


def union_all(parts: Iterable[Intervals]) -> Intervals:
    """What is in any of them."""
    return from_ranges(run for part in parts for run in runs(part))


def union_disjoint(parts: Sequence[Intervals]) -> Intervals:
    """What is in any of them, where no number is in two."""
    if len(parts) == 1:
        return parts[0]
    boundaries = sorted(chain.from_iterable(parts))
    if len(set(boundaries)) == len(boundaries):
        return boundaries
    # Where one run ends and another begins, the boundary stands twice and is none.
    result: Intervals = []
    for boundary in boundaries:
        if result and result[-1] == boundary:
            result.pop()
        else:
            result.append(boundary)
    return result


def complement(a: Intervals, whole: Intervals) -> Intervals:
    """What is in ``whole`` and not in ``a``."""
    return difference(whole, a)


def covers(a: Intervals, b: Intervals) -> bool:
    """Whether all of ``b`` is in ``a``."""
    return not difference(b, a)


def networks(a: Intervals, family: int) -> Iterator[str]:
    """The set as networks, ascending; a single address stands without a prefix length.

    Args:
        a: Addresses.
        family: 4 or 6.
    """
    width = WIDTHS[family]
    kind = ipaddress.IPv4Address if family == IPV4 else ipaddress.IPv6Address
    for first, last in runs(a):
        at = first
        while at <= last:
            # The largest block that begins here and ends within the run.
            aligned = (at & -at).bit_length() - 1 if at else width
            free = min(aligned, (last - at + 1).bit_length() - 1)
            text = str(kind(at))
            yield text if free == 0 else f"{text}/{width - free}"
            at += 1 << free


def parse_ipv4(text: str) -> int:
    """Four decimal numbers with dots; several times as fast as ``ipaddress``, for large sets.

    Raises:
        ValueError: It is no address.
    """
    a, b, c, d = text.split(".")
    one, two, three, four = int(a), int(b), int(c), int(d)
    if (one | two | three | four) >> 8:
        msg = f"not an IPv4 address: {text!r}"
        raise ValueError(msg)
    return one << 24 | two << 16 | three << 8 | four


def parse_address(text: str, family: int) -> int:
    """An address as a number.

    Raises:
        ValueError: It is no address of the family.
    """
    return parse_ipv4(text) if family == IPV4 else int(ipaddress.IPv6Address(text))


def parse_network(text: str, family: int) -> tuple[int, int]:
    """An address, or an address with a prefix length or a mask, as first and last address.

    Args:
        text: ``192.0.2.1``, ``192.0.2.0/24``, ``192.0.2.0/255.255.255.0``, ``2001:db8::/32``; bits
            beyond the prefix are ignored, as the kernel ignores them.
        family: 4 or 6.

    Raises:
        ValueError: It is none of these; also for a mask with holes in it.
    """
    address, slash, tail = text.partition("/")
    number = parse_address(address, family)
    if not slash:
        return number, number
    width = WIDTHS[family]
    if tail.isdigit():
        length = int(tail)
        if length > width:
            msg = f"prefix length beyond {width}: {text!r}"
            raise ValueError(msg)
        rest = (1 << (width - length)) - 1
    else:
        rest = parse_address(tail, family) ^ ((1 << width) - 1)
        if rest & (rest + 1):
            msg = f"the mask has holes: {text!r}"
            raise ValueError(msg)
    first = number & ~rest
    return first, first | rest


def _merged(a: Intervals, b: Intervals, *, wanted: int) -> Intervals:
    """Both lists walked together; ``wanted`` is 1 for only in ``a``, 3 for in both."""
    # Each boundary flips one bit of where we are: bit 0 for a, bit 1 for b. Sorting what is
    # already two sorted runs is one merge in C.
    flips = sorted([(at, 1) for at in a] + [(at, 2) for at in b])
    result: Intervals = []
    where = 0
    for at, flip in flips:
        was = where == wanted
        where ^= flip
        if was != (where == wanted):
            if result and result[-1] == at:
                result.pop()
            else:
                result.append(at)
    return result
