import datetime as dt
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tojimari.core.endpoint import Transport
from tojimari.core.intent import PortRange
from tojimari.policy.document import read
from tojimari.policy.writing import Line, is_writable, line, one_or_several, quoted, table

HEAD = 'schema = "tojimari.doors/1"\n'
HTTPS = Line((PortRange(443, 443),), ("internet",), "The shop.")


def test_a_door_is_written_with_what_it_says_and_no_more() -> None:
    assert table(HTTPS) == ('[[door]]\nport = 443\nfrom = ["internet"]\nwhy = "The shop."\n')


def test_every_key_is_written_in_the_order_of_the_reference() -> None:
    whole = Line(
        ports=(PortRange(53, 53), PortRange(8000, 8100)),
        sources=("lan", "office"),
        why='Say "why".',
        transports=(Transport.TCP, Transport.UDP),
        addresses=("127.0.0.53",),
        service="dns",
        unit="dns.service",
        exe="/usr/bin/dns",
        user="dns",
        container="dns-1",
        optional=True,
        until=dt.date(2027, 3, 31),
    )

    assert (
        table(whole)
        == """\
[[door]]
port = [53, "8000-8100"]
transport = ["tcp", "udp"]
address = "127.0.0.53"
service = "dns"
from = ["lan", "office"]
unit = "dns.service"
exe = "/usr/bin/dns"
user = "dns"
container = "dns-1"
optional = true
until = 2027-03-31
why = "Say \\"why\\"."
"""
    )


def test_udp_alone_is_said() -> None:
    assert 'transport = "udp"\n' in table(
        Line((PortRange(53, 53),), ("lan",), "x", transports=(Transport.UDP,))
    )


def test_a_long_list_has_an_item_a_line() -> None:
    networks = [f'"192.0.2.{n}/32"' for n in range(8)]

    assert one_or_several(networks) == "[\n" + "".join(f"    {one},\n" for one in networks) + "]"


def test_a_list_of_the_full_width_stays_in_its_line() -> None:
    assert one_or_several(["1" * 48, "2" * 48]).count("\n") == 0
    assert one_or_several(["1" * 48, "2" * 49]).count("\n") == 4 - 1


@given(st.text())
def test_text_is_read_back_as_it_was(text: str) -> None:
    assert tomllib.loads(f"x = {quoted(text)}")["x"] == text


def test_a_byte_that_was_no_text_cannot_be_written() -> None:
    undecodable = b"/usr/bin/\xff".decode("utf-8", "surrogateescape")

    assert not is_writable(undecodable)
    with pytest.raises(ValueError, match="TOML cannot hold"):
        quoted(undecodable)


NAMES = st.from_regex(r"[a-z][a-z0-9@.-]{0,8}", fullmatch=True)
LINES = st.builds(
    Line,
    ports=st.lists(st.integers(0, 900), min_size=1, max_size=3, unique=True).map(
        lambda starts: tuple(PortRange(70 * n + 1, 70 * n + 1 + n % 3) for n in starts)
    ),
    sources=st.lists(
        st.sampled_from(["lan", "internet", "office", "192.0.2.0/24"]),
        min_size=1,
        max_size=4,
        unique=True,
    ).map(tuple),
    why=st.text(min_size=1).filter(str.strip),
    transports=st.sampled_from(
        [(Transport.TCP,), (Transport.UDP,), (Transport.TCP, Transport.UDP)]
    ),
    addresses=st.lists(st.sampled_from(["::1", "192.0.2.1"]), unique=True).map(tuple),
    service=st.none() | NAMES.map(lambda name: name.replace("@", "-")),
    unit=st.none() | NAMES,
    exe=st.none() | NAMES.map(lambda name: f"/usr/bin/{name}"),
    user=st.none() | NAMES,
    container=st.none() | NAMES,
    optional=st.booleans(),
    until=st.none() | st.dates(),
)


@given(LINES)
def test_what_is_written_is_read_back_as_it_was(written: Line) -> None:
    text = f'{HEAD}[groups]\noffice = "192.0.2.7"\n{table(written)}'

    policy = read(text.encode()).use()

    assert line(policy.intents) == written
