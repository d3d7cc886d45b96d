"""Knocking with whole connections, at real doors of this machine and of one beside it."""

import ipaddress
import json
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Sequence
from itertools import pairwise
from pathlib import Path

import pytest

import heard
import yard
from behind import door, says, shut_port
from heard import Heard
from tojimari.scan import connecting
from tojimari.scan.methods import connect
from tojimari.scan.methods.connect import METHOD
from tojimari.scan.one_socket import OneSocket
from tojimari.scan.task import Answer, Ended, Limits, Reason, Space, Task, Way
from yard import THEIRS, THEIRS_V6, Yard

LOOPBACK = Way("lo", 1, "loopback", 0x7F000001, 65536)
CABLE = Way("yard0", 2, "ethernet", 0, 1500)
ALL = tuple(range(1, 65536))
OPEN = (22, 80, 443, 8080, 65535)


def space(address: str, ports: tuple[int, ...]) -> Space:
    found = ipaddress.ip_address(address)
    return Space(found.version, ((int(found), int(found)),), ports)


def knocked(task: Task) -> Heard:
    told = Heard()
    ending = METHOD.run(task, told)
    assert ending.why is Ended.SURE
    assert len(told.answers_of) == task.end - task.first
    assert ending.progress.position == task.end
    return told


@pytest.fixture
def far(root: None) -> Generator[Yard]:
    del root
    with yard.yard() as made:
        yield made


@pytest.mark.usefixtures("network")
class TestThisMachine:
    def test_an_open_and_a_shut_door(self) -> None:
        with door(says(b"hello")) as opened:
            shut = shut_port()
            task = heard.task(space("127.0.0.1", tuple(sorted((opened.port, shut)))), LOOPBACK)
            told = knocked(task)
        assert told.ports(task, Answer.OPEN) == [opened.port]
        assert told.ports(task, Answer.CLOSED) == [shut]
        reasons = {one[1] for one in told.answers_of.values()}
        assert reasons == {Reason.CONNECTED, Reason.REFUSED}

    def test_nothing_is_open_where_a_socket_only_meets_itself(self, root: None) -> None:
        """So few ports are ours to come from that a socket must meet itself again and again."""
        del root
        ours = Path("/proc/sys/net/ipv4/ip_local_port_range")
        before = ours.read_text(encoding="ascii")
        ours.write_text("40000 40007", encoding="ascii")
        try:
            task = heard.task(space("127.0.0.1", tuple(range(40000, 40008))), LOOPBACK)
            for _ in range(20):
                assert knocked(task).ports(task, Answer.OPEN) == []
        finally:
            ours.write_text(before, encoding="ascii")

    def test_a_socket_that_met_itself_is_known(self) -> None:
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            one.connect(one.getsockname())
            assert connecting.meets_itself(one)

    def test_ipv6(self) -> None:
        with socket.create_server(("::1", 0), family=socket.AF_INET6) as opened:
            port = opened.getsockname()[1]
            task = heard.task(space("::1", (port,)), LOOPBACK)
            assert knocked(task).ports(task, Answer.OPEN) == [port]

    def test_an_empty_task_is_done_at_once(self) -> None:
        assert knocked(heard.task(Space(4, (), (80,)), LOOPBACK)).answers_of == {}


