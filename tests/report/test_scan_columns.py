"""Doors told by columns: to the byte what is told of each by itself."""

import json
import math
import struct
from array import array
from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tojimari.core.endpoint import Transport
from tojimari.report import scan, scan_columns, scan_document
from tojimari.scan import listed as scan_listed
from tojimari.scan.methods.connect import METHOD
from tojimari.scan.plan import Part, Plan
from tojimari.scan.tally import Row, Tally, gathered
from tojimari.scan.task import Answer, Answers, Reason, Space, Task, Way

V4 = Space(4, ((0x0A400000, 0x0A4000FF), (0xC0000207, 0xC0000208)), (22, 80, 8080))
V6 = Space(6, ((1, 2), ((0xFD << 120) + 1, (0xFD << 120) + 300)), (443,))
WAY = Way("eth0", 2, "ethernet", 1, 1500)


def plan(*spaces: Space, names: dict[tuple[int, int], str] | None = None) -> Plan:
    parts = tuple(Part(Task(Transport.TCP, one, WAY, 1, 0, one.size), METHOD) for one in spaces)
    return Plan(parts, names or {}, (), lists_all=True, usual=False)


def called(port: int, transport: Transport) -> str:
    return {22: "ssh", 80: 'ht"tp\\', 443: "かぎ"}.get(port, "") + (transport if port == 22 else "")


def told(rows: "list[tuple[int, int, int, int, float, int]]") -> Answers:
    return Answers(
        array("Q", [one[0] for one in rows]),
        array("B", [one[1] for one in rows]),
        array("B", [one[2] for one in rows]),
        array("B", [one[3] for one in rows]),
        array("f", [one[4] for one in rows]),
        array("B", [one[5] for one in rows]),
    )


def single(value: float) -> float:
    """As a column holds it."""
    (held,) = struct.unpack("f", struct.pack("f", value))
    return float(held)


def rows(space: Space) -> "st.SearchStrategy[list[tuple[int, int, int, int, float, int]]]":
    seconds = st.one_of(
        st.floats(0, 4, width=32),
        st.floats(0, 1 / 4096, width=32),
        st.floats(0, 1e9, width=32),
        st.integers(0, 1 << 20).map(lambda one: one / (1 << 20)),  # halves of a microsecond
        st.integers(0, 4_000_000).map(lambda one: single(one / 1_000_000)),
        st.just(math.nan),
    )
    return st.lists(
        st.tuples(
            st.integers(0, space.size - 1),
            st.sampled_from(Answer),
            st.sampled_from(Reason),
            st.integers(0, 255),
            seconds,
            st.integers(0, 255),
        ),
        min_size=1,
        max_size=80,
    )


@pytest.fixture(autouse=True)
def columns_always(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan_listed, "WORTH_COLUMNS", 1)


NAMES = {
    (4, 0x0A400003): "printer\n\x1b[31m",
    (4, 0xC0000207): "戸",
    (6, 2): "six",
    (6, 0x0A400004): "of the other family",
}
TIES = [(one, 1, 1, 64, one / 128, 1) for one in range(1, 128)]


class TestEachDoorIsToldAsByItself:
    @given(rows=rows(V4), named=st.booleans())
    @example(rows=TIES, named=False)
    @example(rows=[(5, 1, 1, 0, math.nan, 1)], named=True)
    @example(rows=[(place, 3, 0, 0, math.nan, 2) for place in range(9)], named=True)
    def test_as_json_and_as_plain_lines(
        self, rows: "list[tuple[int, int, int, int, float, int]]", named: bool
    ) -> None:
        self._hold(plan(V4, names=NAMES if named else {}), rows)

    @given(rows=rows(V6), named=st.booleans())
    def test_of_ipv6_too(
        self, rows: "list[tuple[int, int, int, int, float, int]]", named: bool
    ) -> None:
        self._hold(plan(V6, names=NAMES if named else {}), rows)

    def _hold(self, made: Plan, rows: "list[tuple[int, int, int, int, float, int]]") -> None:
        tally = Tally(made)
        listed = tally.found(0, told(rows))
        each = tally.rows_of(listed)
        encoder = msgspec.json.Encoder()
        documents = [scan_document.door(one, tally, called) for one in each]
        assert b"".join(scan_columns.json(listed, made, called, b"\n")) == encoder.encode_lines(
            documents
        )
        lines = [scan.plain_row(one, called(one.port, one.transport)) for one in each]
        assert b"".join(scan_columns.plain(listed, made, called)).decode().split("\n") == [
            *lines,
            "",
        ]


def test_more_than_one_piece_is_the_same() -> None:
    space = Space(4, ((0x0A400000, 0x0A40FFFF),), (80,))
    tally = Tally(plan(space))
    count = 2 * scan_columns.PIECE + 7
    found = [(place, 1, 1, 64, place / 70_000, 1) for place in reversed(range(count))]
    for at in range(0, count, 1000):
        tally.found(0, told(found[at : at + 1000]))
    pieces = list(scan_document.encoded(tally, called, 1.5, only_open=False))
    assert len(pieces) == 3 + 2
    assert b"".join(pieces) == whole(tally)


def whole(tally: Tally, *, only_open: bool = False) -> bytes:
    return msgspec.json.encode(scan_document.document(tally, called, 1.5, only_open=only_open))


def by_columns(tally: Tally, *, only_open: bool = False) -> bytes:
    return b"".join(scan_document.encoded(tally, called, 1.5, only_open=only_open))


OPEN, CLOSED = (1, 1, 64, 0.25, 1), (2, 2, 64, 0.5, 2)


@pytest.mark.parametrize(
    "spaces",
    [
        (V4,),
        (V6, V4),
        (Space(4, ((9, 9),), (1, 2)), Space(4, ((5, 7),), (1, 2))),
        # Among one another: then each door is told by itself.
        (Space(4, ((5, 9),), (1, 3)), Space(4, ((6, 7),), (2,))),
    ],
)
@pytest.mark.parametrize("only_open", [False, True])
def test_the_whole_is_in_order(spaces: tuple[Space, ...], *, only_open: bool) -> None:
    tally = Tally(plan(*spaces))
    for part, space in enumerate(spaces):
        places = list(range(space.size))[::-1]
        tally.found(part, told([(place, *(OPEN if place % 3 else CLOSED)) for place in places]))
    assert by_columns(tally, only_open=only_open) == whole(tally, only_open=only_open)


def test_nothing_listed_is_a_whole_document_too() -> None:
    tally = Tally(plan(V4))
    assert by_columns(tally) == whole(tally)
    tally.found(0, told([(1, *CLOSED)]))
    assert by_columns(tally, only_open=True) == whole(tally, only_open=True)
    assert json.loads(by_columns(tally, only_open=True))["doors"] == []


def test_few_doors_are_told_without_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan_listed, "WORTH_COLUMNS", 9)

    def never(*given: object) -> Iterator[bytes]:
        raise AssertionError(given)

    monkeypatch.setattr(scan_columns, "json", never)
    monkeypatch.setattr(scan_columns, "plain", never)
    tally = Tally(plan(V4))
    listed = tally.found(0, told([(place, *OPEN) for place in range(8)]))
    assert scan_document.lines(listed, tally, called).count(b"\n") == 8
    assert scan.plain(listed, tally, called).count(b"\n") == 8
    assert by_columns(tally) == whole(tally)


def test_what_a_file_kept_is_listed_again() -> None:
    tally = Tally(plan(V4))
    listed = tally.found(0, told([(place, *OPEN) for place in range(8)]))
    rows: list[Row] = tally.rows_of(listed)
    assert gathered(0, rows) == listed
