from dataclasses import replace

from rulesets import behind, filters
from scenery import HOST_NETNS, listener
from tojimari.audit.check import Scene
from tojimari.audit.checks.loopback_reachable import ask

OPEN = filters(policy="ACCEPT")
DNAT = """*nat
:PREROUTING ACCEPT [0:0]
:DOCKER - [0:0]
-A PREROUTING -j DOCKER
-A DOCKER -d 127.0.0.1/32 -p tcp -m tcp --dport 6379 -j DNAT --to-destination 172.17.0.2:6379
COMMIT
"""


def taking(scene: Scene, *interfaces: str) -> Scene:
    """The same machine, whose kernel takes the loopback network from some interfaces."""
    wall = scene.walls[HOST_NETNS]
    wall.reasoner.machine.route_localnet = frozenset(interfaces)
    return replace(scene, walls={HOST_NETNS: wall})


def test_a_door_at_127_0_0_1_is_found_where_the_kernel_takes_such_packets() -> None:
    made = taking(behind(OPEN, doors=(listener("127.0.0.1"),)), "eth0")
    (found,) = ask(made)
    assert found.message.values == {"address": "127.0.0.1", "interface": "eth0"}
    assert found.rules == ()


def test_the_rule_that_sends_it_on_is_named() -> None:
    forwarding = OPEN.replace(":FORWARD DROP", ":FORWARD ACCEPT")
    made = taking(behind(forwarding, DNAT, doors=(listener("127.0.0.1"),)), "eth0")
    assert [one.rules[0].owner for one in ask(made)] == ["Docker"]


def test_by_default_the_kernel_takes_none() -> None:
    assert not list(ask(behind(OPEN, doors=(listener("127.0.0.1"),))))


def test_only_neighbours_on_such_an_interface_come_in() -> None:
    assert not list(ask(taking(behind(OPEN, doors=(listener("127.0.0.1"),)), "eth7")))


def test_a_rule_that_stops_them_is_enough() -> None:
    assert not list(ask(taking(behind(filters(), doors=(listener("127.0.0.1"),)), "eth0")))


def test_a_door_at_every_address_is_not_for_this_check() -> None:
    assert not list(ask(taking(behind(OPEN, doors=(listener(),)), "eth0")))
