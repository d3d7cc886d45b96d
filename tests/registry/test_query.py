import pytest
from hypothesis import given
from hypothesis import strategies as st

from tojimari.core.endpoint import Transport
from tojimari.core.errors import UsageError
from tojimari.core.intent import PortRange
from tojimari.registry.query import Query, parse

PORTS = st.integers(0, 65535)
TRANSPORTS = st.sampled_from([None, *Transport])


def typed(body: str, transport: Transport | None) -> str:
    return body if transport is None else f"{body}/{transport.upper()}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("443", Query("443", PortRange(443, 443))),
        ("0", Query("0", PortRange(0, 0))),
        ("65535", Query("65535", PortRange(65535, 65535))),
        ("00443", Query("00443", PortRange(443, 443))),
        (" 53/UDP ", Query("53/UDP", PortRange(53, 53), transport=Transport.UDP)),
        ("８０８０", Query("8080", PortRange(8080, 8080))),
        ("８０００－８１００", Query("8000-8100", PortRange(8000, 8100))),
        ("8000-8100", Query("8000-8100", PortRange(8000, 8100))),
        ("20-25/tcp", Query("20-25/tcp", PortRange(20, 25), transport=Transport.TCP)),
        ("https", Query("https", name="https")),
        ("domain/udp", Query("domain/udp", name="domain", transport=Transport.UDP)),
        ("cl/1", Query("cl/1", name="cl/1")),
        ("914c-g", Query("914c-g", name="914c-g")),
        ("3com-tsmux", Query("3com-tsmux", name="3com-tsmux")),
    ],
)
def test_a_question_is_understood(text: str, expected: Query) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        (
            "70000",
            "70000 is no port: the numbers go from 0 to 65535",
            "tojimari port 0-1023, or tojimari port --search WORD",
        ),
        (
            "80-70000",
            "70000 is no port: the numbers go from 0 to 65535",
            "tojimari port 0-1023, or tojimari port --search WORD",
        ),
        ("9-3", "the range 9-3 runs backwards", "tojimari port 3-9"),
        ("8000-", "the range 8000- has no end", "tojimari port 8000-65535"),
        (
            "53/xyz",
            "xyz is no transport",
            "tojimari port 53/tcp, or /udp, /sctp, /dccp",
        ),
        ("", "an empty word is no port", "tojimari port 443"),
        ("/tcp", "an empty word is no port", "tojimari port 443"),
    ],
)
def test_a_mistake_is_told_with_what_to_type(text: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse(text)
    assert str(raised.value) == message
    assert raised.value.hint.text.format_map(raised.value.hint.values) == hint


def test_a_number_of_a_million_digits_is_refused_and_not_said_back_whole() -> None:
    with pytest.raises(UsageError) as raised:
        parse("9" * 1_000_000)
    assert len(str(raised.value)) < 120


def test_one_number_is_no_range() -> None:
    assert parse("443").port == 443
    assert parse("443-444").port is None
    assert parse("https").port is None


@given(PORTS, PORTS, TRANSPORTS)
def test_every_range_that_runs_forwards_is_itself(
    one: int, other: int, transport: Transport | None
) -> None:
    first, last = sorted((one, other))
    query = parse(typed(f"{first}-{last}", transport))
    assert (query.ports, query.transport, query.name) == (PortRange(first, last), transport, "")


@given(PORTS, TRANSPORTS)
def test_every_number_is_itself(port: int, transport: Transport | None) -> None:
    query = parse(typed(str(port), transport))
    assert (query.port, query.transport) == (port, transport)


@given(st.text(max_size=60))
def test_whatever_is_typed_is_a_question_or_a_mistake_of_the_person(text: str) -> None:
    try:
        query = parse(text)
    except UsageError:
        return
    assert (query.ports is None) == bool(query.name)
