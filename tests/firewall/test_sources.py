import pytest

from tojimari.core.exposure import Zone
from tojimari.core.interface import Interface
from tojimari.firewall import intervals, sources
from tojimari.firewall.machine import Machine, Route

INTERFACES = (
    Interface("lo", 1, ("127.0.0.1/8", "::1/128"), up=True, kind="loopback"),
    Interface("eth0", 2, ("10.0.0.5/24", "fe80::5/64"), up=True, kind="ethernet"),
    Interface("eth1", 3, ("8.8.8.8/24",), up=True, kind="ethernet"),
    Interface("docker0", 4, ("172.17.0.1/16",), up=True, kind="bridge"),
    Interface("eth9", 5, ("10.9.9.9/24",), up=False, kind="ethernet"),
)
ROUTES = (Route(4, 0, 0, "eth0"),)
MACHINE = Machine(sources.addresses(INTERFACES), ROUTES, {4: True})


@pytest.mark.parametrize(
    ("address", "inside"),
    [
        ("8.8.8.8", True),
        ("172.15.255.255", True),
        ("172.16.0.0", False),
        ("10.0.0.1", False),
        ("100.64.0.1", False),
        ("127.0.0.1", False),
        ("169.254.1.1", False),
        ("192.168.1.1", False),
        ("203.0.113.1", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("2606:4700::1", True),
        ("fd00::1", False),
        ("fe80::1", False),
        ("2001:db8::1", False),
        ("::1", False),
    ],
)
def test_the_internet_is_what_is_routed_there(address: str, inside: bool) -> None:
    family = 6 if ":" in address else 4
    number = intervals.parse_address(address, family)
    assert intervals.contains(sources.internet(family), number) is inside


def places() -> dict[tuple[str, int, str | None], list[str]]:
    found: dict[tuple[str, int, str | None], list[str]] = {}
    for one in sources.standpoints(INTERFACES, MACHINE):
        networks = list(intervals.networks(one.sources, one.family))
        found[str(one.zone), one.family, one.interface] = networks
    return found


def test_each_place_has_its_interface_and_its_addresses() -> None:
    found = places()
    assert found["this-machine", 4, "lo"] == [
        "8.8.8.8", "10.0.0.5", "127.0.0.0/8", "172.17.0.1",
    ]  # fmt: skip
    assert "10.0.0.5" not in found["lan", 4, "eth0"]
    assert "10.0.0.4" in found["lan", 4, "eth0"]
    assert "172.17.128.0/17" in found["containers", 4, "docker0"]
    assert ("containers", 4, "eth0") not in found
    assert ("lan", 4, "docker0") not in found
    assert ("lan", 4, "eth9") not in found


def test_the_internet_comes_by_the_default_route_and_by_public_addresses() -> None:
    found = {key[2] for key in places() if key[:2] == (Zone.INTERNET, 4)}
    assert found == {"eth0", "eth1"}
    assert ("internet", 6, "eth0") not in places()


def test_without_routes_the_internet_may_come_by_any_way_out() -> None:
    machine = Machine(sources.addresses(INTERFACES))
    found = {
        one.interface
        for one in sources.standpoints(INTERFACES, machine)
        if one.zone is Zone.INTERNET
    }
    assert found == {"eth0", "eth1"}


def test_the_internet_has_nothing_of_the_networks_here() -> None:
    far = next(
        one.sources for one in sources.standpoints(INTERFACES, MACHINE) if one.zone is Zone.INTERNET
    )
    assert not intervals.contains(far, intervals.parse_ipv4("8.8.8.9"))
    assert intervals.contains(far, intervals.parse_ipv4("8.8.9.9"))


def test_named_addresses_come_by_the_way_that_leads_to_them() -> None:
    wanted = intervals.interval(*intervals.parse_network("9.9.9.0/24", 4))
    found = list(sources.anywhere_else(4, wanted, INTERFACES, MACHINE))
    assert [(one.zone, one.interface) for one in found] == [(None, "eth0")]
    own = [intervals.parse_ipv4("10.0.0.5"), intervals.parse_ipv4("10.0.0.5") + 1]
    assert [one.interface for one in sources.anywhere_else(4, own, INTERFACES, MACHINE)] == ["lo"]


def test_private_networks_are_those_of_home_and_work() -> None:
    assert "192.168.0.0/16" in intervals.networks(sources.private(4), 4)
    assert "fc00::/7" in intervals.networks(sources.private(6), 6)
