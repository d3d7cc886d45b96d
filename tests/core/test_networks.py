import pytest

from tojimari.core import networks


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2a00:1450::1", True),
        ("10.1.2.3", False),
        ("100.64.0.1", False),
        ("192.0.2.1", False),
        ("169.254.1.1", False),
        ("fd00::1", False),
        ("fe80::1%eth0", False),
        ("224.0.0.251", False),
    ],
)
def test_public_is_what_the_internet_routes(address: str, public: bool) -> None:
    assert networks.is_public(address) is public


def test_a_multicast_group_is_told() -> None:
    assert networks.is_multicast("ff02::fb")


@pytest.mark.parametrize(
    ("name", "to_containers"),
    [("docker0", True), ("br-0123456789ab", True), ("cni0", True), ("eth0", False), ("br0", False)],
)
def test_interfaces_of_container_runtimes_are_known_by_name(name: str, to_containers: bool) -> None:
    assert networks.is_container_interface(name) is to_containers
