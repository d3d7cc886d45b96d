from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from tojimari.core.endpoint import Transport
from tojimari.core.intent import Intent, PortRange
from tojimari.policy.overlap import overlaps
from tojimari.policy.problem import Span


def line(
    number: int,
    first: int,
    last: int,
    *,
    transport: Transport = Transport.TCP,
    address: str | None = None,
    container: str | None = None,
) -> Intent:
    return Intent(
        transport,
        PortRange(first, last),
        ("lan",),
        "x",
        address=address,
        container=container,
        line=number,
    )


def told(*lines: Intent) -> list[tuple[str, int, object]]:
    places = {one: Span(one.line, 8, 1) for one in lines}
    return [(one.code, one.span.line, one.message.values["line"]) for one in overlaps(places)]


def test_lines_apart_do_not_clash() -> None:
    assert told(line(1, 80, 80), line(2, 81, 90), line(3, 22, 22)) == []


def test_a_line_within_another_does_not_clash() -> None:
    assert told(line(1, 8000, 8100), line(2, 8080, 8080), line(3, 8000, 8010)) == []


def test_the_same_ports_twice_clash_at_the_later_line() -> None:
    assert told(line(1, 80, 80), line(5, 80, 80)) == [("ambiguous", 5, 1)]


def test_ranges_that_cross_clash_at_the_later_line() -> None:
    assert told(line(4, 100, 200), line(9, 150, 250)) == [("crossing", 9, 4)]
    assert told(line(4, 150, 250), line(9, 100, 200)) == [("crossing", 9, 4)]


def test_ranges_that_share_one_port_clash() -> None:
    assert told(line(1, 100, 200), line(2, 200, 300)) == [("crossing", 2, 1)]


def test_lines_for_different_doors_do_not_clash() -> None:
    assert (
        told(
            line(1, 53, 53),
            line(2, 53, 53, transport=Transport.UDP),
            line(3, 53, 53, address="127.0.0.53"),
            line(4, 53, 53, container="dns"),
        )
        == []
    )


def test_lines_of_one_address_clash() -> None:
    assert told(line(3, 53, 53, address="::1"), line(7, 53, 53, address="::1")) == [
        ("ambiguous", 7, 3)
    ]


def test_a_crossing_within_a_wider_line_is_found() -> None:
    assert told(line(1, 1, 100), line(2, 10, 20), line(3, 15, 30)) == [("crossing", 3, 2)]


@given(st.lists(st.tuples(st.integers(1, 20), st.integers(0, 6)), max_size=8))
def test_lines_clash_exactly_where_two_of_them_do(pairs: list[tuple[int, int]]) -> None:
    lines = [line(n, first, first + more) for n, (first, more) in enumerate(pairs, 1)]

    def clash(one: PortRange, other: PortRange) -> bool:
        a, b = ({*range(x.first, x.last + 1)} for x in (one, other))
        return bool(a & b) and not (a < b or b < a)

    expected = any(clash(a.ports, b.ports) for a, b in combinations(lines, 2))

    assert bool(told(*lines)) == expected
