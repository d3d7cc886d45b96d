"""How fast a scan is when nobody has said."""

import ipaddress

import pytest

from tojimari.scan import pace
from tojimari.scan.task import Space, Way


def space(*networks: str) -> Space:
    found = [ipaddress.ip_network(one) for one in networks]
    spans = tuple((int(one.network_address), int(one.broadcast_address)) for one in found)
    return Space(found[0].version, spans, (80,))


def way(link: str, gateway: int | None = None) -> Way:
    return Way("eth0", 2, link, 1, 1500, gateway=gateway)


@pytest.mark.parametrize("near", [way("loopback"), way("ethernet")])
def test_on_the_link_there_is_no_bound(near: Way) -> None:
    assert pace.default(near, space("192.0.2.0/24")) is None


@pytest.mark.parametrize("far", [way("ethernet", 1), way("none")])
def test_beyond_it_each_network_has_its_bound(far: Way) -> None:
    assert pace.default(far, space("192.0.2.7/32")) == 10_000
    assert pace.default(far, space("192.0.2.0/25", "192.0.2.128/25", "198.51.100.0/24")) == 20_000


def test_all_together_have_one_too() -> None:
    assert pace.default(way("none"), space("10.0.0.0/8")) == 100_000


@pytest.mark.parametrize(
    ("networks", "count"),
    [
        (("192.0.2.0/24",), 1),
        (("192.0.2.0/31", "192.0.2.4/32"), 1),
        (("10.0.0.0/16",), 256),
        (("2001:db8::/80", "2001:db8:0:1::7/128"), 2),
    ],
)
def test_networks_are_counted_once(networks: tuple[str, ...], count: int) -> None:
    assert pace.networks(space(*networks)) == count
