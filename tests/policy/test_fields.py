import datetime as dt
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tojimari.core.endpoint import Transport
from tojimari.core.intent import PortRange
from tojimari.policy import fields
from tojimari.policy.complaints import Complaints
from tojimari.policy.positions import Path, locate
from tojimari.policy.syntax import Toml

Reader = Callable[[Toml, Path, Complaints], object]


def result(reader: Reader, value: Toml) -> object:
    """What is read; a mistake fails the test."""
    complaints = Complaints(locate(""))
    found = reader(value, ("x",), complaints)
    assert complaints.sorted() == ()
    return found


def told(reader: Reader, value: Toml) -> list[tuple[str, str]]:
    """The problems, each with its hint."""
    complaints = Complaints(locate(""))
    reader(value, ("x",), complaints)
    return [
        (one.code, one.hint.text.format_map(one.hint.values) if one.hint else "")
        for one in complaints.sorted()
    ]


EXAMPLES = 'for example 443, [80, 443] or "8000-8100"'


@pytest.mark.parametrize("port", [1, 443, 65535])
def test_a_number_is_a_port(port: int) -> None:
    assert result(fields.ports, port) == [PortRange(port, port)]


def test_text_with_a_dash_is_a_range() -> None:
    assert result(fields.ports, "8000-8100") == [PortRange(8000, 8100)]


def test_a_list_is_several_in_their_order() -> None:
    assert result(fields.ports, [443, "8000-8100", 80]) == [
        PortRange(443, 443),
        PortRange(8000, 8100),
        PortRange(80, 80),
    ]


@pytest.mark.parametrize("port", [0, -1, 65536, 10**18, pytest.param(16**5000, id="huge")])
def test_a_number_that_is_no_port_is_told(port: int) -> None:
    assert told(fields.ports, port) == [("port-number", "port numbers go from 1 to 65535")]


@pytest.mark.parametrize("text", ["0-70000", "1-70000", "65536-65537", "99999-1"])
def test_a_range_that_leaves_the_ports_is_told(text: str) -> None:
    codes = [code for code, _ in told(fields.ports, text)]

    assert codes in (["port-number"], ["port-form"])


def test_a_range_backwards_is_told_with_the_right_one() -> None:
    assert told(fields.ports, "90-80") == [("range-order", 'write "80-90"')]


def test_a_range_of_one_is_a_number() -> None:
    assert told(fields.ports, "80-80") == [("range-order", "write 80")]


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("443", "write a single number without quotes: 443"),
        (" 443 ", "write a single number without quotes: 443"),
        ("8000:8100", 'write "8000-8100"'),
        ("8000 - 8100", 'write "8000-8100"'),
        ("8000..8100", 'write "8000-8100"'),
        ("8000〜8100", 'write "8000-8100"'),
        ("8000 to 8100", 'write "8000-8100"'),
        ("https", EXAMPLES),
        ("", EXAMPLES),
        ("80,443", EXAMPLES),
        ("080-090", 'write "080-090"'),
    ],
)
def test_text_that_is_no_range_is_told_with_what_was_meant(text: str, hint: str) -> None:
    assert told(fields.ports, text) == [("port-form", hint)]


@pytest.mark.parametrize("value", [443.0, True, dt.date(2026, 1, 1), {}, [[80]]])
def test_what_is_no_port_at_all_is_told(value: Toml) -> None:
    assert told(fields.ports, value) == [("wrong-type", EXAMPLES)]


def test_an_empty_list_is_told() -> None:
    assert told(fields.ports, []) == [("empty", "")]


@pytest.mark.parametrize(
    "value", [[80, 80], ["80-90", "80-90"], pytest.param([16**5000] * 2, id="huge")]
)
def test_an_item_twice_is_told(value: Toml) -> None:
    assert ("repeated-item", "") in told(fields.ports, value)


@pytest.mark.parametrize("value", [[85, "80-90"], ["80-90", 85], ["80-90", "70-80"], [1, 3, "2-3"]])
def test_a_port_within_a_range_of_the_same_list_is_told(value: Toml) -> None:
    assert told(fields.ports, value) == [("repeated-port", "")]


@given(st.lists(st.tuples(st.integers(1, 40), st.integers(0, 5)), max_size=8))
def test_no_port_is_read_twice(pairs: list[tuple[int, int]]) -> None:
    value: list[Toml] = [f"{first}-{first + more}" if more else first for first, more in pairs]
    complaints = Complaints(locate(""))

    found = fields.ports(value, ("port",), complaints)

    read = [port for ports in found for port in range(ports.first, ports.last + 1)]
    assert len(read) == len(set(read))
    assert bool(complaints.sorted()) == (len(found) < len(pairs) or not pairs)


def test_a_transport_is_tcp_or_udp_or_both() -> None:
    assert result(fields.transports, "udp") == [Transport.UDP]
    assert result(fields.transports, ["tcp", "udp"]) == [Transport.TCP, Transport.UDP]


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        ("TCP", 'write "tcp"'),
        ("sctp", 'for both, write ["tcp", "udp"]'),
        ("tcp/udp", 'for both, write ["tcp", "udp"]'),
        (6, 'for both, write ["tcp", "udp"]'),
    ],
)
def test_another_transport_is_told(value: Toml, hint: str) -> None:
    assert told(fields.transports, value) == [("transport", hint)]


