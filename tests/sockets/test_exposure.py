import pytest

from scenery import DOCKER, HOST_NETNS, PRIVATE, PUBLIC, listener, namespace
from tojimari.core.exposure import Certainty, Zone
from tojimari.core.interface import Interface
from tojimari.core.socket import Namespace
from tojimari.sockets.exposure import exposure

YES, MAYBE, NO = Certainty.YES, Certainty.MAYBE, Certainty.NO


def judged(
    where: Namespace, address: str, *, v6only: bool | None = None, interface: str | None = None
) -> tuple[Certainty, ...]:
    heard = listener(address, v6only=v6only, interface=interface)
    found = exposure(heard, {HOST_NETNS: where})
    return tuple(found.certainty(zone) for zone in Zone)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.53", "::1"])
def test_a_loopback_address_is_for_this_machine_alone(address: str) -> None:
    assert judged(namespace(PUBLIC), address) == (YES, NO, NO, NO)


def test_every_address_with_a_public_one_reaches_the_internet() -> None:
    assert judged(namespace(PUBLIC), "0.0.0.0") == (YES, NO, YES, YES)


def test_every_address_with_private_ones_reaches_the_lan_and_maybe_the_internet() -> None:
    assert judged(namespace(PRIVATE), "0.0.0.0") == (YES, NO, YES, MAYBE)


def test_a_container_bridge_lets_containers_knock() -> None:
    assert judged(namespace(DOCKER), "0.0.0.0") == (YES, YES, MAYBE, MAYBE)


def test_the_address_of_a_container_bridge_is_not_the_lan() -> None:
    assert judged(namespace(PUBLIC, DOCKER), "172.17.0.1") == (YES, YES, MAYBE, MAYBE)


def test_a_private_address_beside_a_public_one_is_judged_by_itself() -> None:
    assert judged(namespace(PUBLIC, PRIVATE), "10.0.0.5") == (YES, NO, YES, MAYBE)


def test_dual_stack_takes_ipv4_addresses_too() -> None:
    assert judged(namespace(PUBLIC), "::", v6only=False) == (YES, NO, YES, YES)


def test_v6only_does_not_take_ipv4_addresses() -> None:
    assert judged(namespace(PUBLIC), "::", v6only=True) == (YES, NO, NO, NO)


def test_a_socket_bound_to_a_device_takes_from_that_device_alone() -> None:
    assert judged(namespace(PUBLIC, PRIVATE), "0.0.0.0", interface="eth0") == (YES, NO, YES, MAYBE)


def test_an_interface_that_is_down_lets_nobody_in() -> None:
    down = Interface("eth1", 3, ("8.8.8.8/24",), up=False, kind="ethernet")
    assert judged(namespace(down), "8.8.8.8") == (YES, NO, NO, NO)


def test_loopback_alone_is_for_this_machine_alone() -> None:
    assert judged(namespace(), "0.0.0.0") == (YES, NO, NO, NO)


def test_inside_a_container_the_lan_is_unsure() -> None:
    inside = namespace(
        Interface("eth0", 9, ("172.17.0.2/16",), up=True, kind="veth"), is_host=False
    )
    assert judged(inside, "0.0.0.0") == (YES, YES, MAYBE, MAYBE)


def test_a_macvlan_container_stands_in_the_lan() -> None:
    inside = namespace(
        Interface("eth0", 9, ("10.0.0.9/24",), up=True, kind="macvlan"), is_host=False
    )
    assert judged(inside, "0.0.0.0") == (YES, YES, YES, MAYBE)


def test_without_interfaces_nothing_farther_is_sure() -> None:
    assert judged(Namespace(HOST_NETNS, "host", is_host=True), "0.0.0.0") == (
        YES,
        MAYBE,
        MAYBE,
        MAYBE,
    )


def test_the_address_that_decided_is_named() -> None:
    found = exposure(listener("0.0.0.0"), {HOST_NETNS: namespace(PUBLIC)})
    assert found.reaches[-1].because.values == {"address": "8.8.8.8", "interface": "eth1"}


def test_a_public_address_on_loopback_is_reached_through_routing() -> None:
    anycast = Interface("lo", 1, ("127.0.0.1/8", "8.8.4.4/32"), up=True, kind="loopback")
    where = Namespace(HOST_NETNS, "host", is_host=True, interfaces=(anycast,))
    assert judged(where, "8.8.4.4")[-1] is YES
