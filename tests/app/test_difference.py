import subprocess

import pytest

from tojimari.app import difference, firewall
from tojimari.app.difference import Change, differences
from tojimari.close import nft, table
from tojimari.close.table import Present
from tojimari.core.endpoint import Transport
from tojimari.core.plan import Element, Target

DOORS = [Target(Transport.TCP, 6379), Target(Transport.UDP, 53)]
OTHERS = """table inet ufw {
    chain input { type filter hook input priority 0; policy drop;
        iifname "lo" accept
        tcp dport { 22, 6379, 8080 } accept
        udp dport 53 accept
    }
}
table ip nat {
    chain pre { type nat hook prerouting priority -100;
        fib daddr type local tcp dport 8080 dnat to 172.17.0.2:80
    }
}
"""


@pytest.fixture
def machine(root: None) -> None:
    """A machine with an interface, a container's network and rules of others."""
    for line in (
        "link add out0 type veth peer name far0",
        "addr add 192.0.2.1/24 dev out0",
        "-6 addr add 2001:db8::1/64 dev out0 nodad",
        "link set out0 up",
        "link set far0 up",
        "route add default via 192.0.2.254 dev out0",
    ):
        subprocess.run(["ip", *line.split()], check=True)
    nft.run(OTHERS)


def shut(elements: tuple[Element, ...]) -> list[Change]:
    before = firewall.live()
    nft.run(table.shutting(elements, Present(chain=False, elements=()), 60))
    try:
        return list(differences(before, firewall.live()))
    finally:
        nft.run("delete table inet tojimari\n")


@pytest.mark.usefixtures("machine")
def test_the_machine_is_told_from_itself_by_nothing_and_each_closing_by_its_doors_alone() -> None:
    # One test, since the interface of the fixture is made once a namespace.
    assert list(differences(firewall.live(), firewall.live())) == []

    found = shut(table.closing(DOORS))
    assert {(one.transport, one.first, one.last) for one in found} == {
        ("tcp", 6379, 6379),
        ("udp", 53, 53),
    }
    assert {one.family for one in found} == {4, 6}
    assert all(one.closed and not one.opened for one in found)

    found = shut(table.closing(DOORS[:1], ["192.0.2.0/25"]))
    assert {(one.first, one.family) for one in found} == {(6379, 4)}
    assert found[0].closed[0] == "192.0.2.0"

    found = shut(table.allowing(DOORS[:1], ["192.0.2.128/25"]))
    assert {(one.first, one.family) for one in found} == {(6379, 4), (6379, 6)}
    assert all("192.0.2.128" not in name for one in found for name in one.closed)

    before = firewall.live()
    nft.run("add rule inet ufw input tcp dport 9999 accept\n")
    (opened, *rest) = differences(before, firewall.live())
    assert (opened.first, opened.closed) == (9999, ())
    assert opened.opened
    assert {one.first for one in rest} <= {9999}
    nft.run("flush ruleset\n")
    subprocess.run(["ip", "link", "del", "out0"], check=True)


@pytest.mark.usefixtures("root")
def test_a_large_ruleset_is_gone_through_where_it_may_differ_while_somebody_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(difference, "MOST_RUNS", 0)
    for line in ("link add out1 type veth peer name far1", "addr add 198.51.100.1/24 dev out1",
                 "link set out1 up"):  # fmt: skip
        subprocess.run(["ip", *line.split()], check=True)
    nft.run(OTHERS)
    before = firewall.live()
    nft.run(table.shutting(table.closing(DOORS), Present(chain=False, elements=()), 60))
    ports = {one.port for one in DOORS}
    found = list(differences(before, firewall.live(), ports))
    assert {(one.first, one.last) for one in found} == {(6379, 6379), (53, 53)}
    assert list(differences(before, firewall.live(), {22})) == []
    # Where somebody else has changed a table, everything is gone through all the same.
    nft.run("add rule inet ufw input tcp dport 9999 accept\n")
    assert 9999 in {one.first for one in differences(before, firewall.live(), ports)}
    nft.run("flush ruleset\n")
    subprocess.run(["ip", "link", "del", "out1"], check=True)