def test_addresses_are_read_in_their_one_form() -> None:
    assert result(fields.addresses, ["127.0.0.53", "2001:DB8::0:1", "::ffff:192.0.2.1"]) == [
        "127.0.0.53",
        "2001:db8::1",
        "192.0.2.1",
    ]


def test_an_address_may_name_its_interface() -> None:
    assert result(fields.addresses, "fe80::1%eth0") == ["fe80::1%eth0"]


@pytest.mark.parametrize("text", ["0.0.0.0", "::", "0:0::0"])
def test_every_address_is_no_address(text: str) -> None:
    assert told(fields.addresses, text) == [
        ("address-is-any", "leave address out: then any is meant")
    ]


@pytest.mark.parametrize("text", ["192.0.2.256", "::1::", "1", "127.0.0.1%lo"])
def test_what_only_looks_like_an_address_is_told(text: str) -> None:
    assert told(fields.addresses, text) == [("bad-address", "")]


@pytest.mark.parametrize("value", ["localhost", "eth0", "", 1, "192.0.2.0/24", "[::1]"])
def test_what_is_no_address_is_told(value: Toml) -> None:
    assert told(fields.addresses, value) == [
        ("address-form", 'for example "127.0.0.1" or "::1"; leave it out for any')
    ]


def test_one_address_in_two_forms_is_told() -> None:
    assert told(fields.addresses, ["::1", "0::1"]) == [("repeated-address", "")]


def test_the_reason_is_kept_as_it_is() -> None:
    assert result(fields.why, " 社内の人が使います。\n") == " 社内の人が使います。\n"


@pytest.mark.parametrize(("value", "code"), [("", "why"), (" \t\n", "why"), (1, "wrong-type")])
def test_a_door_without_a_reason_is_told(value: Toml, code: str) -> None:
    assert told(fields.why, value) == [
        (code, "say in a few words who needs this door, and what for")
    ]


@pytest.mark.parametrize("name", ["ssh", "http-alt", "3com-tsmux", "iso-tp0s", "c++"])
def test_a_service_is_one_word(name: str) -> None:
    assert result(fields.service, name) == name


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        ("SSH", 'write "ssh"'),
        (" ssh ", 'write "ssh"'),
        ("my service", 'for example "ssh", "https" or "postgresql"'),
        ("", 'for example "ssh", "https" or "postgresql"'),
        (1, 'for example "ssh", "https" or "postgresql"'),
    ],
)
def test_what_is_no_service_is_told(value: Toml, hint: str) -> None:
    assert told(fields.service, value) == [("service-form", hint)]


def test_an_executable_is_an_absolute_path() -> None:
    assert result(fields.executable, "/usr/sbin/sshd") == "/usr/sbin/sshd"


@pytest.mark.parametrize("value", ["sshd", "./sshd", "", 1])
def test_another_path_is_told(value: Toml) -> None:
    assert told(fields.executable, value) == [
        ("exe-form", 'for example "/usr/sbin/sshd"; for the unit\'s name there is unit')
    ]


@pytest.mark.parametrize("reader", [fields.unit, fields.user, fields.container])
def test_a_name_is_one_word(reader: Reader) -> None:
    assert result(reader, "openvpn@*.service") == "openvpn@*.service"


@pytest.mark.parametrize(
    ("reader", "hint"),
    [
        (fields.unit, 'for example "ssh.service"'),
        (fields.user, 'for example "www-data"'),
        (fields.container, 'for example "web"'),
    ],
)
@pytest.mark.parametrize("value", ["", "a b", "a\n", 1, ["a"]])
def test_what_is_no_name_is_told(reader: Reader, hint: str, value: Toml) -> None:
    assert told(reader, value) == [("name-form", hint)]


@pytest.mark.parametrize("value", [True, False])
def test_a_door_is_optional_or_not(value: Toml) -> None:
    assert result(fields.optional, value) is value


@pytest.mark.parametrize("value", ["true", 1, []])
def test_nothing_else_makes_a_door_optional(value: Toml) -> None:
    assert told(fields.optional, value) == [
        ("wrong-type", "true where the door may be shut at times")
    ]


@pytest.mark.parametrize("value", [dt.date(2027, 3, 31), "2027-03-31"])
def test_the_last_day_is_a_date_with_or_without_quotes(value: Toml) -> None:
    assert result(fields.until, value) == dt.date(2027, 3, 31)


@pytest.mark.parametrize(
    "value",
    [
        dt.datetime(2027, 3, 31, 10, 0),  # noqa: DTZ001 - TOML's local date-time has no zone
        dt.time(10, 0),
        "2027-02-30",
        "20270331",
        "2027-W13-3",
        "tomorrow",
        20270331,
    ],
)
def test_what_is_no_date_is_told(value: Toml) -> None:
    assert told(fields.until, value) == [
        ("until-form", "write the last day as YYYY-MM-DD, for example 2027-03-31")
    ]
