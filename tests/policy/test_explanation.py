from tojimari.core.endpoint import Transport
from tojimari.core.intent import Intent, PortRange
from tojimari.policy.explanation import explain

TCP, UDP = Transport.TCP, Transport.UDP


def line(
    number: int,
    first: int,
    last: int | None = None,
    *,
    transport: Transport = TCP,
    address: str | None = None,
    container: str | None = None,
) -> Intent:
    return Intent(
        transport,
        PortRange(first, last or first),
        ("lan",),
        "x",
        address=address,
        container=container,
        line=number,
    )


def told(
    lines: list[Intent], port: int = 53, address: str | None = None
) -> list[tuple[int, list[tuple[int, str]]]]:
    """The lines that decide, each with those that do not, and why."""
    return [
        (answer.intent.line, [(one.intent.line, one.because.code) for one in answer.passed])
        for answer in explain(lines, port, [TCP, UDP], address)
    ]


def test_nothing_decides_for_a_port_that_no_line_names() -> None:
    assert told([line(1, 80)]) == []


def test_the_narrowest_line_decides_before_the_wider_ones() -> None:
    lines = [line(1, 1, 1000), line(2, 50, 60), line(3, 53)]

    assert told(lines) == [(3, [(2, "is-wider"), (1, "is-wider")])]


def test_tcp_and_udp_are_answered_each() -> None:
    assert told([line(1, 53, transport=UDP), line(2, 53)]) == [(2, []), (1, [])]


def test_each_address_is_answered_after_the_rest() -> None:
    lines = [line(1, 1, 60, address="127.0.0.53"), line(2, 53)]

    assert told(lines) == [(2, []), (1, [(2, "has-no-address")])]


def test_one_address_is_answered_alone() -> None:
    lines = [line(1, 53, address="127.0.0.53"), line(2, 53), line(3, 53, address="::1")]

    assert told(lines, address="127.0.0.53") == [(1, [(2, "has-no-address")])]
    assert told(lines, address="192.0.2.1") == [(2, [])]


def test_each_container_is_answered_by_itself() -> None:
    lines = [line(1, 53), line(2, 53, container="dns"), line(3, 1, 60, container="dns")]

    assert told(lines) == [(1, []), (2, [(3, "is-wider")])]


def test_the_reason_names_the_other_line() -> None:
    answer = explain([line(1, 1, 60), line(2, 53)], 53, [TCP])[0]

    assert answer.passed[0].because.values == {"line": 1, "ports": "1-60/tcp"}
