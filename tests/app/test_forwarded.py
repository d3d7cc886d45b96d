"""Doors that only a rule opens, on a machine made by hand."""

from guarded import UFW_AND_DOCKER, guarded, walls
from rulesets import HOST, OWN, behind
from scenery import HOST_NETNS, intent, listener
from tojimari.app import join
from tojimari.core.door import Door
from tojimari.core.exposure import Zone
from tojimari.core.intent import PortRange
from tojimari.core.interface import Interface
from tojimari.core.observation import State, Witness
from tojimari.core.socket import Listener, Namespace
from tojimari.firewall.machine import Route

WEB = Namespace(
    HOST_NETNS + 1,
    "web",
    is_host=False,
    interfaces=(Interface("eth0", 2, ("172.17.0.2/16",), up=True, kind="veth"),),
)


def nat(*rules: str) -> str:
    return "\n".join(["*nat", ":PREROUTING ACCEPT [0:0]", *rules, "COMMIT", ""])


def doors(*rules: str, heard: tuple[Listener, ...] = ()) -> list[Door]:
    read = walls(*rules, own=OWN, netns=HOST_NETNS)
    machine = read.read[HOST_NETNS].machine
    machine.routes = (
        Route(4, 0, 0, "eth0"),
        Route(4, 0xC0A80000, 24, "eth0"),
        Route(4, 0xAC110000, 16, "docker0"),
    )
    return [one for one in guarded(read, (HOST, WEB), *heard) if one.forwarding is not None]


def inside(port: int) -> Listener:
    made = listener(port=port)
    return Listener(made.endpoint, WEB.inode, made.owners)


def test_a_published_port_is_a_door_with_whoever_waits_there() -> None:
    (door,) = doors(UFW_AND_DOCKER, heard=(inside(80),))
    assert (str(door.endpoint), door.listener, door.number) == (
        "tcp 0.0.0.0:8080",
        None,
        "8080/tcp",
    )
    sent = door.forwarding
    assert sent is not None
    assert (sent.to.address, sent.to.port, sent.to.here) == ("172.17.0.2", 80, False)
    assert (sent.namespace, sent.listener) == (WEB, inside(80))
    assert sent.past is not None
    assert sent.past.owner == "ufw"
    assert door.programs == ("redis-server",)
    assert door.exposure.widest is Zone.LAN
    seen = door.observations[0]
    assert (seen.witness, seen.state) == (Witness.FIREWALL, State.OPEN)


def test_where_nobody_waits_it_is_a_door_all_the_same() -> None:
    (door,) = doors(UFW_AND_DOCKER)
    assert (door.owners, door.is_server) == ((), True)


def test_a_proxy_that_holds_the_door_too_stays_its_holder() -> None:
    (door,) = doors(UFW_AND_DOCKER, heard=(listener(port=8080), inside(80)))
    assert door.listener == listener(port=8080)
    assert door.forwarding is not None
    assert door.forwarding.namespace == WEB


def test_a_door_for_this_machine_alone_is_another_than_the_published_one() -> None:
    found = doors(UFW_AND_DOCKER, heard=(listener("127.0.0.1", 8080),))
    assert [door.endpoint.address for door in found] == ["0.0.0.0"]


def test_a_redirect_leads_to_the_door_behind_it() -> None:
    rule = "-A PREROUTING -p tcp -m tcp --dport 443 -j REDIRECT --to-ports 8443"
    (door,) = doors(nat(rule), heard=(listener(port=8443),))
    sent = door.forwarding
    assert sent is not None
    assert (door.endpoint.port, sent.to.here, sent.listener) == (443, True, listener(port=8443))


def test_one_address_of_several_is_named() -> None:
    rule = "-A PREROUTING -d 192.168.0.2/32 -p tcp -m tcp --dport 25 -j DNAT --to-destination 172.17.0.2"  # noqa: E501 - one rule
    assert [door.endpoint.address for door in doors(nat(rule))] == ["192.168.0.2"]


def test_many_numbers_that_one_rule_sends_on_are_one_door() -> None:
    rule = "-A PREROUTING -p udp -m udp --dport 6000:6100 -j DNAT --to-destination 172.17.0.2"
    (door,) = doors(nat(rule))
    assert (door.number, door.endpoint.port, door.last) == ("6000-6100/udp", 6000, 6100)


def test_a_line_of_the_policy_covers_all_numbers_or_none() -> None:
    rule = "-A PREROUTING -p tcp -m tcp --dport 6000:6100 -j DNAT --to-destination 172.17.0.2"
    (door,) = doors(nat(rule))
    narrow, whole = intent(6000), intent(6000, ports=PortRange(6000, 6100))
    assert (join.line([narrow], door), join.line([whole], door)) == (None, whole)


def test_without_a_rule_that_sends_on_there_is_no_such_door() -> None:
    assert not [one for one in behind(nat()).doors if one.forwarding is not None]
