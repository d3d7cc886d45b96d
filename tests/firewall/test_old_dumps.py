"""Dumps as machines of all ages wrote them: each is read, or refused with its line and a reason."""

import pytest

from firewall.worlds import ask, dump, reasoner
from tojimari.core.errors import UsageError
from tojimari.firewall.reading import from_texts

YES, NO = "certainly", "certainly-not"

# A match, and whether it can hold for the first packet of a conversation from 8.8.8.8 to port 22.
DECIDED = [
    ("-s 8/8", True),
    ("-s 8.8/16", True),
    ("-d 0/0", True),
    ("-s any/0", None),
    ("-i + -p tcp", True),
    ("-i et+", True),
    ("-i eth0.100", False),
    ("-p tcp -m state --state NEW", True),
    ("-p tcp -m state ! --state NEW,RELATED", False),
    ("-p tcp --state ! NEW", False),
    ("-m state --state INVALID -p tcp", False),
    ("-m physdev ! --physdev-is-bridged", True),
    ("-m physdev --physdev-is-bridged", False),
    ("-m physdev --physdev-in vif1.0 --physdev-out eth1 --physdev-is-bridged", False),
    ("-m physdev --physdev-in vnet+", None),
    ("-m helper --helper ftp", False),
    ("-m helper ! --helper ftp", True),
    ("-p tcp -m multiport --destination-ports ssh,www", True),
    ("-p tcp -m mport --ports 22,80", True),
    ("-p tcp -m tcp ! --sport 1024:65535", False),
    ("-p tcp --sport 1024: --dport :1023", True),
    ("-p tcp --dport=22", True),
    ("-ptcp --dport 22", True),
    ("-p tcp --dport distinct", False),
    ("-p carp", False),
    ("-p ipv6", False),
    ("-p 112", False),
    ("-p nonsense", None),
    ("-p tcp -m tcp --tcp-flags ! FIN,SYN,RST,ACK SYN", False),
    ("-p tcp -m tcp ! --tcp-flags SYN,RST,ACK,FIN SYN", False),
    ("-p tcp -m tcp --tcp-flags FIN,SYN,RST,PSH,ACK,URG NONE", False),
    ("-m mac --mac-source ! 00:11:22:33:44:55", None),
    ("-m owner --uid-owner 0", None),
    ("-m time --timestart 08:00:00 --timestop 18:00:00 --weekdays Mon,Tue", None),
    ("-m u32 --u32 0x0>>0x16&0x3c@0x0=0x1", None),
    ("-m geoip ! --source-country CN,RU", None),
    ("-m length --length 40:1500", None),
    ("-m ttl --ttl-lt 5", None),
    ("-m layer7 --l7proto ssh", None),
    ("-m ipp2p --edk --kazaa", None),
    ("-p tcp -m socket", None),
    ("-p tcp -m unclean", None),
    ("-p tcp -m psd", None),
    ("-p tcp -m ndpi --ssh", None),
    ('-m string --string "-A INPUT" --algo bm', None),
    ("-m set --match-set sshguard4 src", None),
    ("-m set --set trusted src", None),
    ("-m conntrack --ctorigsrcport 40000", None),
    ("-m connbytes --connbytes 1000: --connbytes-dir both --connbytes-mode bytes", None),
    ("-m dscp --dscp 0x10", None),
    ("-m realm --realm 1", None),
    ("-m tcpmss --mss 1:536 -p tcp", None),
    ("-m devgroup --src-group 1", None),
    ('-m bpf --bytecode "4,48 0 0 9,21 0 1 6,6 0 0 1,6 0 0 0"', None),
]  # fmt: skip
CERTAINTY = {True: NO, False: YES, None: "maybe"}


@pytest.mark.parametrize(("match", "holds"), DECIDED)
def test_a_match_of_any_age_decides_or_is_doubted(match: str, holds: bool | None) -> None:
    answer = ask(reasoner(dump(f"-A INPUT {match} -j DROP")), 22)
    assert answer.split(" | ")[0] == CERTAINTY[holds], answer


