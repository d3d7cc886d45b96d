from dataclasses import replace
from pathlib import Path

import pytest

from tojimari.app import reach
from tojimari.app.firewall import Firewall, from_files, prepared
from tojimari.core.endpoint import Transport
from tojimari.core.errors import UsageError
from tojimari.core.exposure import Certainty, Zone
from tojimari.firewall import intervals
from tojimari.firewall.machine import Route
from tojimari.firewall.reading import unreadable_table
from tojimari.firewall.ruleset import Ruleset

GOLDEN = Path(__file__).parent.parent / "golden" / "firewall"
OWN = ("192.168.0.2/24@eth0", "127.0.0.1/8@lo", "172.17.0.1/16@docker0")
TCP = Transport.TCP


def firewall(*names: str, own: tuple[str, ...] = OWN) -> Firewall:
    return from_files([(GOLDEN / name).read_text(encoding="utf-8") for name in names], own)


def routed(*names: str) -> Firewall:
    """The same on a machine whose routes are known."""
    made = firewall(*names)
    made.machine.routes = (
        Route(4, 0, 0, "eth0"),
        Route(4, intervals.parse_ipv4("192.168.0.0"), 24, "eth0"),
        Route(4, intervals.parse_ipv4("172.17.0.0"), 16, "docker0"),
        Route(4, intervals.parse_ipv4("192.0.2.0"), 24, "bridge1"),
    )
    return made


def certainties(row: reach.Row) -> list[str]:
    return [str(row.exposure.certainty(zone)) for zone in Zone]


YES, NO, MAYBE = "certainly", "certainly-not", "maybe"


def test_every_zone_is_answered_for_one_port() -> None:
    made = firewall("ufw-ipv4.save")
    assert certainties(reach.row(made, TCP, 22)) == [YES, YES, YES, YES]
    assert certainties(reach.row(made, TCP, 8080)) == [YES, NO, NO, NO]
    assert made.owners == ("ufw",)


def test_a_network_that_may_come_is_only_part_of_a_zone() -> None:
    made = firewall("ufw-ipv4.save", own=("192.168.0.2/16@eth0",))
    lan = reach.row(made, TCP, 5432).exposure.reaches[2]
    assert (lan.zone, lan.certainty, lan.whole) == (Zone.LAN, Certainty.YES, False)
    opened = [one for one in lan.passages if one.certainty is Certainty.YES]
    assert [one.sources for one in opened] == [("192.168.1.0/24",)]
    assert opened[0].decider is not None
    assert opened[0].decider.owner == "ufw"


def test_all_of_a_zone_is_said_without_a_list() -> None:
    internet = reach.row(firewall("ufw-ipv4.save"), TCP, 22).exposure.reaches[3]
    assert internet.whole
    assert {one.sources for one in internet.passages if one.certainty is Certainty.YES} == {()}


def test_a_limit_is_kept_with_its_passage() -> None:
    internet = reach.row(firewall("ufw-ipv4.save"), TCP, 2222).exposure.reaches[3]
    limits = {one.limits for one in internet.passages if one.certainty is Certainty.YES}
    assert limits == {("recent --update --seconds 30 --hitcount 6",)}


def test_a_published_port_says_where_it_goes() -> None:
    made = routed("docker-nft-portmap.json")
    (elsewhere,) = reach.open_elsewhere(made)
    assert (elsewhere.label, elsewhere.port) == ("8080/tcp", 8080)
    sent = elsewhere.exposure.reaches[3].passages[0].redirection
    assert sent is not None
    assert (sent.address, sent.port, sent.here) == ("192.0.2.2", 80, False)
    assert sent.decider is not None
    assert sent.decider.owner == "Docker"


LABELS = ["0-21/tcp", "22/tcp", "23-65535/tcp", "0-65535/udp"]


def test_every_port_is_told_in_runs_that_fare_alike() -> None:
    rows = list(reach.every_port(firewall("firewalld-default.json")))
    assert [row.label for row in rows] == LABELS


def test_without_addresses_every_interface_that_rules_name_is_tried() -> None:
    row = reach.row(firewall("ufw-ipv4.save", own=()), TCP, 8005)
    internet = row.exposure.reaches[3]
    fates = {one.interface: one.certainty for one in internet.passages}
    assert fates == {
        "eth0": Certainty.NO,
        "eth1": Certainty.YES,
        "(any other)": Certainty.NO,
    }
    assert not internet.whole


