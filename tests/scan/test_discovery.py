"""Which addresses of a network have a machine."""

import socket
from collections.abc import Generator

import pytest

import yard
from tojimari.scan import discovery, ways
from tojimari.scan.intervals import Intervals, network, shown
from tojimari.scan.methods.connect import METHOD
from tojimari.scan.ways import Stretch
from yard import OURS, THEIRS, THEIRS_V6, Yard, run

PORTS = range(1, 1001)


@pytest.fixture
def far(root: None) -> Generator[Yard]:
    del root
    with yard.yard() as made:
        yield made


def stretch(*networks: str) -> Stretch:
    version = 6 if ":" in networks[0] else 4
    plotted = ways.plot({(version, ""): tuple(map(network, networks))})
    return next(one for one in plotted.stretches if not one.own)


def texts(version: int, found: Intervals) -> list[str]:
    return [shown(version, one) for low, high in found for one in range(low, high + 1)]


def test_on_the_link_whoever_has_an_address_is_there(far: Yard) -> None:
    far.run("ip", "address", "add", "10.99.0.13/24", "dev", yard.CABLE)
    asked = stretch("10.99.0.0/28")
    assert discovery.worthwhile(asked, PORTS)
    assert texts(4, discovery.up(asked, METHOD, None)) == [THEIRS, "10.99.0.13"]


def test_on_the_link_by_ipv6(far: Yard) -> None:
    del far
    asked = stretch("fd99::/125")
    assert texts(6, discovery.up(asked, METHOD, None)) == [THEIRS_V6]


@pytest.mark.parametrize("silent", [False, True])
def test_beyond_it_by_echoes_and_by_doors(far: Yard, silent: bool) -> None:
    for host in ("10.96.0.3", "10.96.0.5"):
        far.run("ip", "address", "add", f"{host}/32", "dev", "lo")
    run("ip", "route", "add", "10.96.0.0/24", "via", THEIRS)
    far.run("ip", "route", "add", "blackhole", "10.96.0.0/24")
    if silent:
        far.run(
            "nft",
            "add table inet yard; add chain inet yard in { type filter hook input priority 0; };"
            " add rule inet yard in icmp type echo-request drop",
        )
    found = discovery.up(stretch("10.96.0.0/29"), METHOD, None)
    assert texts(4, found) == ["10.96.0.3", "10.96.0.5"]


def test_a_single_machine_ourselves_and_few_doors_are_not_looked_for(far: Yard) -> None:
    del far
    assert not discovery.worthwhile(stretch(f"{THEIRS}/32"), PORTS)
    assert not discovery.worthwhile(stretch("10.99.0.0/28"), (22,))
    own = [one for one in ways.plot({(4, ""): (network(f"{OURS}/32"),)}).stretches if one.own]
    assert not any(discovery.worthwhile(one, PORTS) for one in own)


@pytest.mark.parametrize(
    ("family", "data", "expected"),
    [
        (socket.AF_INET, bytes(8), True),
        (socket.AF_INET, b"\x45" + bytes(19) + bytes(8), True),
        (socket.AF_INET, b"\x08" + bytes(7), False),
        (socket.AF_INET6, b"\x81" + bytes(7), True),
        (socket.AF_INET6, b"\x80" + bytes(7), False),
        (socket.AF_INET, b"\x45", False),
        (socket.AF_INET, b"", False),
    ],
)
def test_only_a_reply_is_one(family: int, data: bytes, expected: bool) -> None:
    assert discovery.is_reply(family, data) is expected
