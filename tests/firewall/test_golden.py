"""Rulesets as real programs wrote them, asked what people ask."""

import json

import pytest

from firewall.worlds import GOLDEN, ask, golden
from tojimari.firewall.dialects import nft_json
from tojimari.firewall.ruleset import UDP

YES, NO = "certainly", "certainly-not"
LIMITS = "limit ct count over 10 | limit limit rate 3/minute"


@pytest.mark.parametrize(
    ("port", "source", "expected"),
    [
        (22, "8.8.8.8", f"{YES} | -p tcp -m tcp --dport 22 -j ACCEPT"),
        (2222, "8.8.8.8", f"{YES} | -j ACCEPT | limit recent --update --seconds 30 --hitcount 6"),
        (8080, "8.8.8.8", f"{NO} | policy of INPUT"),
        (23, "8.8.8.8", f"{NO} | -p tcp -m tcp --dport 23 -j DROP"),
        (113, "8.8.8.8", f"{NO} | -p tcp -m tcp --dport 113 -j REJECT --reject-with tcp-reset"),
        (5432, "192.168.1.7", f"{YES} | -s 192.168.1.0/24 -p tcp -m tcp --dport 5432 -j ACCEPT"),
        (5432, "192.168.2.7", f"{NO} | policy of INPUT"),
        (22, "2001:db8:1::1", f"{YES} | -p tcp -m tcp --dport 22 -j ACCEPT"),
        (5432, "2001:db8:1::1", f"{NO} | policy of INPUT"),
    ],
)
def test_ufw(port: int, source: str, expected: str) -> None:
    assert ask(golden("ufw-ipv4.save", "ufw-ipv6.save"), port, source) == expected


def test_ufw_opens_a_range_on_one_interface_only() -> None:
    ufw = golden("ufw-ipv4.save")
    opened = "-i eth1 -p tcp -m multiport --dports 8000:8010 -j ACCEPT"
    assert ask(ufw, 8005, interface="eth1") == f"{YES} | {opened}"
    assert ask(ufw, 8005) == f"{NO} | policy of INPUT"


@pytest.mark.parametrize(
    ("port", "source", "expected"),
    [
        (22, "8.8.8.8", f"{YES} | tcp dport 22 accept"),
        (80, "203.0.113.9", f"{NO} | ip saddr 203.0.113.0/24 drop"),
        (80, "198.51.100.9", f"{NO} | drop"),
        (3306, "10.8.3.4", f"{YES} | accept"),
        (3306, "8.8.8.8", f"{NO} | reject with icmpx admin-prohibited"),
        # A forwarded port goes past the zone's list of the banned: "ct status dnat" comes first.
        (8080, "203.0.113.9", f"{YES} | ct status dnat accept | to 10.9.0.5:80"),
    ],
)
def test_firewalld(port: int, source: str, expected: str) -> None:
    assert ask(golden("firewalld.json"), port, source) == expected


def test_firewalld_as_installed_lets_in_ssh_alone() -> None:
    default = golden("firewalld-default.json")
    assert ask(default, 22) == f"{YES} | tcp dport 22 accept"
    assert ask(default, 443) == f"{NO} | reject with icmpx admin-prohibited"


def test_docker_publishes_a_port() -> None:
    docker = golden("docker-nft-portmap.json")
    accepted = "ip daddr 192.0.2.2 tcp dport 80 counter accept"
    assert ask(docker, 8080) == f"{YES} | {accepted} | to 192.0.2.2:80"
    assert ask(docker, 8081) == f"{YES} | nothing"


def test_dockers_container_is_not_reached_at_its_own_address() -> None:
    refused = 'ip daddr 192.0.2.2 iifname != "bridge1" counter drop comment "DROP DIRECT ACCESS"'
    assert ask(golden("docker-nft-portmap.json"), 80, to="192.0.2.2") == f"{NO} | {refused}"


def test_docker_publishes_for_this_machine_alone() -> None:
    docker = golden("docker-nft-portmap-lo.json")
    assert ask(docker, 8080) == f"{YES} | nothing"
    refused = 'iifname != "lo" ip daddr 127.0.0.1 tcp dport 8080 counter drop'
    assert ask(docker, 8080, to="127.0.0.1") == (f'{NO} | {refused} comment "DROP REMOTE LOOPBACK"')


def test_docker_by_iptables_needs_its_set_to_be_known() -> None:
    accepted = "-d 192.0.2.2/32 ! -i bridge1 -o bridge1 -p tcp -m tcp --dport 80 -j ACCEPT"
    whole = golden("docker-ipt-portmap.save", "docker-bridges.ipset")
    assert ask(whole, 8080) == f"{YES} | {accepted} | to 192.0.2.2:80"
    alone = golden("docker-ipt-portmap.save")
    unsure = "doubt @docker-ext-bridges-v4"
    assert ask(alone, 8080) == f"maybe | {accepted} | to 192.0.2.2:80 | {unsure}"


