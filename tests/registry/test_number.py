import pytest

from tojimari.core.endpoint import Transport
from tojimari.core.intent import PortRange
from tojimari.registry import number
from tojimari.registry.number import Entry, Layer
from tojimari.registry.ranges import RangeName

BOTH = (Transport.TCP, Transport.UDP)


def test_a_number_has_all_that_is_known_of_it() -> None:
    found = number.of(9090)
    assert found.range is RangeName.REGISTERED
    assert [one.name for one in found.assignments] == ["websm", "websm"]
    assert [user.name for user in found.users] == ["prometheus", "cockpit"]
    assert found.words is not None
    assert found.words.name == "prometheus"
    assert found.also == ("cockpit",)


def test_a_transport_keeps_the_others_out() -> None:
    found = number.of(443, Transport.SCTP)
    assert [one.transport for one in found.assignments] == [Transport.SCTP]
    assert found.users == ()
    assert found.words is None


@pytest.mark.parametrize(
    ("port", "expected"),
    [(22, True), (2, False), (50000, True), (50001, False), (24, True), (1023, False)],
)
def test_a_number_is_known_where_anything_is(port: int, expected: bool) -> None:
    assert number.of(port).is_known is expected


def test_what_is_no_port_is_refused() -> None:
    with pytest.raises(ValueError, match="65536"):
        number.of(65536)


@pytest.mark.parametrize(
    ("name", "ports"),
    [
        ("https", (443,)),
        ("HTTPS", (443,)),
        ("grafana", (3000,)),
        ("sshd", (22,)),
        ("ollama", (11434,)),
        ("kubelet", (10250,)),
        ("domain", (53,)),
        ("nothing-of-the-kind", ()),
        ("free", ()),
    ],
)
def test_numbers_are_found_by_name(name: str, ports: tuple[int, ...]) -> None:
    found = number.named(name)
    assert found[: len(ports)] == ports
    assert bool(found) is bool(ports)


@pytest.mark.parametrize(
    ("name", "transport", "ports"),
    [
        ("https", Transport.SCTP, (443,)),
        ("https", Transport.DCCP, ()),
        ("wireguard", Transport.UDP, (51820,)),
        ("wireguard", Transport.TCP, ()),
    ],
)
def test_a_name_may_be_asked_under_one_transport(
    name: str, transport: Transport, ports: tuple[int, ...]
) -> None:
    assert number.named(name, transport) == ports


def test_a_row_has_plain_words_where_there_are_some() -> None:
    (row,) = number.entries(22, 22)
    assert row == Entry(
        PortRange(22, 22),
        (Transport.TCP, Transport.UDP, Transport.SCTP),
        "ssh",
        "ssh",
        "Remote login, encrypted (SSH)",
        "遠くからの操作、暗号化あり（SSH）",
        Layer.WORDS,
    )


def test_a_row_has_the_real_user_where_there_are_no_words() -> None:
    (row,) = number.entries(8005, 8005)
    assert (row.assigned, row.name, row.layer) == ("mxi", "tomcat-shutdown", Layer.USE)


def test_a_row_has_ianas_words_where_there_are_no_others() -> None:
    (row,) = number.entries(8002, 8002)
    assert (row.name, row.english, row.japanese, row.layer) == (
        "teradataordbms",
        "Teradata ORDBMS",
        "Teradata ORDBMS",
        Layer.IANA,
    )


def test_neighbours_of_which_the_same_is_said_are_one_row() -> None:
    rows = number.entries(27000, 27009, Transport.TCP)
    assert [(str(row.ports), row.name) for row in rows] == [("27000-27009", "flex-lm")]


def test_reserved_and_unassigned_numbers_have_no_row() -> None:
    assert number.entries(1, 4, Transport.TCP) == number.listed([1, 2, 3, 4])[:0] + (
        number.entries(1, 1, Transport.TCP)
    )


def test_a_range_may_be_asked_under_one_transport() -> None:
    assert [str(row.ports) for row in number.entries(8003, 8005, Transport.UDP)] == ["8003", "8005"]


def test_every_known_number_has_a_row() -> None:
    rows = number.entries()
    assert sum(len(row.ports) for row in rows) > 9000
    assert [row.ports.first for row in rows] == sorted(row.ports.first for row in rows)


def test_what_people_meet_most_has_plain_words() -> None:
    rows = number.most_met(PortRange(0, 1023))
    assert {22, 23, 80, 443} <= {row.ports.first for row in rows}


def test_a_list_leaves_out_what_nothing_is_known_of() -> None:
    assert [row.ports.first for row in number.listed([443, 2, 22, 22])] == [22, 443]
