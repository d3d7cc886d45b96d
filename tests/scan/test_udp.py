"""Knocking by datagrams, at real sockets and a real kernel's errors."""

import ipaddress
import socket
import time
from collections.abc import Generator

import pytest

import heard
import yard
from heard import Heard
from tojimari.core.endpoint import Transport
from tojimari.scan.methods.udp import METHOD
from tojimari.scan.task import Answer, Ended, Limits, Reason, Space, Task, Way
from yard import THEIRS, THEIRS_V6, Yard

CABLE = Way("yard0", 2, "ethernet", 0, 1500)
LOOPBACK = Way("lo", 1, "loopback", 0, 65536)

# Answers whoever says "hello": from the port itself, the second from a new one (RFC 1350).
_ANSWER = """
import select, socket, sys
family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
doors = []
for port in sys.argv[2:]:
    door = socket.socket(family, socket.SOCK_DGRAM)
    door.bind((sys.argv[1], int(port)))
    doors.append(door)
print("ready", flush=True)
while True:
    for door in select.select(doors, [], [])[0]:
        said, sender = door.recvfrom(100)
        if said == b"hello":
            other = socket.socket(family, socket.SOCK_DGRAM)
            (other if door is doors[1] else door).sendto(b"yes", sender)
"""
HELLO: dict[int, tuple[bytes, ...]] = {53: (b"hello",), 69: (b"hello",)}


def task(
    address: str,
    ports: tuple[int, ...],
    *,
    way: Way = CABLE,
    limits: Limits | None = None,
    payloads: dict[int, tuple[bytes, ...]] | None = None,
) -> Task:
    found = ipaddress.ip_address(address)
    space = Space(found.version, ((int(found), int(found)),), ports)
    return heard.task(
        space,
        way,
        transport=Transport.UDP,
        limits=limits or Limits(),
        payloads=HELLO if payloads is None else payloads,
    )


def knocked(asked: Task) -> Heard:
    told = Heard()
    ending = METHOD.run(asked, told)
    assert ending.why is Ended.SURE
    assert len(told.answers_of) == asked.end - asked.first
    return told


@pytest.fixture
def far(root: None) -> Generator[Yard]:
    """Errors come at a rate that a test can wait for: 20 a second."""
    del root
    with yard.yard() as made:
        made.run("sysctl", "-qw", "net.ipv4.icmp_ratelimit=50", "net.ipv6.icmp.ratelimit=50")
        yield made


class TestStates:
    @pytest.mark.parametrize(("listen", "address"), [("0.0.0.0", THEIRS), ("::", THEIRS_V6)])
    def test_who_answers_is_open_and_who_is_not_there_is_closed(
        self, far: Yard, listen: str, address: str
    ) -> None:
        far.serve(_ANSWER, listen, "53", "69", "5000")
        asked = task(address, (53, 54, 69, 5000))
        told = knocked(asked)
        assert told.ports(asked, Answer.OPEN) == [53, 69]
        assert told.ports(asked, Answer.CLOSED) == [54]
        assert told.ports(asked, Answer.OPEN_OR_FILTERED) == [5000]
        reasons = {one[0]: one[1] for one in told.answers_of.values()}
        assert reasons[Answer.OPEN] is Reason.UDP_RESPONSE
        assert reasons[Answer.CLOSED] is Reason.PORT_UNREACHABLE
        assert told.timed()

    def test_a_firewall_s_error_is_filtered(self, far: Yard) -> None:
        far.run(
            "nft",
            "add table inet yard; add chain inet yard in { type filter hook input priority 0; };"
            " add rule inet yard in udp dport 53 reject with icmpx type admin-prohibited",
        )
        asked = task(THEIRS, (53, 54))
        told = knocked(asked)
        assert told.ports(asked, Answer.FILTERED) == [53]
        assert told.ports(asked, Answer.CLOSED) == [54]

    def test_a_machine_that_is_not_there(self, far: Yard) -> None:
        del far
        asked = task("10.99.0.77", (53, 54))
        told = knocked(asked)
        assert {one[0] for one in told.answers_of.values()} <= {
            Answer.FILTERED,
            Answer.OPEN_OR_FILTERED,
        }

    def test_this_machine_without_any_privilege(self, network: None) -> None:
        del network
        with socket.socket(type=socket.SOCK_DGRAM) as silent:
            silent.bind(("127.0.0.1", 0))
            port = silent.getsockname()[1]
            asked = task("127.0.0.1", (1, port), way=LOOPBACK)
            told = knocked(asked)
        assert told.ports(asked, Answer.CLOSED) == [1]
        assert told.ports(asked, Answer.OPEN_OR_FILTERED) == [port]