def test_kubernetes_sends_a_node_port_on() -> None:
    kubernetes = golden("kubeproxy-nft.json")
    assert ask(kubernetes, 3003, to="192.168.0.2") == (
        f"{YES} | policy of filter-forward | to 10.180.0.3:80"
    )
    refused = "ip daddr @nodeport-ips meta l4proto . th dport vmap @no-endpoint-nodeports"
    assert ask(kubernetes, 3001) == f"{NO} | {refused}"


def test_fail2ban_bans_at_one_port() -> None:
    bans = golden("fail2ban-nft.json")
    banned = "tcp dport 22 ip saddr @addr-set-sshd reject with icmp port-unreachable"
    assert ask(bans, 22, "203.0.113.7") == f"{NO} | {banned}"
    assert ask(bans, 23, "203.0.113.7") == f"{YES} | policy of f2b-chain"
    assert ask(bans, 22, "2001:db8::bad").startswith(f"{NO} | tcp dport 22 ip6 saddr")


def test_crowdsec_blocks_everywhere() -> None:
    blocked = "ip saddr @crowdsec-blacklists counter drop"
    assert ask(golden("crowdsec-nft.json"), 4711, "198.51.100.7") == f"{NO} | {blocked}"


def test_libvirt_opens_what_its_guests_need() -> None:
    libvirt = golden("libvirt-ipt.save")
    assert ask(libvirt, 53, "192.168.122.5", protocol=UDP, interface="virbr0") == (
        f"{YES} | -i virbr0 -p udp -m udp --dport 53 -j ACCEPT"
    )


@pytest.mark.parametrize(
    ("port", "interface", "expected"),
    [
        (
            22,
            "eth0",
            f"{YES} | limit rate 3/minute accept | limit ct count over 10 | limit limit rate 3/minute",  # noqa: E501 - one ruleset, kept readable as it is
        ),
        (25, "eth0", f"{NO} | meta nfproto ipv4 tcp dport vmap @portmap"),
        (80, "eth0", f"{YES} | meta nfproto ipv4 tcp dport vmap @portmap"),
        (2222, "eth0", f"{YES} | limit rate 3/minute accept | to 192.168.0.2:22 | {LIMITS}"),
        (4000, "eth0", f"{NO} | ip saddr != {{ 10.0.0.1, 10.0.0.2 }} tcp dport != 1-1023 drop"),
        (8080, "eth0", f"{YES} | ct status dnat accept | to 192.0.2.2:80"),
    ],
)  # fmt: skip
def test_one_of_nearly_everything(port: int, interface: str, expected: str) -> None:
    assert ask(golden("kitchen-sink.json"), port, interface=interface) == expected


def test_an_ingress_chain_without_its_device_stands_everywhere() -> None:
    sink = golden("kitchen-sink.json")
    assert ask(sink, 80, "203.0.113.1") == f"{NO} | ip saddr 203.0.113.0/24 drop"


def test_the_text_says_where_an_ingress_chain_stands() -> None:
    ruleset = nft_json.read((GOLDEN / "kitchen-sink.json").read_text(encoding="utf-8"))
    assert nft_json.lacks_devices(ruleset)
    nft_json.devices(ruleset, (GOLDEN / "kitchen-sink.nft").read_text(encoding="utf-8"))
    assert not nft_json.lacks_devices(ruleset)


def test_rules_read_as_nft_writes_them() -> None:
    sink = nft_json.read((GOLDEN / "kitchen-sink.json").read_text(encoding="utf-8"))
    texts = {rule.text for chain in sink.tables[0].chains.values() for rule in chain.rules}
    assert {
        "tcp dport 2222 redirect to :22",
        'iifname "eth1" udp dport 53 dnat ip to 192.0.2.53',
        "fib saddr . iif oif missing drop",
        "ip saddr . tcp dport @pairs accept",
        "add @blocked { ip saddr limit rate over 10/second } drop",
        "meta nfproto ipv4 tcp dport vmap @portmap",
        'iifname "eth0" oifname "br-*" accept',
        "limit rate 3/minute accept",
        "meta l4proto tcp ct original proto-dst 8080 ct status dnat accept",
    } <= texts


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.json")), ids=lambda path: path.stem)
def test_every_rule_of_a_listing_is_there(path: object) -> None:
    text = (GOLDEN / str(path)).read_text(encoding="utf-8")
    wanted = sum("rule" in item for item in json.loads(text)["nftables"])
    ruleset = nft_json.read(text)
    found = [
        rule for table in ruleset.tables for chain in table.chains.values() for rule in chain.rules
    ]
    assert len(found) == wanted
    assert all(rule.text for rule in found)
