"""SYNs through the real kernel: to a far machine, and to this one."""

import ipaddress
import os
from collections.abc import Generator, Iterable

import pytest

import yard
from simulated import Listener
from tojimari.core.endpoint import Transport
from tojimari.linux import rtnetlink
from tojimari.scan.methods.syn import METHOD
from tojimari.scan.task import Answer, Ended, Ending, Reason, Space, Task, Way
from yard import CABLE, OURS, OURS_V6, THEIRS, THEIRS_V6, Yard

OPEN = (22, 80, 443, 8080, 65535)


@pytest.fixture
def far(root: None) -> Generator[Yard]:
    del root
    with yard.yard() as made:
        yield made


def way(name: str, source: str, link: str = "ethernet") -> Way:
    found = next(one for one in rtnetlink.links() if one.interface.name == name)
    number = int(ipaddress.ip_address(source))
    return Way(name, found.interface.index, link, number, 1500, found.hardware)


def scan(
    path: Way, *targets: str, ports: Iterable[int] = range(1, 65536)
) -> tuple[Ending, Listener]:
    numbers = sorted(int(ipaddress.ip_address(one)) for one in targets)
    version = ipaddress.ip_address(targets[0]).version
    space = Space(version, tuple((one, one) for one in numbers), tuple(ports))
    task = Task(Transport.TCP, space, path, 7, 0, space.size)
    assert METHOD.obstacle(task) is None
    listener = Listener()
    return METHOD.run(task, listener), listener


@pytest.mark.parametrize(
    ("ours", "theirs", "every"),
    [
        (OURS, THEIRS, "0.0.0.0"),
        (OURS_V6, THEIRS_V6, "::"),
    ],
)
def test_every_door_of_a_far_machine_is_known(
    far: Yard, ours: str, theirs: str, every: str
) -> None:
    far.listen(*OPEN, address=every)
    before = os.listdir("/proc/self/fd")  # noqa: PTH208 - names, not paths
    ending, told = scan(way(CABLE, ours), theirs)
    assert {place + 1 for place in told.places(Answer.OPEN)} == set(OPEN)
    assert len(told.places(Answer.CLOSED)) == 65535 - len(OPEN)
    assert ending.why is Ended.SURE
    assert os.listdir("/proc/self/fd") == before  # noqa: PTH208 - the same
    assert all(0 < trip < 5 for trip in told.trips)


def test_a_firewall_is_told_from_closed_doors(far: Yard) -> None:
    far.listen(*OPEN)
    far.run("nft", "add", "table", "inet", "f")
    far.run(
        "nft", "add", "chain", "inet", "f", "i",
        "{ type filter hook input priority 0; policy accept; }",
    )  # fmt: skip
    far.run("nft", "add", "rule", "inet", "f", "i", "tcp", "dport", "100-199", "drop")
    far.run(
        "nft", "add", "rule", "inet", "f", "i", "tcp", "dport", "200-205",
        "reject", "with", "icmpx", "admin-prohibited",
    )  # fmt: skip
    ending, told = scan(way(CABLE, OURS), THEIRS, ports=range(1, 1001))
    assert {place + 1 for place in told.places(Answer.OPEN)} == {22, 80, 443}
    silent = {port: told.found[port - 1][:2] for port in range(100, 200)}
    assert set(silent.values()) == {(Answer.FILTERED, Reason.NO_RESPONSE)}
    told_of = {told.found[port - 1][:2] for port in range(200, 206)}
    assert (Answer.FILTERED, Reason.ADMIN_PROHIBITED) in told_of
    assert ending.passes >= 2


def test_this_machine_is_asked_by_its_loopback(network: None, root: None) -> None:
    del network, root
    with yard.yard() as far:
        del far
        for ours in ("127.0.0.1", "::1"):
            ending, told = scan(way("lo", ours, "loopback"), ours)
            assert len(told.found) == 65535
            assert ending.why is Ended.SURE
            assert not told.places(Answer.FILTERED)
