"""Very many listed doors as text, a column at a time: each door is one row of a table of bytes.

It is what ``scan_document.door`` and ``scan.plain`` say of each door by itself, to the byte, and
takes a twentieth of their time. A table is filled with zeros where a cell is narrower than its
column; no text has any, and they are left out at the end.
"""

import math
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np

from tojimari.core.text import printable
from tojimari.scan.intervals import shown
from tojimari.scan.listed import Listed, joined
from tojimari.scan.plan import Plan
from tojimari.scan.tally import Tally, code, runs
from tojimari.scan.task import Answer, Answers, Reason, Space

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    from tojimari.report.scan import Service

    U8: TypeAlias = NDArray[np.uint8]
    I64: TypeAlias = NDArray[np.int64]
    U64: TypeAlias = NDArray[np.uint64]
    F64: TypeAlias = NDArray[np.float64]
    Cell: TypeAlias = "bytes | U8"

PIECE = 1 << 12  # doors at once: their text fits a processor's cache
_IPV4 = 4
_BYTES = [str(one).encode() for one in range(256)]
_ANSWERS = [code(one).encode() for one in Answer]
_REASONS = [code(one).encode() for one in Reason]
_TINY, _LONG = 10, 1_000_000_000  # microseconds from which JSON has no exponent; and to which


class _Doors(NamedTuple):
    """Some doors of one part, in numbers. Shape (n,) each, but for the first two."""

    space: Space
    names: "dict[int, str]"  # of addresses
    ranks: "I64"  # of addresses
    ports: "I64"  # which of the numbers
    answers: "U8"
    reasons: "U8"
    ttls: "U8"
    seconds: "F64"
    tries: "U8"


def ordered(tally: Tally, *, only_open: bool) -> list[Listed] | None:
    """The listed doors by address, transport and number.

    Returns:
        Those of each part; None where the addresses of parts are among one another.
    """
    parts: dict[int, list[Answers]] = {}
    for one in tally.listed:
        kept = one.only_open() if only_open else one
        if len(kept):
            parts.setdefault(one.part, []).append(kept.answers)
    spaces = [(tally.plan.parts[part].task.space, part) for part in parts]
    found = sorted((one.family, one.addresses[0][0], part) for one, part in spaces)
    for (family, _, before), (following, first, _) in pairwise(found):
        last = tally.plan.parts[before].task.space.addresses[-1][1]
        if family == following and last >= first:
            return None
    return [Listed(part, _sorted(joined(parts[part]))) for _, _, part in found]


def _sorted(answers: Answers) -> Answers:
    """By place, which is by address and number."""
    order = np.frombuffer(answers.places, np.uint64).argsort(kind="stable")
    for column, kind in (
        (answers.places, np.uint64),
        (answers.answers, np.uint8),
        (answers.reasons, np.uint8),
        (answers.ttls, np.uint8),
        (answers.seconds, np.float32),
        (answers.tries, np.uint8),
    ):
        values = np.frombuffer(column, kind)
        values[:] = values[order]
    return answers


def json(listed: Listed, plan: Plan, service: "Service", end: bytes) -> Iterator[bytes]:
    """Doors as JSON, some at a time.

    Args:
        listed: They.
        plan: What they are of.
        service: Gives IANA's name for a number.
        end: What follows each.
    """
    transport = plan.parts[listed.part].task.transport

    def known_as(port: int) -> bytes:
        return msgspec.json.encode(service(port, transport) or None)

    for doors in _pieces(listed, plan):
        yield _text(
            len(doors.ranks),
            b'{"schema":"tojimari.scan-door/1","transport":"' + transport.encode(),
            b'","address":"',
            *_addresses(doors),
            b'","name":',
            _names(doors),
            b',"port":',
            _ports(doors, lambda port: str(port).encode()),
            b',"state":"',
            _looked_up(_ANSWERS, doors.answers),
            b'","reason":"',
            _looked_up(_REASONS, doors.reasons),
            b'","service":',
            _ports(doors, known_as),
            b',"ttl":',
            _looked_up([b"null", *_BYTES[1:]], doors.ttls),
            b',"seconds":',
            _seconds(doors.seconds),
            b',"tries":',
            _looked_up(_BYTES, doors.tries),
            b"}" + end,
        )