def test_a_named_source_is_asked_as_it_is() -> None:
    made = routed("ufw-ipv4.save")
    asked = reach.asked(made, "192.168.1.0/24", TCP, 5432)
    assert (asked.certainty, asked.whole) == (Certainty.YES, True)
    part = reach.asked(made, "192.168.0.0/16", TCP, 5432)
    assert (part.certainty, part.whole) == (Certainty.YES, False)
    assert reach.asked(firewall("ufw-ipv4.save", own=()), "8.8.8.8", TCP, 22).passages


def test_only_one_address_may_be_meant() -> None:
    made = firewall("docker-nft-portmap-lo.json")
    lan = reach.row(made, TCP, 8080, "127.0.0.1").exposure.reaches[2]
    assert lan.certainty is Certainty.NO
    assert {one.destination for one in lan.passages} == {"127.0.0.1"}
    assert reach.row(made, TCP, 8080, "::1").exposure.reaches[2].passages == ()


def test_an_attacker_chooses_the_source_port() -> None:
    text = (
        "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n"
        "-A INPUT -p tcp --sport 53 -j ACCEPT\nCOMMIT\n"
    )
    internet = reach.row(from_files([text], OWN), TCP, 22).exposure.reaches[3]
    assert internet.certainty is Certainty.YES
    assert {one.source_port for one in internet.passages if one.certainty is Certainty.YES} == {53}


def test_source_ports_are_tried_wherever_a_rule_asks_for_them() -> None:
    rules = [
        "-A INPUT -p tcp --dport 80 -j ACCEPT",
        "-A INPUT -p tcp --sport 20 -s 10.0.0.0/8 -j DROP",
        "-A INPUT -p tcp -m multiport --sports 53,67:68 --dport 22 -j ACCEPT",
        "-A INPUT -p tcp --sport 123 --dport 24 -j ACCEPT",
    ]
    text = "*filter\n:INPUT DROP [0:0]\n" + "\n".join(rules) + "\nCOMMIT\n"
    made = from_files([text], OWN)
    chosen = {
        port: {
            one.source_port
            for one in reach.row(made, TCP, port).exposure.reaches[3].passages
            if one.certainty is Certainty.YES
        }
        for port in (80, 22, 23, 24)
    }
    assert chosen == {80: {None}, 22: {53}, 23: set(), 24: {123}}


def test_the_way_is_told_rule_by_rule() -> None:
    ways = list(reach.ways(routed("docker-nft-portmap.json"), TCP, 8080, [Zone.INTERNET]))
    opened = ways[0]
    assert opened.passage.certainty is Certainty.YES
    chains = [step.decider.chain for step in opened.steps]
    assert chains.index("nat-prerouting-and-output") < chains.index("filter-FORWARD")
    both = list(reach.ways(routed("docker-nft-portmap.json"), TCP, 8080))
    assert len(both) > len([one for one in both if one.passage.interface == "docker0"])


def test_rules_that_could_not_be_read_leave_everything_open_to_doubt() -> None:
    made = firewall("ufw-ipv4.save")
    hidden = prepared(Ruleset([unreadable_table()]), made.machine, made.interfaces)
    assert certainties(reach.row(hidden, TCP, 22)) == [MAYBE, MAYBE, MAYBE, MAYBE]


@pytest.mark.parametrize("source", ["somewhere", "1.2.3", "10.0.0.0/33"])
def test_what_is_no_source_is_refused(source: str) -> None:
    with pytest.raises(UsageError):
        reach.asked(firewall("ufw-ipv4.save"), source, TCP, 22)


def test_what_is_no_address_is_refused() -> None:
    with pytest.raises(UsageError):
        firewall("ufw-ipv4.save", own=("eth0",))


def test_a_row_names_its_ports() -> None:
    row = reach.row(firewall("ufw-ipv4.save"), TCP, 22)
    assert row.label == "22/tcp"
    assert replace(row, last=24).label == "22-24/tcp"


def test_a_group_is_asked_by_its_members() -> None:
    made = routed("ufw-ipv4.save")
    office = ("192.168.1.0/24", "lan", "2001:db8::/32")
    asked = reach.asked(made, "office", TCP, 5432, members=office)
    assert (asked.text, asked.certainty, asked.whole) == ("office", Certainty.YES, False)
    runs = list(reach.every_port_from(made, "office", members=("192.168.1.0/24",)))
    opened = [one.label for one in runs if one.certainty is Certainty.YES]
    assert "5432/tcp" in opened
    assert runs[0].port == 0
    assert runs[-1].last == 65535


def test_the_way_from_a_network_is_told_too() -> None:
    made = routed("ufw-ipv4.save")
    (way,) = reach.ways(made, TCP, 5432, ["192.168.1.7"], "192.168.0.2")
    assert (way.source, way.passage.certainty) == ("192.168.1.7", Certainty.YES)
