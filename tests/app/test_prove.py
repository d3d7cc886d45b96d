from pathlib import Path

from tojimari.app.firewall import from_files
from tojimari.app.prove import Proof, proofs
from tojimari.core.endpoint import Transport
from tojimari.core.intent import Intent, PortRange

GOLDEN = Path(__file__).parent.parent / "golden" / "firewall"
OWN = ("192.168.0.2/24@eth0", "127.0.0.1/8@lo")


def meant(port: int, *sources: str, transport: Transport = Transport.TCP) -> Intent:
    return Intent(transport, PortRange(port, port), sources, "for the test")


def proved(
    *intents: Intent, own: tuple[str, ...] = OWN, name: str = "ufw-ipv4.save"
) -> list[Proof]:
    text = (GOLDEN / name).read_text(encoding="utf-8")
    return proofs(from_files([text], own), intents)


def refuted(found: list[Proof]) -> list[tuple[int, int, str]]:
    return [(one.first, one.last, one.transport) for one in found if one.outcome == "refuted"]


DHCP = meant(68, "internet", transport=Transport.UDP)
SSH = meant(22, "internet")
LIMITED = meant(2222, "internet")


def test_what_ufw_lets_in_and_the_policy_means_is_proved() -> None:
    found = proved(SSH, LIMITED, meant(5432, "192.168.1.0/24"), DHCP)
    assert {one.outcome for one in found} == {"proved"}
    assert sum(one.last - one.first + 1 for one in found) == 2 * 65536


def test_what_nobody_means_is_refuted_with_a_packet_and_its_rule() -> None:
    found = proved(SSH, meant(5432, "192.168.1.0/24"), DHCP)
    (hole,) = [one for one in found if one.outcome == "refuted"]
    assert (hole.first, hole.last, hole.transport) == (2222, 2222, "tcp")
    assert (hole.interface, hole.destination) == ("eth0", "192.168.0.2")
    assert hole.decider is not None
    assert hole.decider.owner == "ufw"


def test_the_source_port_of_an_attacker_is_found() -> None:
    found = proved(SSH, LIMITED, meant(5432, "192.168.1.0/24"))
    (hole,) = [one for one in found if one.outcome == "refuted"]
    assert (hole.first, hole.transport, hole.source_port) == (68, "udp", 67)


def test_a_zone_holds_those_that_are_nearer() -> None:
    own = ("192.168.1.2/24@eth0",)
    found = proved(SSH, LIMITED, meant(5432, "lan"), DHCP, own=own)
    assert refuted(found) == []
    nearer = proved(SSH, LIMITED, meant(5432, "this-machine"), DHCP, own=own)
    assert refuted(nearer) == [(5432, 5432, "tcp")]


def test_a_dump_from_elsewhere_is_proved_for_every_interface_that_it_names() -> None:
    found = proved(SSH, LIMITED, meant(5432, "lan"), DHCP, own=())
    holes = [(one.first, one.last, one.interface) for one in found if one.outcome == "refuted"]
    assert (8000, 8010, "eth1") in holes


def test_what_is_not_modelled_is_undecided() -> None:
    text = (
        "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n"
        "-A INPUT -p tcp --dport 22 -m string --string x -j ACCEPT\nCOMMIT\n"
    )
    found = proofs(from_files([text], OWN), [])
    (one,) = [one for one in found if one.outcome == "undecided"]
    assert (one.first, one.doubts) == (22, ("-m string --string x",))


def test_other_transports_are_left_to_others() -> None:
    found = proved(
        SSH, LIMITED, meant(5432, "lan"), DHCP, meant(9, "lan", transport=Transport.SCTP)
    )
    assert {one.transport for one in found} == {"tcp", "udp"}