def plain(listed: Listed, plan: Plan, service: "Service") -> Iterator[bytes]:
    """Doors as ``scan.plain`` has them, a line each, some at a time; arguments as in ``json``."""
    transport = plan.parts[listed.part].task.transport
    slash = f"/{transport}\t".encode()

    def known_as(port: int) -> bytes:
        return printable(service(port, transport) or "-").encode()

    for doors in _pieces(listed, plan):
        yield _text(
            len(doors.ranks),
            *_addresses(doors),
            b"\t",
            _ports(doors, lambda port: str(port).encode() + slash),
            _looked_up(_ANSWERS, doors.answers),
            b"\t",
            _ports(doors, known_as),
            b"\t",
            _looked_up(_REASONS, doors.reasons),
            b"\t",
            _looked_up([b"-", *_BYTES[1:]], doors.ttls),
            b"\t",
            _milliseconds(doors.seconds),
            b"\t",
            _looked_up(_BYTES, doors.tries),
            b"\n",
        )


def _pieces(listed: Listed, plan: Plan) -> Iterator[_Doors]:
    space = plan.parts[listed.part].task.space
    names = {one: name for (family, one), name in plan.names.items() if family == space.family}
    answers = listed.answers
    places = np.frombuffer(answers.places, np.uint64).astype(np.int64)
    ranks, ports = np.divmod(places, len(space.ports))
    for at in range(0, len(places), PIECE):
        cut = slice(at, at + PIECE)
        yield _Doors(
            space,
            names,
            ranks[cut],
            ports[cut],
            np.frombuffer(answers.answers, np.uint8)[cut],
            np.frombuffer(answers.reasons, np.uint8)[cut],
            np.frombuffer(answers.ttls, np.uint8)[cut],
            np.frombuffer(answers.seconds, np.float32)[cut].astype(np.float64),
            np.frombuffer(answers.tries, np.uint8)[cut],
        )


def _text(count: int, *cells: "Cell") -> bytes:
    """Cells beside one another, row after row.

    Args:
        count: How many rows.
        cells: The same for all; or a table of shape (count, width), filled up with zeros.
    """
    widths = [len(one) if isinstance(one, bytes) else one.shape[1] for one in cells]
    row = [
        one if isinstance(one, bytes) else bytes(width)
        for one, width in zip(cells, widths, strict=True)
    ]
    table = np.empty((count, sum(widths)), np.uint8)
    table[:] = np.frombuffer(b"".join(row), np.uint8)
    at = 0
    for one, width in zip(cells, widths, strict=True):
        if not isinstance(one, bytes):
            table[:, at : at + width] = one
        at += width
    return table.tobytes().translate(None, b"\0")


def _looked_up(texts: Sequence[bytes], which: "I64 | U8") -> "Cell":
    """For each row one of some texts; where all have the same, that."""
    first = which[0]
    if (which == first).all():
        return texts[int(first)]
    return _table(texts)[which]


def _table(texts: Sequence[bytes]) -> "U8":
    """Texts as rows. Shape (n, the longest)."""
    width = max(map(len, texts))
    return np.frombuffer(b"".join(one.ljust(width, b"\0") for one in texts), np.uint8).reshape(
        -1, width
    )


def _each(numbers: "I64", say: Callable[[int], bytes]) -> "Cell":
    """A text for each row, by its number; each number is asked for once."""
    if (numbers == numbers[0]).all():
        return say(int(numbers[0]))
    different, which = np.unique(numbers, return_inverse=True)
    return _looked_up([say(one) for one in different.tolist()], which)


