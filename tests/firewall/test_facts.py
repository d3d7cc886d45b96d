import pytest

from firewall.worlds import HERE, dump, golden, reasoner
from tojimari.firewall import facts, intervals
from tojimari.firewall.proof import Approach
from tojimari.firewall.reasoner import Question
from tojimari.firewall.ruleset import TCP, UDP

APPROACHES = [
    Approach(family, "eth0", intervals.parse_address(text, family)) for family, text in HERE.items()
]


def packet(port: int, family: int = 4, sources: list[int] | None = None) -> Question:
    target = intervals.parse_address(HERE[family], family)
    wanted = intervals.interval(*intervals.parse_network("8.0.0.0/8", 4)) if family == 4 else None
    return Question(family, TCP, port, target, "eth0", sources or wanted)


DOCKER = dump(
    ":DOCKER - [0:0]",
    "-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER",
    "-A DOCKER ! -i bridge1 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 192.0.2.2:80",
    table="nat",
)
UFW = dump(
    ":ufw-user-input - [0:0]",
    "-A INPUT -j ufw-user-input",
    "-A ufw-user-input -p tcp -m tcp --dport 8080 -j DROP",
    policy="DROP",
)


def test_a_port_published_past_ufw_is_found_with_both_rules() -> None:
    found = facts.published_past(reasoner(DOCKER, UFW), packet(8080))
    assert found is not None
    assert found.by.rule is not None
    assert "DNAT" in found.by.rule.text
    assert found.past.rule is not None
    assert found.past.rule.text == "-p tcp -m tcp --dport 8080 -j DROP"


def test_after_so_many_questions_the_rest_of_the_rules_is_let_be() -> None:
    rules = dump(
        "-A INPUT -p tcp -j ACCEPT",
        *(f"-A INPUT -p tcp -m tcp --dport {port} -j DROP" for port in (22, 23, 25)),
    )
    asked = reasoner(rules)
    assert len(list(facts.shadowed_rules(asked, APPROACHES))) == 3
    assert not list(facts.shadowed_rules(asked, APPROACHES, most=1))
    assert not list(facts.shadowed_rules(asked, APPROACHES, lambda place: place.rule is None))


@pytest.mark.parametrize("port", [8081, 22])
def test_a_port_that_nobody_publishes_is_none(port: int) -> None:
    assert facts.published_past(reasoner(DOCKER, UFW), packet(port)) is None


def test_a_published_port_that_ufw_allows_is_none() -> None:
    allowed = UFW.replace("DROP\nCOMMIT", "ACCEPT\nCOMMIT")
    assert facts.published_past(reasoner(DOCKER, allowed), packet(8080)) is None


def test_a_hand_written_forward_is_not_past_anybody() -> None:
    plain = DOCKER.replace("DOCKER", "mine")
    assert facts.published_past(reasoner(plain, UFW), packet(8080)) is None


def test_ipv6_left_open_beside_a_shut_ipv4_is_found() -> None:
    found = facts.ipv6_left_open(golden("ufw-ipv4.save"), packet(8080), packet(8080, 6))
    assert found is not None
    assert found.opened is None
    assert found.shut.chain.name == "INPUT"


def test_ipv6_as_shut_as_ipv4_is_none() -> None:
    both = golden("ufw-ipv4.save", "ufw-ipv6.save")
    assert facts.ipv6_left_open(both, packet(8080), packet(8080, 6)) is None
    assert facts.ipv6_left_open(both, packet(22), packet(22, 6)) is None


def test_what_is_published_for_this_machine_is_reached_by_neighbours() -> None:
    neighbours = intervals.interval(*intervals.parse_network("192.168.0.0/24", 4))
    old = dump(
        ":DOCKER - [0:0]",
        "-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER",
        "-A DOCKER -d 127.0.0.1/32 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 192.0.2.2:80",  # noqa: E501 - one ruleset, kept readable as it is
        table="nat",
    )
    found = facts.loopback_reachable(reasoner(old), packet(8080, sources=neighbours))
    assert found is not None
    assert found.by is not None
    fixed = golden("docker-nft-portmap-lo.json")
    assert facts.loopback_reachable(fixed, packet(8080, sources=neighbours)) is None


def test_rules_without_a_listener_are_named_with_their_ports() -> None:
    firewall = reasoner(
        dump(
            "-A INPUT -p tcp --dport 22 -j ACCEPT",
            "-A INPUT -p tcp -m multiport --dports 8000:8010,9000 -j ACCEPT",
            "-A INPUT -p udp --dport 53 -j ACCEPT",
            "-A INPUT -p tcp --dport 25 -j DROP",
            "-A INPUT -s 10.0.0.0/8 -j ACCEPT",
        )
    )
    found = list(facts.rules_without_listener(firewall.program, {(TCP, 22), (UDP, 5353)}))
    assert [(one.protocol, one.ports) for one in found] == [
        (TCP, ((8000, 8010), (9000, 9000))),
        (UDP, ((53, 53),)),
    ]


def test_rules_that_name_a_set_of_ports_are_asked_too() -> None:
    text = (
        '{"nftables": [{"table": {"family": "inet", "name": "f"}},'
        '{"chain": {"family": "inet", "table": "f", "name": "i", "hook": "input", "prio": 0,'
        ' "type": "filter", "policy": "drop"}},'
        '{"set": {"family": "inet", "table": "f", "name": "p", "type": "inet_service",'
        ' "elem": [80, {"range": [90, 99]}]}},'
        '{"rule": {"family": "inet", "table": "f", "chain": "i", "expr": [{"match": {"op": "==",'
        ' "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": "@p"}},'
        ' {"accept": null}]}}]}'
    )
    (found,) = facts.rules_without_listener(reasoner(text).program, {(TCP, 22)})
    assert found.ports == ((80, 80), (90, 99))
    assert not list(facts.rules_without_listener(reasoner(text).program, {(TCP, 95)}))


def test_a_rule_in_the_shadow_of_others_is_found() -> None:
    firewall = reasoner(
        dump(
            ":own - [0:0]",
            "-A INPUT -p tcp -j own",
            "-A INPUT -s 10.0.0.0/8 -p tcp --dport 22 -j DROP",
            "-A INPUT -p udp --dport 53 -j ACCEPT",
            "-A INPUT -i eth9 -j DROP",
            "-A INPUT -m limit --limit 1/s -p tcp -j ACCEPT",
            "-A own -p tcp --dport 22 -j ACCEPT",
            "-A own -s 8.8.8.8 -p tcp --dport 22 -j DROP",
            "-A own -p tcp ! --dport 80 -j RETURN",
        )
    )
    found = {
        one.place.rule.text
        for one in facts.shadowed_rules(firewall, APPROACHES)
        if one.place.rule is not None
    }
    assert found == {
        "-s 10.0.0.0/8 -p tcp --dport 22 -j DROP",
        "-s 8.8.8.8 -p tcp --dport 22 -j DROP",
    }


def test_the_sources_that_get_through_are_a_set() -> None:
    firewall = reasoner(dump("-A INPUT -s 8.1.0.0/16 -j ACCEPT", policy="DROP"))
    found = facts.wider_sources(firewall, packet(22))
    assert list(intervals.networks(found, 4)) == ["8.1.0.0/16"]