class TestAnotherMachine:
    @pytest.mark.parametrize(("listen", "address"), [("0.0.0.0", THEIRS), ("::", THEIRS_V6)])
    def test_all_of_its_doors(self, far: Yard, listen: str, address: str) -> None:
        far.listen(*OPEN, address=listen)
        task = heard.task(space(address, ALL), CABLE)
        told = knocked(task)
        assert told.ports(task, Answer.OPEN) == list(OPEN)
        assert len(told.ports(task, Answer.CLOSED)) == 65535 - len(OPEN)

    def test_doors_that_answer_nothing_are_filtered_and_the_open_found(self, far: Yard) -> None:
        far.listen(*OPEN)
        drop(far, f"tcp dport != {{ {', '.join(map(str, OPEN))} }}")
        ports = tuple(sorted({*range(1, 2001), *OPEN}))
        task = heard.task(space(THEIRS, ports), CABLE)
        began = time.monotonic()
        told = knocked(task)
        assert time.monotonic() - began < 10
        assert told.ports(task, Answer.OPEN) == list(OPEN)
        filtered = {one for one in told.answers_of.values() if one[0] is Answer.FILTERED}
        assert {(one[1], one[2]) for one in filtered} == {(Reason.NO_RESPONSE, 3)}

    def test_a_host_that_never_answers_is_asked_twice(self, far: Yard) -> None:
        drop(far, "tcp dport 0-65535")
        task = heard.task(space(THEIRS, tuple(range(1, 101))), CABLE)
        told = Heard()
        ending = METHOD.run(task, told)
        assert (ending.why, ending.passes) == (Ended.SURE, 2)
        assert {one[2] for one in told.answers_of.values()} == {2}

    def test_a_machine_that_is_not_there(self, far: Yard) -> None:
        del far
        task = heard.task(space("10.99.0.77", (22, 80)), CABLE)
        assert knocked(task).ports(task, Answer.FILTERED) == [22, 80]

    def test_many_machines_that_are_not_there_hold_nothing_up(self, far: Yard) -> None:
        """What the kernel says of them now and then is no sign that packets get lost."""
        far.listen(22)
        low = int(ipaddress.ip_address("10.99.0.2"))
        task = heard.task(Space(4, ((low, low + 200),), (22, 80)), CABLE)
        began = time.monotonic()
        told = knocked(task)
        assert time.monotonic() - began < 20
        assert told.ports(task, Answer.OPEN) == [22]

    def test_an_icmp_refusal_is_filtered(self, far: Yard) -> None:
        drop(far, "tcp dport 22", "reject with icmp type admin-prohibited")
        task = heard.task(space(THEIRS, (22, 23)), CABLE)
        told = knocked(task)
        assert told.ports(task, Answer.FILTERED) == [22]
        assert told.ports(task, Answer.CLOSED) == [23]

    def test_one_refusal_by_a_firewall_is_found_among_many_by_the_machine(self, far: Yard) -> None:
        """Sockets are used again, and it is asked of several doors together who refused them."""
        far.run("sysctl", "-qw", "net.ipv4.icmp_ratelimit=0")
        far.listen(1500)
        reject = (
            "add rule inet yard in tcp dport {1000,1900} reject with icmpx type port-unreachable"
        )
        table = "add table inet yard; add chain inet yard in { type filter hook input priority 0; }"
        far.run("nft", f"{table}; {reject}")
        ports = tuple(range(1, 2001))
        task = heard.task(space(THEIRS, ports), CABLE, limits=Limits(rate=20_000.0))
        told = knocked(task)
        assert told.ports(task, Answer.OPEN) == [1500]
        assert told.ports(task, Answer.FILTERED) == [1000, 1900]
        assert len(told.ports(task, Answer.CLOSED)) == len(ports) - 3

    def test_one_socket_is_left_alone_where_it_is_not_quick(
        self, far: Yard, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        del far
        used: list[int] = []

        def knock(self: OneSocket, places: Sequence[int]) -> tuple[list[int], Sequence[int]]:
            used.append(places[0])
            self.gave_up = True
            return [], places

        monkeypatch.setattr(OneSocket, "knock", knock)
        for name in ("FEWEST_DOORS", "FIRST_DOORS", "MOST_DOORS"):
            monkeypatch.setattr(connect, name, 64)
        task = heard.task(space(THEIRS, tuple(range(1, 64 * 20 + 1))), CABLE)
        assert len(knocked(task).ports(task, Answer.CLOSED)) == 64 * 20
        assert len(used) == 5  # at the first block of 20, the 3rd, 6th, 11th and 20th

    @pytest.mark.parametrize(("listen", "address"), [("0.0.0.0", THEIRS), ("::", THEIRS_V6)])
    @pytest.mark.parametrize("rate", [None, 5000.0])  # one socket used again, and many
    def test_a_firewall_s_refusal_is_told_from_the_machine_s(
        self, far: Yard, listen: str, address: str, rate: float | None
    ) -> None:
        """A socket hears the same number of "port unreachable" and of a reset."""
        far.run("sysctl", "-qw", "net.ipv4.icmp_ratelimit=0", "net.ipv6.icmp.ratelimit=0")
        far.listen(80, address=listen)
        reject = "tcp dport {} reject with icmpx type {}"
        refusals = {
            22: ("port-unreachable", Reason.PORT_UNREACHABLE),
            23: ("admin-prohibited", Reason.ADMIN_PROHIBITED),
            24: ("no-route", Reason.NET_UNREACHABLE),
        }
        far.run(
            "nft",
            "add table inet yard;"
            " add chain inet yard in { type filter hook input priority 0; };"
            + "".join(
                f" add rule inet yard in {reject.format(port, kind)};"
                for port, (kind, _) in refusals.items()
            ),
        )
        task = heard.task(space(address, tuple(range(1, 101))), CABLE, limits=Limits(rate=rate))
        told = knocked(task)
        found = {task.space.door(place)[1]: one[:2] for place, one in told.answers_of.items()}
        assert {port: found.pop(port) for port in refusals} == {
            port: (Answer.FILTERED, reason) for port, (_, reason) in refusals.items()
        }
        assert found.pop(80) == (Answer.OPEN, Reason.CONNECTED)
        assert set(found.values()) == {(Answer.CLOSED, Reason.REFUSED)}

    def test_lost_packets_lose_no_door(self, far: Yard) -> None:
        far.listen(*range(1000, 1030))
        drop(far, "numgen random mod 100 < 10")
        task = heard.task(space(THEIRS, tuple(range(900, 1900))), CABLE)
        assert knocked(task).ports(task, Answer.OPEN) == list(range(1000, 1030))

    def test_a_few_open_files_are_enough(self, far: Yard) -> None:
        far.listen(*OPEN)
        drop(far, "tcp dport 1000-1400")
        program = """
import json, resource, sys
sys.path[:0] = json.loads(sys.argv[1])
resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))
import heard
from test_connect import ALL, CABLE, THEIRS, Answer, knocked, space
task = heard.task(space(THEIRS, tuple(range(900, 8100))), CABLE)
print(knocked(task).ports(task, Answer.OPEN))
"""
        path = [*sys.path, str(Path(__file__).parent)]
        done = subprocess.run(
            [sys.executable, "-c", program, json.dumps(path)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stdout == "[8080]\n", done.stderr

    def test_a_rate_is_kept(self, far: Yard) -> None:
        del far
        task = heard.task(space(THEIRS, tuple(range(1, 401))), CABLE, limits=Limits(rate=400))
        began = time.monotonic()
        knocked(task)
        assert 0.9 < time.monotonic() - began < 5

    def test_whoever_is_killed_begins_again_about_a_second_before(self, far: Yard) -> None:
        """What is before the position need not be asked again."""
        del far
        task = heard.task(space(THEIRS, tuple(range(1, 8001))), CABLE, limits=Limits(rate=2000))
        told = knocked(task)
        positions = sorted({one.position for one in told.said})
        steps = [after - before for before, after in pairwise(positions)]
        assert max(steps) <= 4000

    def test_the_time_that_was_given_ends_it(self, far: Yard) -> None:
        drop(far, "tcp dport 0-65535")
        task = heard.task(space(THEIRS, ALL), CABLE, limits=Limits(seconds=0.5))
        told = Heard()
        ending = METHOD.run(task, told)
        assert ending.why is Ended.TIME
        assert ending.progress.position == 0

    def test_the_tries_that_were_given_end_it(self, far: Yard) -> None:
        drop(far, "tcp dport 0-65535")
        task = heard.task(space(THEIRS, (22,)), CABLE, limits=Limits(retries=0))
        told = Heard()
        ending = METHOD.run(task, told)
        assert (ending.why, ending.passes) == (Ended.RETRIES, 1)
        assert [one[2] for one in told.answers_of.values()] == [1]

    def test_it_stops_when_it_is_told_to(self, far: Yard) -> None:
        drop(far, "tcp dport 0-65535")
        told = Heard(stop_after=1)
        ending = METHOD.run(heard.task(space(THEIRS, ALL), CABLE), told)
        assert ending.why is Ended.STOPPED

    def test_a_stretch_of_the_order_is_only_that(self, far: Yard) -> None:
        del far
        whole = space(THEIRS, tuple(range(1, 1001)))
        shares = [heard.task(whole, CABLE, first=0, end=300), heard.task(whole, CABLE, first=300)]
        places = [set(knocked(one).answers_of) for one in shares]
        assert [len(one) for one in places] == [300, 700]
        assert places[0] | places[1] == set(range(1000))

    def test_nothing_is_left_open(self, far: Yard) -> None:
        far.listen(*OPEN)
        before = len(list(Path("/proc/self/fd").iterdir()))
        knocked(heard.task(space(THEIRS, OPEN), CABLE))
        assert len(list(Path("/proc/self/fd").iterdir())) == before
        assert yard.run("ss", "-tanH", "dst", THEIRS) == ""


def drop(far: Yard, match: str, verdict: str = "drop") -> None:
    far.run(
        "nft",
        f"add table inet yard; add chain inet yard in {{ type filter hook input priority 0; }};"
        f" add rule inet yard in meta nfproto ipv4 meta l4proto tcp {match} {verdict}",
    )
