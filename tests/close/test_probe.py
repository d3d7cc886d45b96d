"""A door knocked at through the real interface, where rules of that interface decide."""

import socket
from collections.abc import Iterator

import pytest

from tojimari.close import nft, probe, table
from tojimari.close.segment import Answer
from tojimari.close.table import Present
from tojimari.core.endpoint import Transport
from tojimari.core.plan import Target
from tojimari.linux.outside import SOURCES
from wire import HERE, laid, left

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
    with laid() as name:
        yield name


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
        assert not [one for one in seen if socket.inet_aton(SOURCES[4]) in one]
    assert "tojimari" not in left()