@pytest.mark.parametrize(
    "rule",
    [
        "-j DROP -p tcp --dport 22 -s 9.9.9.9",
        "-j DROP -s ! 8.8.8.8",
        "-p tcp -j DROP ! -s 8.8.8.8",
        "-jDROP -s9.9.9.9",
        "-j REJECT --reject-with tcp-reset -p udp",
        '-j LOG --log-prefix "IN: -j DROP " --log-level 7 -p tcp',
        "-p tcp --dport 22 -m limit --limit 5/min -j LOG --log-prefix \"a 'b\" --log-tcp-options",
        '-j ULOG --ulog-prefix "x" --ulog-cprange 100 --ulog-qthreshold 50',
        "-j NFLOG --nflog-group 5",
        "-j TCPMSS --clamp-mss-to-pmtu",
        "-j CLASSIFY --set-class 1:10",
        "-j CONNMARK --save-mark --nfmask 0xffffffff --ctmask 0xffffffff",
        "-j TOS --set-tos 0x10/0x3f",
    ],
)  # fmt: skip
def test_a_target_does_not_hide_what_stands_behind_it(rule: str) -> None:
    answer = ask(reasoner(dump(f"-A INPUT {rule}")), 22)
    assert answer == f"{YES} | policy of INPUT"


@pytest.mark.parametrize(
    ("target", "certainty"),
    [
        ("TARPIT", NO),
        ("MIRROR", NO),
        ("DROP -m comment --comment \"it's closed\"", NO),
        ("DROP -m comment --comment it's", NO),
        ("DROP -m comment --comment 'two words'", NO),
        ('DROP -m comment --comment "a \\"b\\" -j ACCEPT"', NO),
        ("TPROXY --on-port 3129 --on-ip 0.0.0.0 --tproxy-mark 0x1/0x1", "maybe"),
        ("ROUTE --oif eth1", "maybe"),
        ("QUEUE", "maybe"),
    ],
)  # fmt: skip
def test_a_target_of_any_age_ends_or_is_doubted(target: str, certainty: str) -> None:
    rule = f"-A INPUT -p tcp --dport 22 -j {target}"
    assert ask(reasoner(dump(rule)), 22).startswith(certainty)


def test_a_chain_is_preferred_to_an_extension_of_its_name() -> None:
    rules = dump(":LOG - [0:0]", "-A LOG -j DROP", "-A INPUT -j LOG")
    assert ask(reasoner(rules), 22) == f"{NO} | -j DROP"


def test_a_chain_may_be_called_like_a_command() -> None:
    rules = dump(":A - [0:0]", "-A A -p tcp -j DROP", "-A INPUT -j A")
    assert ask(reasoner(rules), 22) == f"{NO} | -p tcp -j DROP"


def test_one_of_several_destinations_of_old_is_unsure() -> None:
    target = "DNAT --to-destination 192.0.2.7 --to-destination 192.0.2.9"
    nat = dump(f"-A PREROUTING -p tcp --dport 22 -j {target}", table="nat")
    assert ask(reasoner(nat + dump("-A FORWARD -d 192.0.2.9 -j DROP")), 22).startswith("maybe")


def test_a_dump_may_end_without_commit() -> None:
    assert ask(reasoner(dump("-A INPUT -j DROP").replace("COMMIT\n", "")), 22).startswith(NO)


def test_a_table_that_comes_again_replaces_the_first() -> None:
    text = dump("-A INPUT -j DROP") + dump("-A INPUT -p tcp --dport 80 -j DROP")
    assert ask(reasoner(text), 22).startswith(f"{YES} |")


def test_chains_are_emptied_and_deleted() -> None:
    text = (
        "*filter\n-F\n-X\n-Z\n:own - [0:0]\n-A INPUT -j DROP\n-F INPUT\n-X own\n-A INPUT -j own\n"
    )
    assert ask(reasoner(text + "COMMIT\n"), 22).startswith("maybe")


