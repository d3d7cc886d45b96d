"""A door knocked at through the real interface, where rules of that interface decide."""

import socket
import subprocess
from collections.abc import Iterator

import pytest

from tojimari.close import nft, probe, table
from tojimari.close.segment import Answer
from tojimari.close.table import Present
from tojimari.core.endpoint import Transport
from tojimari.core.errors import HostError
from tojimari.core.plan import Target

HERE = {4: "192.0.2.1", 6: "2001:db8::1"}
RULES = """table inet filter {
    chain input {
        type filter hook input priority 0; policy drop;
        iifname "out0" tcp dport 7000 accept
        iifname "out0" tcp dport 7001 reject with tcp reset
    }
}
"""


@pytest.fixture
def wire(root: None) -> Iterator[str]:
    """An interface with a gateway behind it that answers nothing but its own address."""
    script = """
set -e
ip link add out0 type veth peer name far0
ip addr add 192.0.2.1/24 dev out0; ip -6 addr add 2001:db8::1/64 dev out0 nodad
ip link set out0 up; ip link set far0 up
ip neigh add 192.0.2.254 lladdr 02:00:00:00:00:01 dev out0 nud permanent
ip -6 neigh add 2001:db8::fe lladdr 02:00:00:00:00:01 dev out0 nud permanent
ip route add default via 192.0.2.254 dev out0
ip -6 route add default via 2001:db8::fe dev out0
"""
    subprocess.run(["sh", "-c", script], check=True)
    yield "out0"
    subprocess.run(["ip", "link", "del", "out0"], check=True)


@pytest.mark.usefixtures("root")
@pytest.mark.parametrize("family", [4, 6])
def test_a_door_is_open_refused_or_silent_by_the_rules_of_its_real_interface(
    wire: str, family: int
) -> None:
    nft.run(RULES)

    def knock(port: int) -> Answer:
        return probe.knock(wire, [probe.flow(HERE[family], port)])[0]

    with socket.create_server(("::", 7000), family=socket.AF_INET6, dualstack_ipv6=True):
        assert knock(7000) is Answer.OPEN
        assert knock(7001) is Answer.REFUSED
        assert knock(7002) is Answer.SILENT
        shut = table.closing([Target(Transport.TCP, 7000)])
        nft.run(table.shutting(shut, Present(chain=False, elements=()), 60))
        assert knock(7000) is Answer.SILENT
    nft.run("flush ruleset\n")
    assert knock(7000) is Answer.REFUSED


@pytest.mark.usefixtures("root")
def test_both_families_are_asked_at_once(wire: str) -> None:
    with socket.create_server(("0.0.0.0", 7000)):
        flows = [probe.flow(HERE[family], 7000) for family in (4, 6)]
        assert probe.knock(wire, flows) == [Answer.OPEN, Answer.REFUSED]


@pytest.mark.usefixtures("root")
def test_nothing_of_a_probe_is_left_or_seen_outside(wire: str) -> None:
    with (
        socket.create_server(("", 7000)),
        socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)) as outside,
    ):
        outside.bind(("far0", 3))
        outside.settimeout(0)
        assert probe.knock(wire, [probe.flow(HERE[4], 7000)]) == [Answer.OPEN]
        seen: list[bytes] = []
        try:
            while True:
                seen.append(outside.recv(2048))
        except BlockingIOError:
            pass
        assert not [one for one in seen if socket.inet_aton(probe.SOURCES[4]) in one]
    links = subprocess.run(["ip", "link"], capture_output=True, text=True, check=True).stdout
    disciplines = subprocess.run(["tc", "qdisc"], capture_output=True, text=True, check=True).stdout
    assert "tojimari" not in links
    assert "clsact" not in disciplines


@pytest.mark.usefixtures("root")
def test_what_a_killed_probe_left_is_taken_away(wire: str) -> None:
    script = f"ip link add {probe.NEAR} type veth peer name {probe.FAR}"
    subprocess.run([*script.split()], check=True)
    subprocess.run(["ip", "link", "set", probe.NEAR, "alias", wire], check=True)
    subprocess.run(["tc", "qdisc", "add", "dev", wire, "clsact"], check=True)
    probe.clear()
    disciplines = subprocess.run(["tc", "qdisc"], capture_output=True, text=True, check=True).stdout
    assert "clsact" not in disciplines
    assert probe.NEAR not in [name for _, name in socket.if_nameindex()]


@pytest.mark.usefixtures("root")
def test_traffic_control_of_somebody_else_is_left_alone(wire: str) -> None:
    subprocess.run(["tc", "qdisc", "add", "dev", wire, "clsact"], check=True)
    with pytest.raises(HostError):
        probe.knock(wire, [probe.flow(HERE[4], 7000)])
    subprocess.run(["tc", "qdisc", "del", "dev", wire, "clsact"], check=True)
