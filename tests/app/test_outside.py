"""This machine as somebody outside sees it, on the real kernel: rules, doors, and nothing left."""

import json
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest

from tojimari.app import outside
from tojimari.app.outside import opened
from tojimari.app.scan import Found, Run
from tojimari.app.scan_plan import Wish
from tojimari.core.errors import HostError, RefusedError, UsageError
from tojimari.linux.outside import SOURCES, Outside
from tojimari.report.language import Language
from tojimari.scan.plan import Plan
from tojimari.scan.task import Answer, Ending, Limits, Task, Told
from wire import HERE, laid, left

# Everything but what is named is dropped, as a firewall of today has it; the connections are
# followed, so that the table of connections has its share of the work.
RULES = """table inet filter {
    chain input {
        type filter hook input priority 0; policy drop;
        ct state established accept
        meta l4proto ipv6-icmp accept
        iifname "out0" tcp dport { 7000, 7002 } accept
        iifname "out0" meta nfproto ipv6 tcp dport 7003 accept
        iifname "other0" tcp dport 7001 accept
    }
}
table netdev early {
    chain ingress {
        type filter hook ingress device "out0" priority 0;
        tcp dport 7002 drop
    }
}
"""
DOORS = (7000, 7001, 7002, 7003)
COMMAND = (sys.executable, "-m", "tojimari", "scan", "--from-outside")


@pytest.fixture
def wire(root: None) -> Iterator[str]:
    with laid() as name:
        yield name


@pytest.fixture
def doors(wire: str) -> Iterator[None]:
    held = [
        socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True)
        for port in DOORS
    ]
    yield
    for one in held:
        one.close()


@pytest.fixture
def rules(wire: str) -> Iterator[None]:
    subprocess.run(["nft", "-f", "-"], input=RULES, text=True, check=True)
    yield
    subprocess.run(["nft", "flush", "ruleset"], check=True)


def scanned(*words: str) -> dict[str, object]:
    done = subprocess.run([*COMMAND, "--json", *words], capture_output=True, text=True, check=False)
    assert done.returncode in {0, 1}, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found


def open_doors(document: dict[str, object]) -> set[tuple[str, int]]:
    rows = cast("list[dict[str, Any]]", document["doors"])
    return {(one["address"], one["port"]) for one in rows if one["state"] == "open"}


def ending(document: dict[str, object]) -> dict[str, Any]:
    found = document["end"]
    assert isinstance(found, dict)
    return cast("dict[str, Any]", found)


@pytest.mark.usefixtures("root", "doors", "rules")
def test_every_rule_for_the_real_interface_is_met_by_both_versions() -> None:
    found = scanned()
    assert open_doors(found) == {(HERE[4], 7000), (HERE[6], 7000), (HERE[6], 7003)}
    assert ending(found)["known"] == 2 * 65535


@pytest.mark.usefixtures("root", "doors", "rules")
def test_the_table_of_connections_is_not_filled() -> None:
    before = int(Path("/proc/sys/net/netfilter/nf_conntrack_count").read_text("ascii"))
    scanned("-p", "7000-17000")
    after = int(Path("/proc/sys/net/netfilter/nf_conntrack_count").read_text("ascii"))
    assert after - before < 1000  # of 20,002; a few are still on their way out


@pytest.mark.usefixtures("root", "doors")
def test_no_door_is_left_half_open() -> None:
    scanned("-p", "7000")
    done = subprocess.run(
        ["ss", "-Htan", "state", "syn-recv"], capture_output=True, text=True, check=True
    )
    assert done.stdout == ""


