"""SYNs to many hosts through the real kernel."""

import ipaddress
from collections.abc import Generator

import pytest

import yard
from simulated import Listener
from tojimari.core.endpoint import Transport
from tojimari.linux import rtnetlink
from tojimari.scan.methods.syn_bulk import METHOD
from tojimari.scan.permutation import Permutation
from tojimari.scan.task import Answer, Ended, Ending, Limits, Reason, Space, Task, Way
from yard import CABLE, OURS, THEIRS, Yard, run


@pytest.fixture
def town(root: None) -> Generator[Yard]:
    """A far machine that is ten thousand: it takes every address of a network for its own."""
    del root
    with yard.yard() as made:
        made.run("ip", "route", "add", "local", "10.98.0.0/16", "dev", "lo")
        run("ip", "route", "add", "10.98.0.0/16", "via", THEIRS)
        yield made


def way(gateway: str | None = THEIRS) -> Way:
    found = next(one for one in rtnetlink.links() if one.interface.name == CABLE)
    number = None if gateway is None else int(ipaddress.ip_address(gateway))
    source = int(ipaddress.ip_address(OURS))
    return Way(CABLE, found.interface.index, "ethernet", source, 1500, found.hardware, number)


def networks(*texts: str) -> tuple[tuple[int, int], ...]:
    found = map(ipaddress.IPv4Network, texts)
    return tuple((int(one[0]), int(one[-1])) for one in found)


def scan(task: Task) -> tuple[Ending, Listener]:
    assert METHOD.obstacle(task) is None
    listener = Listener()
    return METHOD.run(task, listener), listener


FAST = Limits(rate=200_000)


def test_every_host_of_a_network_is_asked(town: Yard) -> None:
    town.listen(80, 8080)
    space = Space(4, networks("10.98.0.0/21", "10.98.64.0/22"), (79, 80, 8080))
    ending, told = scan(Task(Transport.TCP, space, way(), 7, 0, space.size, FAST))
    assert ending.why is Ended.SURE
    assert len(told.found) == space.size == 3072 * 3
    opens = {space.door(place)[1] for place in told.places(Answer.OPEN)}
    assert opens == {80, 8080}
    assert len(told.places(Answer.OPEN)) == 2 * 3072
    assert len(told.places(Answer.CLOSED)) == 3072
    assert ending.progress.position == space.size


def test_a_stretch_is_a_stretch_of_the_order(town: Yard) -> None:
    town.listen(80)
    space = Space(4, networks("10.98.0.0/22"), (80,))
    ending, told = scan(Task(Transport.TCP, space, way(), 7, 100, 300, FAST))
    order = Permutation(space.size, 7)
    assert told.places(Answer.OPEN) == {order.at(one) for one in range(100, 300)}
    assert (ending.progress.position, ending.progress.total) == (300, 200)


def test_loss_hides_no_host(town: Yard) -> None:
    town.listen(80)
    town.run("nft", "add", "table", "inet", "f")
    for hook in ("input", "output"):
        chain = f"{{ type filter hook {hook} priority 0; policy accept; }}"
        town.run("nft", "add", "chain", "inet", "f", hook, chain)
        rule = "meta l4proto tcp numgen random mod 100 < 10 drop"
        town.run("nft", "add", "rule", "inet", "f", hook, *rule.split())
    space = Space(4, networks("10.98.0.0/20"), (80,))
    ending, told = scan(Task(Transport.TCP, space, way(), 7, 0, space.size, FAST))
    assert len(told.places(Answer.OPEN)) == 4096
    assert ending.progress.sweep > 1


def test_what_a_firewall_says_on_the_way_is_told(town: Yard) -> None:
    town.listen(80)
    town.run("nft", "add", "table", "inet", "f")
    chain = "{ type filter hook input priority 0; policy accept; }"
    town.run("nft", "add", "chain", "inet", "f", "input", chain)
    words = {79: "admin-prohibited", 81: "host-unreachable", 82: "port-unreachable"}
    for port, said in words.items():
        rule = f"tcp dport {port} reject with icmp {said}"
        town.run("nft", "add", "rule", "inet", "f", "input", *rule.split())
    town.run("sysctl", "-qw", "net.ipv4.icmp_msgs_per_sec=100000", "net.ipv4.icmp_msgs_burst=1000")
    town.run("sysctl", "-qw", "net.ipv4.icmp_ratelimit=0")
    space = Space(4, networks("10.98.0.0/26"), (79, 80, 81, 82))
    ending, told = scan(Task(Transport.TCP, space, way(), 7, 0, space.size, FAST))
    assert ending.why is Ended.SURE
    assert len(told.places(Answer.OPEN)) == 64
    assert len(told.places(Answer.FILTERED)) == 3 * 64
    assert {(space.door(place)[1], one[1]) for place, one in told.found.items()} == {
        (79, Reason.ADMIN_PROHIBITED),
        (80, Reason.SYN_ACK),
        (81, Reason.HOST_UNREACHABLE),
        (82, Reason.PORT_UNREACHABLE),
    }


def test_neighbours_have_link_addresses_of_their_own(town: Yard) -> None:
    town.run("ip", "address", "add", "10.99.0.3/24", "dev", CABLE)
    town.listen(80)
    first = int(ipaddress.ip_address(THEIRS))
    space = Space(4, ((first, first + 2),), (80,))
    ending, told = scan(Task(Transport.TCP, space, way(None), 7, 0, space.size))
    assert told.places(Answer.OPEN) == {0, 1}
    assert told.places(Answer.FILTERED) == {2}
    assert ending.passes == 2


def test_what_cannot_be_done_is_said(root: None) -> None:
    del root
    six = Space(6, ((1, 1000),), (80,))
    path = Way("eth0", 2, "ethernet", 1, 1500)
    said = METHOD.obstacle(Task(Transport.TCP, six, path, 1, 0, 1000))
    assert said is not None
    assert said.code == "not-ethernet"
    large = Space(4, ((1, 1000),), (80,))
    said = METHOD.obstacle(Task(Transport.TCP, large, path, 1, 0, 1000))
    assert said is not None
    assert said.code == "too-many"
