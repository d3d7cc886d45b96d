"""The running machine's firewall, read in network namespaces of the test's own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tojimari.app import firewall as walls
from tojimari.app import reach
from tojimari.core.endpoint import Transport
from tojimari.core.errors import HostError
from tojimari.core.exposure import Certainty, Zone
from tojimari.firewall import live
from tojimari.linux.namespaces import Visitor

NAME = f"live{os.getpid()}"
SET_UP = f"""
ip netns add {NAME}
ip -n {NAME} link set lo up
ip -n {NAME} link add eth0 type veth peer name peer0
ip -n {NAME} link set eth0 up
ip -n {NAME} link set peer0 up
ip -n {NAME} addr add 192.0.2.1/24 dev eth0
ip -n {NAME} addr add 2001:db8::1/64 dev eth0 nodad
ip -n {NAME} route add default via 192.0.2.254
ip -n {NAME} route add 10.0.0.0/8 nexthop via 192.0.2.7 nexthop via 192.0.2.8
ip -n {NAME} route add blackhole 10.66.0.0/16
ip -n {NAME} -6 route add default via 2001:db8::fe
ip netns exec {NAME} sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.eth0.rp_filter=1
ip netns exec {NAME} sysctl -qw net.ipv4.conf.eth0.route_localnet=1
"""


def run(*words: str, text: str | None = None) -> None:
    subprocess.run(words, check=True, input=text, text=True, capture_output=True)


def inside(*words: str, text: str | None = None) -> None:
    run("ip", "netns", "exec", NAME, *words, text=text)


@pytest.fixture
def space(root: None) -> Iterator[int]:
    del root
    for line in SET_UP.strip().splitlines():
        run(*line.split())
    descriptor = os.open(f"/run/netns/{NAME}", os.O_RDONLY)
    yield descriptor
    os.close(descriptor)
    run("ip", "netns", "del", NAME)


def around(space: int) -> live.Around:
    visitor = Visitor()
    try:
        return visitor.visit(space, live.around)
    finally:
        visitor.close()


def certainty(firewall: walls.Firewall, port: int) -> Certainty:
    return reach.row(firewall, Transport.TCP, port).exposure.certainty(Zone.INTERNET)


def test_routes_and_settings_are_read(space: int) -> None:
    machine = around(space).machine
    assert machine.forwards == {4: True, 6: False}
    assert machine.reverse_path["eth0"] == 1
    assert machine.route_localnet == {"eth0"}
    assert machine.leaves_by(4, 0x08080808) == "eth0"
    assert machine.has_no_route(4, 0x0A420001)
    assert machine.leaves_by(4, 0x0A010101) == "eth0"
    assert not machine.policy_routing
    inside("ip", "rule", "add", "fwmark", "1", "table", "77")
    assert around(space).machine.policy_routing


def test_native_rules_are_read_where_they_stand(space: int) -> None:
    rules = "table inet f {\n chain i { type filter hook input priority 0; policy drop;\n tcp dport 22 accept\n }\n}"  # noqa: E501 - one ruleset, kept readable as it is
    inside("nft", "-f", "-", text=rules)
    inside("nft", "add table netdev n")
    chain = "{ type filter hook ingress device eth0 priority 0; }"
    inside("nft", f"add chain netdev n c {chain}")
    firewall = walls.live(space)
    assert certainty(firewall, 22) is Certainty.YES
    assert certainty(firewall, 23) is Certainty.NO
    chains = {name: one for table in firewall.ruleset.tables for name, one in table.chains.items()}
    base = chains["c"].base
    assert base is not None
    assert base.devices == ("eth0",)


def test_iptables_rules_come_from_iptables_itself(space: int) -> None:
    dump = "*filter\n:INPUT DROP [0:0]\n-A INPUT -m recent --set --name x -p tcp --dport 22 -j ACCEPT\nCOMMIT\n"  # noqa: E501 - one ruleset, kept readable as it is
    inside("iptables-nft-restore", text=dump)
    inside("ip6tables-nft-restore", text=dump.replace("22", "23"))
    firewall = walls.live(space)
    assert [table.language for table in firewall.ruleset.tables] == ["iptables", "iptables"]
    row = reach.row(firewall, Transport.TCP, 22).exposure.reaches[3]
    fates = {":" in one.destination: one.certainty for one in row.passages if one.decider}
    assert fates == {False: Certainty.YES, True: Certainty.NO}
    assert firewall.unseen == ()


def test_no_rules_at_all_let_everybody_in(space: int) -> None:
    firewall = walls.live(space)
    assert firewall.owners == ()
    assert certainty(firewall, 22) is Certainty.YES


def test_our_own_namespace_needs_no_way_in(root: None) -> None:
    del root
    assert walls.live().unseen == ()


def test_without_the_right_nothing_is_called_shut(root: None) -> None:
    del root
    words = [sys.executable, "-m", "tojimari", "reach", "22/tcp", "--json"]
    done = subprocess.run(
        ["setpriv", "--bounding-set", "-net_admin", *words], capture_output=True, check=False
    )
    document = json.loads(done.stdout)
    assert done.returncode == 2
    assert [one["code"] for one in document["unseen"]] == ["privilege"]
    reached = document["ports"][0]["reaches"]
    assert {one["certainty"] for one in reached if one["passages"]} == {"maybe"}


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(live, "NETFILTER_TABLES", dict.fromkeys((4, 6), str(tmp_path / "names")))
    return tmp_path


def program(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="ascii")
    path.chmod(0o755)


DUMP = "*filter\n:INPUT DROP [0:0]\n-A INPUT -m set --match-set x src -j ACCEPT\nCOMMIT"


def test_a_machine_without_programs_is_said_to_be_one(programs: Path) -> None:
    del programs
    with pytest.raises(HostError, match="no program"):
        live.listing()


def test_old_tables_are_read_by_the_old_program(programs: Path) -> None:
    program(programs, "nft", "echo '{\"nftables\": []}'")
    program(programs, "iptables-legacy-save", f"echo '{DUMP}'")
    program(programs, "ip6tables-legacy-save", "echo '*filter'")
    program(programs, "ipset", "echo 'create x hash:ip'; echo 'add x 8.8.8.8'")
    (programs / "names").write_text("filter\n", encoding="ascii")
    found = live.listing()
    assert found.unseen == ()
    assert [table.name for table in found.ruleset.tables] == ["filter", "filter"]
    assert found.ruleset.tables[0].sets["x"].numbers == [0x08080808, 0x08080809]


def test_old_tables_that_nobody_lists_are_said(programs: Path) -> None:
    program(programs, "nft", "echo '{\"nftables\": []}'")
    (programs / "names").write_text("filter\n", encoding="ascii")
    found = live.listing()
    assert [one.message.code for one in found.unseen] == ["legacy-tables", "legacy-tables"]
    assert [table.name for table in found.ruleset.tables] == ["unreadable"]


def test_without_nft_the_dumps_of_iptables_are_enough(programs: Path) -> None:
    program(programs, "iptables-save", f"echo '{DUMP}'")
    found = live.listing()
    assert [one.message.code for one in found.unseen] == ["no-ipset"]
    assert found.ruleset.tables[0].chains["INPUT"].base is not None


def test_a_program_that_fails_is_quoted(programs: Path) -> None:
    program(programs, "nft", "echo 'out of order' >&2; exit 1")
    with pytest.raises(HostError, match="nft failed: out of order"):
        live.listing()


def test_a_program_that_hangs_is_not_waited_for(
    programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(programs, "nft", "while :; do :; done")
    monkeypatch.setattr(live, "TIMEOUT", 0.2)
    with pytest.raises(HostError, match="did not answer"):
        live.listing()


def test_interfaces_that_cannot_be_read_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise OSError(93, "Protocol not supported")

    monkeypatch.setattr("tojimari.linux.rtnetlink.links", refuse)
    with pytest.raises(HostError, match="Protocol not supported"):
        live.around()


def test_routes_that_cannot_be_read_are_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise OSError(93, "Protocol not supported")

    monkeypatch.setattr("tojimari.linux.rtnetlink.links", tuple)
    monkeypatch.setattr("tojimari.linux.routes.routes", refuse)
    monkeypatch.setattr(live, "_SETTINGS", "/nowhere")
    machine = live.around().machine
    assert machine.routes is None
    assert machine.forwards == {}


def test_a_namespace_without_nsenter_is_said(programs: Path) -> None:
    program(programs, "nft", "true")
    with pytest.raises(HostError, match="nsenter is not installed"):
        live.listing(0)