class TestLimits:
    def test_limited_errors_are_waited_for_and_every_door_is_told_right(self, far: Yard) -> None:
        far.serve(_ANSWER, "0.0.0.0", "53", "69", "150")
        asked = task(THEIRS, tuple(range(50, 200)))
        told = Heard()
        began = time.monotonic()
        ending = METHOD.run(asked, told)
        assert ending.why is Ended.SURE
        assert told.ports(asked, Answer.OPEN) == [53, 69]
        assert told.ports(asked, Answer.OPEN_OR_FILTERED) == [150]
        assert len(told.ports(asked, Answer.CLOSED)) == 147
        assert [one.code for one in ending.remarks] == ["errors-limited"]
        assert time.monotonic() - began < 60  # at the limit it is 7 s

    def test_errors_that_somebody_else_has_used_up_are_waited_for(self, far: Yard) -> None:
        """Linux sends six errors at once and then one a second, as it is without a setting."""
        far.run("sysctl", "-qw", "net.ipv4.icmp_ratelimit=1000")
        far.serve(_ANSWER, "0.0.0.0", "53", "69")
        with socket.socket(type=socket.SOCK_DGRAM) as other:
            for port in range(1000, 1010):
                other.sendto(b"", (THEIRS, port))
        asked = task(THEIRS, (53, 54, 55))
        told = knocked(asked)
        assert told.ports(asked, Answer.OPEN) == [53]
        assert told.ports(asked, Answer.CLOSED) == [54, 55]

    def test_a_wall_is_told_from_a_limit_and_not_crept_along(self, far: Yard) -> None:
        far.run("sysctl", "-qw", "net.ipv4.icmp_ratelimit=0")
        far.run(
            "nft",
            "add table inet yard; add chain inet yard in { type filter hook input priority 0; };"
            " add rule inet yard in udp dport 100-3000 drop",
        )
        asked = task(THEIRS, tuple(range(90, 3010)))
        began = time.monotonic()
        told = knocked(asked)
        assert told.ports(asked, Answer.CLOSED) == [*range(90, 100), *range(3001, 3010)]
        assert time.monotonic() - began < 30

    def test_nothing_at_all_is_asked_twice(self, far: Yard) -> None:
        far.run(
            "nft",
            "add table inet yard; add chain inet yard in { type filter hook input priority 0; };"
            " add rule inet yard in meta l4proto udp drop",
        )
        asked = task(THEIRS, tuple(range(1, 101)))
        told = Heard()
        ending = METHOD.run(asked, told)
        assert ending.passes == 2
        assert {one[2] for one in told.answers_of.values()} == {2}

    def test_the_tries_that_were_given_end_it(self, far: Yard) -> None:
        far.run(
            "nft",
            "add table inet yard; add chain inet yard in { type filter hook input priority 0; };"
            " add rule inet yard in meta l4proto udp drop",
        )
        told = Heard()
        ending = METHOD.run(task(THEIRS, (53, 54), limits=Limits(retries=0)), told)
        assert ending.why is Ended.RETRIES
        assert len(told.answers_of) == 2

    def test_a_rate_is_kept(self, far: Yard) -> None:
        far.run("sysctl", "-qw", "net.ipv4.icmp_ratelimit=0")
        began = time.monotonic()
        knocked(task(THEIRS, tuple(range(1000, 1200)), limits=Limits(rate=200)))
        assert 0.8 < time.monotonic() - began < 10

    def test_it_stops_when_it_is_told_to(self, far: Yard) -> None:
        del far
        told = Heard(stop_after=1)
        ending = METHOD.run(task("10.99.0.77", tuple(range(1, 5000))), told)
        assert ending.why is Ended.STOPPED

    def test_the_time_that_was_given_ends_it(self, far: Yard) -> None:
        del far
        asked = task("10.99.0.77", tuple(range(1, 5000)), limits=Limits(seconds=0.3))
        assert METHOD.run(asked, Heard()).why is Ended.TIME
