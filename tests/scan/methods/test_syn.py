"""SYNs through the real kernel: to a far machine, and to this one."""

import ipaddress
import os
from collections.abc import Generator, Iterable

import pytest

import yard
from distance import far_away
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


@pytest.mark.parametrize(
    ("ours", "theirs", "every"),
    [
        (OURS, THEIRS, "0.0.0.0"),
        (OURS_V6, THEIRS_V6, "::"),
    ],
)
def test_without_a_program_in_the_kernel_the_same_is_found(
    far: Yard, ours: str, theirs: str, every: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*words: object) -> int:
        raise PermissionError(1, str(words))

    monkeypatch.setattr("tojimari.linux.bpf.load", refuse)
    far.listen(*OPEN, address=every)
    far.run("nft", "add", "table", "inet", "f")
    chain = "{ type filter hook input priority 0; policy accept; }"
    far.run("nft", "add", "chain", "inet", "f", "i", chain)
    rule = "tcp dport 200 reject with icmpx admin-prohibited"
    far.run("nft", "add", "rule", "inet", "f", "i", *rule.split())
    ending, told = scan(way(CABLE, ours), theirs, ports=range(1, 9000))
    assert {place + 1 for place in told.places(Answer.OPEN)} == {22, 80, 443, 8080}
    assert told.found[199][:2] == (Answer.FILTERED, Reason.ADMIN_PROHIBITED)
    assert len(told.places(Answer.CLOSED)) == 8994
    assert ending.why is Ended.SURE


def test_forged_answers_open_no_door(far: Yard) -> None:
    """A storm from the target itself, which knows our ports but not our numbers."""
    program = """
import random, socket, struct, sys
print("ready", flush=True)
source, target = map(socket.inet_aton, sys.argv[1:])
raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
chance = random.Random(3)
while True:
    flags = chance.choice([0x12, 0x14, 0x04, 0x10, 0x1A])
    port, ours = chance.randrange(1, 3000), chance.randrange(61440, 65536)
    number = chance.getrandbits(32)
    tcp = struct.pack(">HHIIBBHHH", port, ours, 1, number, 0x50, flags, 9, 0, 0)
    options = bytes(4 * chance.randrange(4))
    tcp = tcp[: chance.choice([20, 20, 20, 13])]
    first = 0x45 + len(options) // 4
    length = 20 + len(options) + len(tcp)
    head = struct.pack(">BBHHHBBH4s4s", first, 0, length, 0, 0, 64, 6, 0, source, target)
    raw.sendto(head + options + tcp, (sys.argv[2], 0))
"""
    far.listen(22)
    far.serve(program, THEIRS, OURS)
    _, told = scan(way(CABLE, OURS), THEIRS, ports=range(1, 3001))
    assert {place + 1 for place in told.places(Answer.OPEN)} == {22}
    assert len(told.places(Answer.CLOSED)) == 2999


def test_of_a_neighbour_that_is_not_there_that_is_said(far: Yard) -> None:
    far.listen(80)
    ending, told = scan(way(CABLE, OURS), THEIRS, "10.99.0.9", ports=(79, 80))
    assert told.found[1][0] is Answer.OPEN
    assert told.found[2] == told.found[3] == (Answer.FILTERED, Reason.HOST_UNREACHABLE, 0)
    assert (ending.progress.settled, ending.progress.total) == (4, 4)


@pytest.mark.parametrize("silent", [False, True], ids=["closed", "dropped"])
@pytest.mark.parametrize("latency", [0.001, 0.02, 0.2])
def test_far_away_everything_is_found_and_nothing_looks_lost(
    far: Yard, latency: float, silent: bool
) -> None:
    far.listen(*OPEN)
    if silent:
        far.run(
            "nft", "add table inet f; add chain inet f i { type filter hook input priority 0; }"
        )
        far.run("nft", "add rule inet f i tcp dport != { 22, 80, 443, 8080, 65535 } drop")
    with far_away(far, latency, latency / 10):
        ending, told = scan(way(CABLE, OURS), THEIRS, ports=range(1, 1501))
    assert {place + 1 for place in told.places(Answer.OPEN)} == {22, 80, 443}
    assert len(told.places(Answer.FILTERED if silent else Answer.CLOSED)) == 1497
    assert ending.why is Ended.SURE
    assert (ending.progress.loss or 0) < 0.05  # a busy machine may hear one too late
    if silent:
        # On a busy machine one that came late counts as lost, and asks for a proof or two more.
        assert ending.passes == 2 or (ending.progress.loss and ending.passes <= 4)
        # Some more where the first end before anything can have come back from so far.
        assert ending.progress.sweep <= 4 + ending.passes
    trips = [trip for trip in told.trips if trip == trip]  # noqa: PLR0124 - not a number
    assert min(trips) >= 2 * latency
