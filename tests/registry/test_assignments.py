from collections import Counter, defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tojimari.core.endpoint import Transport
from tojimari.registry import assignments
from tojimari.registry.assignments import Assignment, Status

EVERY = tuple(assignments.all())
BY_PORT: dict[int, list[Assignment]] = defaultdict(list)
for _one in EVERY:
    BY_PORT[_one.port].append(_one)


@pytest.mark.parametrize(
    ("port", "transport", "name"),
    [
        (20, Transport.TCP, "ftp-data"),
        (21, Transport.TCP, "ftp"),
        (22, Transport.TCP, "ssh"),
        (23, Transport.TCP, "telnet"),
        (25, Transport.TCP, "smtp"),
        (53, Transport.UDP, "domain"),
        (67, Transport.UDP, "bootps"),
        (68, Transport.UDP, "bootpc"),
        (80, Transport.TCP, "http"),
        (110, Transport.TCP, "pop3"),
        (123, Transport.UDP, "ntp"),
        (143, Transport.TCP, "imap"),
        (443, Transport.TCP, "https"),
        (465, Transport.TCP, "submissions"),
        (587, Transport.TCP, "submission"),
        (993, Transport.TCP, "imaps"),
        (995, Transport.TCP, "pop3s"),
        (1701, Transport.UDP, "l2tp"),
        (2049, Transport.TCP, "nfs"),
        (3478, Transport.UDP, "stun"),
        (9100, Transport.TCP, "pdl-datastream"),
        (11434, Transport.TCP, "ollama"),
    ],
)
def test_the_usual_name_stands_first(port: int, transport: Transport, name: str) -> None:
    assert assignments.usual_name(port, transport) == name
    assert assignments.of(port, transport)[0].name == name


def test_a_number_keeps_all_of_its_names() -> None:
    assert [one.name for one in assignments.of(80, Transport.TCP)] == ["http", "www", "www-http"]


def test_a_number_has_the_rfcs_that_define_it() -> None:
    assert assignments.of(22, Transport.TCP)[0].references == ("RFC 4251",)
    assert assignments.of(53, Transport.UDP)[0].references == ("RFC 1034", "RFC 1035")


def test_a_range_of_the_registry_is_spelt_out() -> None:
    assert [assignments.usual_name(port, Transport.TCP) for port in (6000, 6063)] == ["x11", "x11"]
    assert assignments.usual_name(6064, Transport.TCP) == "ndl-ahp-svc"


def test_all_four_transports_are_kept() -> None:
    counted = Counter(one.transport for one in EVERY)
    assert {name: counted[name] > 5 for name in Transport} == dict.fromkeys(Transport, True)


def test_the_whole_registry_is_there() -> None:
    named = [one for one in EVERY if one.name]
    assert len(named) >= 12_000
    assert len(EVERY) >= 13_000


def test_no_number_has_the_same_name_twice() -> None:
    seen = Counter((one.port, one.transport, one.name) for one in EVERY)
    assert [key for key, times in seen.items() if times > 1] == []


@settings(deadline=None)
@given(st.integers(0, 65535))
def test_bisection_finds_what_going_through_all_finds(port: int) -> None:
    assert list(assignments.of(port)) == BY_PORT.get(port, [])


def test_the_last_and_the_first_row_are_found() -> None:
    assert [one.name for one in assignments.of(EVERY[-1].port)] == ["inspider", ""]
    assert assignments.of(0)[0].status is Status.RESERVED


@pytest.mark.parametrize("port", [65535, 8, 49151])
def test_a_number_without_a_name_has_none(port: int) -> None:
    assert assignments.usual_name(port, Transport.TCP) is None


@pytest.mark.parametrize(
    ("port", "transport", "status"),
    [
        (22, Transport.TCP, Status.ASSIGNED),
        (24, Transport.TCP, Status.ASSIGNED),  # "any private mail system"
        (1023, Transport.TCP, Status.RESERVED),
        (11434, Transport.UDP, Status.RESERVED),
        (4, Transport.TCP, Status.UNASSIGNED),
    ],
)
def test_reserved_is_not_assigned(port: int, transport: Transport, status: Status) -> None:
    assert assignments.of(port, transport)[0].status is status


@pytest.mark.parametrize("name", ["https", "HTTPS", " https "])
def test_a_name_is_found_whatever_its_case(name: str) -> None:
    found = assignments.named(name)
    assert {(one.port, one.name) for one in found} == {(443, "https")}


@pytest.mark.parametrize("name", ["", "\t", "World Wide Web HTTP", "free", "tcp udp"])
def test_only_names_are_found_by_name(name: str) -> None:
    assert assignments.named(name) == ()


def test_a_range_of_lines_is_cut_at_its_ends() -> None:
    assert {port for port, *_ in assignments.lines(22, 23)} == {22, 23}


def test_what_iana_has_given_away_or_keeps_back_is_known_of_a_range() -> None:
    assert assignments.given_between(3, 6) == {3, 5}


def test_every_description_is_one_printable_line() -> None:
    assert [one for one in EVERY if not (one.name + one.description).isprintable()] == []