@pytest.mark.usefixtures("root")
@pytest.mark.parametrize("version", [4, 6])
def test_what_is_sent_on_to_a_container_answers_as_it_does_outside(wire: str, version: int) -> None:
    """A namespace with a web server, and a rule that sends 8080 there (DNAT)."""
    inner = {4: "10.9.9.2", 6: "2001:db8:9::2"}[version]
    family = {4: "ip", 6: "ip6"}[version]
    target = {4: inner, 6: f"[{inner}]"}[version]
    script = f"""
set -e
ip netns add outside-inner
ip link add in0 type veth peer name eth0 netns outside-inner
ip addr add 10.9.9.1/24 dev in0; ip -6 addr add 2001:db8:9::1/64 dev in0 nodad; ip link set in0 up
ip -n outside-inner addr add 10.9.9.2/24 dev eth0
ip -n outside-inner addr add 2001:db8:9::2/64 dev eth0 nodad
ip -n outside-inner link set eth0 up
ip -n outside-inner link set lo up
ip -n outside-inner route add default via 10.9.9.1
ip -n outside-inner -6 route add default via 2001:db8:9::1
sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
nft 'table {family} t {{ chain p {{ type nat hook prerouting priority -100;
  iifname "out0" tcp dport 8080 dnat to {target}:80; }}; }}'
"""
    serves = (
        "import socket; s = socket.create_server(('::', 80), family=socket.AF_INET6,"
        " dualstack_ipv6=True); print('there', flush=True)\nwhile True: s.accept()[0].close()"
    )
    try:
        subprocess.run(["sh", "-c", script], check=True)
        with subprocess.Popen(
            ["ip", "netns", "exec", "outside-inner", sys.executable, "-c", serves],
            stdout=subprocess.PIPE,
            text=True,
        ) as server:
            assert server.stdout is not None
            assert server.stdout.readline() == "there\n"
            socket.create_connection((inner, 80), timeout=10).close()
            found = scanned(HERE[version], "-p", "8000-8100")
            server.kill()
        assert open_doors(found) == {(HERE[version], 8080)}
    finally:
        subprocess.run(["nft", "flush", "ruleset"], check=True)
        subprocess.run(["ip", "link", "del", "in0"], check=False)
        subprocess.run(["ip", "netns", "del", "outside-inner"], check=False)


@pytest.mark.usefixtures("root", "wire")
def test_datagrams_come_from_outside_too() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind((HERE[4], 7000))
        found = scanned(HERE[4], "--udp", "-p", "7000,7001", "-a")
    rows = cast("list[dict[str, Any]]", found["doors"])
    states = {one["port"]: one["state"] for one in rows}
    assert states == {7000: "open|filtered", 7001: "closed"}


@pytest.mark.usefixtures("root", "wire")
def test_nothing_is_left_in_the_kernel() -> None:
    before = left()
    document = scanned("-p", "7000-7100")
    assert left() == before
    parts = ending(document)["parts"]
    assert [(one["interface"], one["source"], one["from_outside"]) for one in parts] == [
        ("out0", SOURCES[4], True),
        ("out0", SOURCES[6], True),
    ]


