from firewall.worlds import HERE, MACHINE, dump, golden, reasoner
from tojimari.firewall import intervals
from tojimari.firewall.proof import Allowed, Approach, Finding, Outcome, prove
from tojimari.firewall.reasoner import Reasoner
from tojimari.firewall.ruleset import TCP, UDP

APPROACHES = [
    Approach(family, "eth0", intervals.parse_address(text, family)) for family, text in HERE.items()
]
LAN = intervals.interval(*intervals.parse_network("192.168.0.0/16", 4))
EVERYBODY = {family: intervals.universe(family) for family in (4, 6)}


def proved(firewall: Reasoner, *allowed: Allowed) -> list[Finding]:
    return list(prove(firewall, allowed, APPROACHES[:1], (TCP,)))


def said(found: list[Finding]) -> list[tuple[int, int, str]]:
    return [(one.first, one.last, str(one.outcome)) for one in found]


def test_what_is_shut_is_proved() -> None:
    shut = reasoner(dump("-A INPUT -p tcp --dport 22 -s 192.168.0.0/16 -j ACCEPT", policy="DROP"))
    found = proved(shut, Allowed(TCP, 22, 22, {4: LAN}))
    assert said(found) == [(0, 65535, "proved")]


def test_a_hole_is_shown_with_a_packet_and_its_rule() -> None:
    firewall = reasoner(dump("-A INPUT -p tcp --dport 22:23 -j ACCEPT", policy="DROP"))
    found = proved(firewall, Allowed(TCP, 22, 22, EVERYBODY))
    assert said(found) == [(0, 22, "proved"), (23, 23, "refuted"), (24, 65535, "proved")]
    packet, piece = found[1].packet, found[1].piece
    assert packet is not None
    assert piece is not None
    assert packet.port == 23
    assert packet.sources is not None
    assert intervals.size(packet.sources) == 1
    assert piece.place is not None
    assert piece.place.rule is not None
    assert piece.place.rule.text == "-p tcp --dport 22:23 -j ACCEPT"


def test_wider_sources_than_meant_refute() -> None:
    firewall = reasoner(dump("-A INPUT -p tcp --dport 22 -j ACCEPT", policy="DROP"))
    found = proved(firewall, Allowed(TCP, 22, 22, {4: LAN}))
    (refuted,) = [one for one in found if one.outcome is Outcome.REFUTED]
    assert refuted.packet is not None
    assert refuted.packet.sources is not None
    assert not intervals.contains(LAN, refuted.packet.sources[0])


def test_a_rule_that_is_not_modelled_leaves_it_undecided() -> None:
    firewall = reasoner(
        dump("-A INPUT -p tcp --dport 22 -m string --string x -j ACCEPT", policy="DROP")
    )
    (undecided,) = [one for one in proved(firewall) if one.outcome is Outcome.UNDECIDED]
    assert (undecided.first, undecided.last) == (22, 22)
    assert undecided.piece is not None
    assert [one.doubt.text for one in undecided.piece.doubts] == ["-m string --string x"]


def test_an_attacker_chooses_the_source_port() -> None:
    firewall = reasoner(dump("-A INPUT -p tcp --sport 53 -j ACCEPT", policy="DROP"))
    (found,) = proved(firewall)
    assert found.outcome is Outcome.REFUTED
    assert found.packet is not None
    assert found.packet.source_port == 53


def test_both_transports_and_families_are_asked() -> None:
    default = golden("firewalld-default.json")
    claims = [Allowed(TCP, 22, 22, EVERYBODY), Allowed(UDP, 546, 546, EVERYBODY)]
    found = list(prove(default, claims, APPROACHES, (TCP, UDP)))
    assert [(one.protocol, *span) for one, span in zip(found, said(found), strict=True)] == [
        (TCP, 0, 65535, "proved"),
        (UDP, 0, 65535, "proved"),
    ]


def test_outcomes_are_ranked_the_worst_first() -> None:
    ranked = sorted(Outcome, key=lambda outcome: outcome.rank)
    assert ranked == [Outcome.REFUTED, Outcome.UNDECIDED, Outcome.PROVED]


def test_the_same_hole_at_many_ports_is_one_finding() -> None:
    firewall = reasoner(dump("-A INPUT -p tcp --dport 5000:6000 -j ACCEPT", policy="ACCEPT"))
    found = proved(firewall)
    assert {one.outcome for one in found} == {Outcome.REFUTED}
    assert said(found) == [
        (0, 4999, "refuted"),
        (5000, 6000, "refuted"),
        (6001, 65535, "refuted"),
    ]
    assert MACHINE.assumed is False