def _addresses(doors: _Doors) -> "Iterator[Cell]":
    shifts, ends = zip(*runs(doors.space), strict=True)
    if doors.space.family != _IPV4:

        def at(rank: int) -> bytes:
            return shown(6, rank + shifts[bisect_right(ends, rank)]).encode()

        yield _each(doors.ranks, at)
        return
    which = np.array(ends).searchsorted(doors.ranks, side="right")
    numbers = doors.ranks + np.array(shifts)[which]
    for octet in (24, 16, 8, 0):
        yield _looked_up(_BYTES, numbers >> octet & 255)
        if octet:
            yield b"."


def _names(doors: _Doors) -> "Cell":
    """What the person called the machines, as JSON."""
    if not doors.names:
        return b"null"
    shifts, ends = zip(*runs(doors.space), strict=True)

    def called(rank: int) -> bytes:
        return msgspec.json.encode(doors.names.get(rank + shifts[bisect_right(ends, rank)]))

    return _each(doors.ranks, called)


def _ports(doors: _Doors, say: Callable[[int], bytes]) -> "Cell":
    return _each(doors.ports, lambda which: say(doors.space.ports[which]))


def _seconds(seconds: "F64") -> "Cell":
    """As JSON has them, rounded to microseconds.

    The product is exact, since what is multiplied has 24 bits; so it is rounded as ``round`` does.
    """
    exact = np.rint(seconds * 1_000_000)
    usual = (exact == 0) | (exact >= _TINY) & (exact < _LONG)
    whole, rest = np.divmod(np.where(usual, exact, 0).astype(np.int64), 1_000_000)
    upper, lower = np.divmod(rest, 1_000)
    digits = np.concatenate((_THOUSANDS[upper], _THOUSANDS[lower]), axis=1)
    # Zeros at the end are not written, but for one.
    last = np.ones(len(seconds), np.bool_)
    for column in range(digits.shape[1] - 1, 0, -1):
        last &= digits[:, column] == ord("0")
        digits[last, column] = 0
    text = _beside(_each(whole, lambda one: b"%d." % one), digits)
    return _but(text, ~usual, seconds, lambda one: msgspec.json.encode(round(one, 6)), b"null")


def _milliseconds(seconds: "F64") -> "Cell":
    """As people read them, with two digits after the point; exact for the same reason."""
    exact = np.rint(seconds * 100_000)
    usual = (exact >= 0) & (exact < _LONG)
    whole, rest = np.divmod(np.where(usual, exact, 0).astype(np.int64), 100)
    text = _beside(_each(whole, lambda one: b"%d." % one), _HUNDREDS[rest])
    return _but(text, ~usual, seconds, lambda one: f"{1000 * one:.2f}".encode(), b"-")


def _beside(left: "Cell", right: "U8") -> "U8":
    if isinstance(left, bytes):
        left = np.broadcast_to(np.frombuffer(left, np.uint8), (len(right), len(left)))
    return np.concatenate((left, right), axis=1)


def _but(
    text: "U8",
    others: "NDArray[np.bool_]",
    seconds: "F64",
    say: Callable[[float], bytes],
    unknown: bytes,
) -> "Cell":
    """Text, but where seconds are not known or unusual, what is said of each by itself."""
    if not others.any():
        return text
    if np.isnan(seconds).all():
        return unknown
    (rows,) = np.nonzero(others)
    said = [unknown if math.isnan(one) else say(one) for one in seconds[rows].tolist()]
    table = _table(said)
    text = np.pad(text, ((0, 0), (0, max(0, table.shape[1] - text.shape[1]))))
    text[rows] = 0
    text[rows, : table.shape[1]] = table
    return text


_THOUSANDS = _table([b"%03d" % one for one in range(1000)])
_HUNDREDS = _table([b"%02d" % one for one in range(100)])