@pytest.mark.usefixtures("root", "wire")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("pace", [("--rate", "100"), ("--udp", "-p", "1-65535")])
def test_a_scan_that_is_stopped_leaves_nothing(
    number: signal.Signals, pace: tuple[str, ...]
) -> None:
    before = left()
    with (
        socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as news,
        subprocess.Popen(
            [*COMMAND, *pace, "--json"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        ) as scan,
    ):
        news.bind((0, 1))  # RTMGRP_LINK
        while "tojimari-" not in left():
            assert select.select([news], [], [], 20)[0]
            news.recv(65535)
        scan.send_signal(number)
        code = scan.wait(30)
        while "tojimari-" in left():  # the kernel takes away what a killed process had, soon
            assert select.select([news], [], [], 20)[0]
            news.recv(65535)
        said = scan.stderr.read() if scan.stderr is not None else ""
    assert code in {130, 143, -signal.SIGKILL, -signal.SIGINT, -signal.SIGTERM}, said
    assert left() == before


@pytest.mark.usefixtures("root")
def test_without_a_default_route_a_neighbour_looks() -> None:
    with laid(gateway=False), socket.create_server(("", 7000)):
        found = scanned(HERE[4], "-p", "7000")
        parts = ending(found)["parts"]
        assert parts[0]["source"].startswith("192.0.2.")
        assert open_doors(found) == {(HERE[4], 7000)}


@pytest.mark.usefixtures("root")
def test_a_silent_gateway_is_said_and_a_neighbour_looks() -> None:
    with laid(gateway=False), socket.create_server(("", 7000)):
        subprocess.run(["ip", "route", "add", "default", "via", "192.0.2.253"], check=True)
        done = subprocess.run(
            [*COMMAND, HERE[4], "-p", "7000"], capture_output=True, text=True, check=False
        )
        assert "The gateway of out0 (IPv4) is silent" in done.stdout
        assert "7000/tcp" in done.stdout


@pytest.mark.usefixtures("root", "wire")
def test_only_this_machine_is_scanned_from_outside() -> None:
    with pytest.raises(UsageError, match=r"192\.0\.2\.9"):
        outside.survey(["192.0.2.9"])
    with pytest.raises(UsageError, match="nowhere0"):
        outside.survey((), "nowhere0")


def hint(interface: str = "") -> str:
    """What is proposed where nobody can look."""
    with pytest.raises((HostError, RefusedError)) as caught, opened(Wish(), interface):
        pass
    return Language.ENGLISH.say(caught.value.hint)


@pytest.mark.usefixtures("root")
def test_the_hint_names_no_interface_that_is_not_there() -> None:
    assert hint() == "tojimari scan"
    assert hint("lo") == "tojimari scan --from-outside"


@pytest.mark.usefixtures("root")
def test_the_hint_names_the_interface_that_leads_to_containers() -> None:
    script = "ip link add docker7 type bridge && ip addr add 10.7.0.1/24 dev docker7"
    subprocess.run(["sh", "-c", f"{script} && ip link set docker7 up"], check=True)
    try:
        assert hint() == "tojimari scan --from-outside --interface docker7"
    finally:
        subprocess.run(["ip", "link", "del", "docker7"], check=True)


Done = Callable[[Task, Told], Ending]


def instead(made: Plan, run: Callable[[Done, Task, Told], Ending]) -> Plan:
    """The plan with something around what each part does."""
    parts = [
        replace(part, method=replace(part.method, run=partial(run, part.method.run)))
        for part in made.parts
    ]
    return replace(made, parts=tuple(parts))


def knocked(made: Plan, places: Sequence[Outside]) -> dict[int, dict[int, Answer]]:
    """What became of the numbers, by version."""
    found: dict[int, dict[int, Answer]] = {}
    with Run(made, places=places) as run:
        for event in run:
            if isinstance(event, Found):
                space = made.parts[event.part].task.space
                for place, answer in zip(event.answers.places, event.answers.answers, strict=True):
                    found.setdefault(space.family, {})[space.door(place)[1]] = Answer(answer)
    return found


@pytest.mark.usefixtures("root", "doors")
def test_both_versions_are_knocked_at_the_same_time() -> None:
    both = threading.Barrier(2, timeout=60)

    def meets(run: Done, task: Task, told: Told) -> Ending:
        both.wait()
        return run(task, told)

    with opened(Wish(ports="6999-7000")) as (made, places):
        found = knocked(instead(made, meets), places)
    seen = {6999: Answer.CLOSED, 7000: Answer.OPEN}
    assert found == {4: seen, 6: seen}


@pytest.mark.usefixtures("root", "doors")
def test_a_pace_that_somebody_insists_on_is_that_of_the_whole() -> None:
    under_way: list[Task] = []
    most: list[int] = []

    def counts(run: Done, task: Task, told: Told) -> Ending:
        under_way.append(task)
        most.append(len(under_way))
        try:
            return run(task, told)
        finally:
            under_way.remove(task)

    with opened(Wish(ports="6999-7000", limits=Limits(rate=50))) as (made, places):
        knocked(instead(made, counts), places)
    assert most == [1, 1]


@pytest.mark.usefixtures("root", "doors")
def test_where_one_version_fails_the_other_is_stopped() -> None:
    both = threading.Barrier(2, timeout=60)
    stopped: list[bool] = []

    def fails(run: Done, task: Task, told: Told) -> Ending:
        both.wait()
        if task.space.family == 4:
            msg = "the network is gone"
            raise OSError(msg)
        while not told.stopped():
            pass
        stopped.append(True)
        return run(task, told)

    with (
        opened(Wish(ports="7000")) as (made, places),
        pytest.raises(OSError, match="network is gone"),
    ):
        knocked(instead(made, fails), places)
    assert stopped == [True]


@pytest.mark.usefixtures("root")
def test_a_tunnel_is_said_to_be_out_of_sight() -> None:
    script = (
        "ip tuntap add tun7 mode tun && ip addr add 10.7.0.1/24 dev tun7 && ip link set tun7 up"
    )
    if subprocess.run(["sh", "-c", script], check=False).returncode:
        pytest.fail("no tunnel can be made here")
    try:
        codes = [one.code for one in outside.survey().remarks]
        assert codes == ["no-frames"]
        with pytest.raises(HostError, match="takes no frames"), opened(Wish()):
            pass
    finally:
        subprocess.run(["ip", "link", "del", "tun7"], check=True)