@pytest.mark.parametrize(
    ("first", "rules", "source"),
    [
        ("# Generated by ip6tables-save v1.4.7 on Mon", "-A INPUT -j DROP", "2001:db8:1::1"),
        ("# Generated by ip6tables-nft-save v1.8.9", "-A INPUT -j DROP", "2001:db8:1::1"),
        ("# Generated by xtables-save v1.8.2", "-A INPUT -s 2001:db8::/16 -j DROP", "2001:db8::1"),
        ("", "-A INPUT -p ipv6-icmp -j ACCEPT\n-A INPUT -j DROP", "2001:db8:1::1"),
        ("", "-A INPUT -d ::1/128 -j ACCEPT\n-A INPUT -j DROP", "2001:db8:1::1"),
        ("# Generated by iptables-save v1.4.7 on Mon", "-A INPUT -j DROP", "8.8.8.8"),
        ("", '-A INPUT -m comment --comment "no icmpv6: ::1" -j DROP', "8.8.8.8"),
        ("", '-A INPUT -j LOG --log-prefix "ip6tables -p ipv6-icmp "\n-A INPUT -j DROP', "8.8.8.8"),
        ("", "-A INPUT -j DROP", "8.8.8.8"),
    ],
)
def test_the_family_is_told_by_the_rules_and_not_by_remarks(
    first: str, rules: str, source: str
) -> None:
    firewall = reasoner(f"{first}\n{dump(*rules.splitlines())}")
    assert ask(firewall, 22, source).startswith(NO)
    other = "8.8.8.8" if ":" in source else "2001:db8:1::1"
    assert ask(firewall, 22, other).startswith(f"{YES} |")


def test_a_listing_of_chains_is_read_too() -> None:
    text = "-P INPUT DROP\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT\n-N own\n-A INPUT -j own\n"
    firewall = reasoner(text + "-A own -p tcp -m tcp --dport 22 -j ACCEPT\n")
    assert ask(firewall, 22) == f"{YES} | -p tcp -m tcp --dport 22 -j ACCEPT"
    assert ask(firewall, 23) == f"{NO} | policy of INPUT"
    nat = "-P PREROUTING ACCEPT\n-P INPUT ACCEPT\n-P OUTPUT ACCEPT\n-P POSTROUTING ACCEPT\n"
    redirected = reasoner(nat + "-A PREROUTING -p tcp --dport 80 -j REDIRECT --to-ports 81\n")
    assert ask(redirected, 80).endswith("to 192.168.0.2:81")


def test_what_a_dump_says_is_not_in_it_is_told() -> None:
    legacy = "# Warning: iptables-legacy tables present, use iptables-legacy-save to see them\n"
    ruleset = from_texts([legacy + dump() + "*rawpost\n:POSTROUTING ACCEPT [0:0]\nCOMMIT\n"], ["f"])
    assert [note.code for note in ruleset.notes] == ["other-tables", "unknown-table"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Chain INPUT (policy DROP 3 packets, 180 bytes)\n pkts bytes target\n", "iptables -L"),
        ("Chain DOCKER (2 references)\ntarget     prot opt source\n", "iptables -L"),
        ("#!/bin/sh\niptables -F\niptables -A INPUT -j DROP\n", "script"),
        ("/sbin/iptables -t nat -A PREROUTING -j ACCEPT\n", "script"),
        ("Status: active\n\nTo    Action  From\n22/tcp  ALLOW  Anywhere\n", "ufw status"),
        ("public (active)\n  target: default\n  icmp-block-inversion: no\n", "firewall-cmd"),
        ("# Generated by ebtables-save v1.0 on Mon\n*filter\n:INPUT ACCEPT\n", "ebtables"),
        ("*filter\n:FORWARD ACCEPT\n-A FORWARD -p IPv4 --ip-src 10.0.0.1 -j DROP\n", "ebtables"),
        (":input ACCEPT\n:forward DENY\n-A input -s 0/0 -j DENY\n", "ipchains"),
    ],
)
def test_what_is_no_dump_is_refused_with_a_reason_and_a_hint(text: str, reason: str) -> None:
    with pytest.raises(UsageError, match=reason) as caught:
        from_texts([text], ["FILE"])
    assert str(caught.value).startswith("FILE: ")
    assert caught.value.hint.text.startswith("sudo ")


def test_an_empty_file_says_nothing_beside_another_and_is_refused_alone() -> None:
    assert ask(reasoner("\n", dump("-A INPUT -j DROP")), 22) == f"{NO} | -j DROP"
    with pytest.raises(UsageError, match=r"^FILE: this file is empty"):
        from_texts(["", "\n"], ["FILE", "other"])


def test_a_line_that_was_broken_in_two_is_named() -> None:
    text = dump("-A INPUT -p tcp -m tcp --dport 22", "-m state --state NEW -j ACCEPT")
    with pytest.raises(UsageError, match=r"^rules\.v4:6: "):
        from_texts([text], ["rules.v4"])
