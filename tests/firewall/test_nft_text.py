"""nftables as text: it means what nft's JSON of it means, and people's files are read too."""

import dataclasses
import random
from collections.abc import Iterator

import pytest

from firewall import generate
from firewall.judge import Judge
from firewall.worlds import GOLDEN, ask, reasoner
from tojimari.core.errors import UsageError
from tojimari.firewall.dialects import nft_json, nft_text
from tojimari.firewall.reading import dialect_of, from_texts
from tojimari.firewall.ruleset import UDP, Doubt, Match, Ruleset, VerdictMap

YES, NO = "certainly", "certainly-not"


def bare(expression: object) -> object:
    """An expression without the words in which a doubt is told: each form has its own."""
    if isinstance(expression, Doubt):
        return expression.kind
    if isinstance(expression, Match | VerdictMap):
        operands = tuple(dataclasses.replace(one, text="") for one in expression.operands)
        return dataclasses.replace(expression, operands=operands)
    return expression


def compare(listed: Ruleset, written: Ruleset) -> int:
    """Hold two readings of one ruleset against each other; how many rules there were."""
    count = 0
    assert [(one.family, one.name) for one in listed.tables] == [
        (one.family, one.name) for one in written.tables
    ]
    for one, other in zip(listed.tables, written.tables, strict=True):
        assert list(one.chains) == list(other.chains)
        assert one.sets == other.sets
        for name, chain in one.chains.items():
            assert chain.base == other.chains[name].base, name
            for rule, same in zip(chain.rules, other.chains[name].rules, strict=True):
                count += 1
                assert list(map(bare, rule.expressions)) == list(map(bare, same.expressions)), (
                    rule.text,
                    same.text,
                )
                assert (rule.number, rule.comment) == (same.number, same.comment)
                assert same.handle in {None, rule.handle}
    return count


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    made = Judge()
    yield made
    made.close()


def listed(judge: Judge, *flags: str) -> tuple[Ruleset, Ruleset]:
    """What stands in the kernel, by both forms."""
    text = judge.inside("nft", *flags, "list", "ruleset")
    found = nft_json.read(judge.inside("nft", "-j", "list", "ruleset"))
    nft_json.devices(found, text)
    return found, nft_text.read(text)


@pytest.mark.usefixtures("root")
@pytest.mark.parametrize("family", [4, 6])
def test_random_rulesets_mean_the_same_in_both_forms(judge: Judge, family: int) -> None:
    count = 0
    for seed in range(40):
        chance = random.Random(seed)  # noqa: S311 - for variety, with a fixed seed
        write = generate.strange_ruleset if seed % 2 else generate.ruleset
        try:
            judge.load(write(chance, family))
        except RuntimeError:
            continue  # the kernel did not take it
        count += compare(*listed(judge, *(["-a"] if seed % 4 < 2 else [])))
    for number in range(len(generate.CORNERS)):
        judge.load(generate.corner(number, family))
        count += compare(*listed(judge))
    assert count > 1500


# One of nearly every statement and expression that this kernel takes.
EVERYTHING = """table inet everything {
    limit slow { rate 5/second burst 10 packets; }
    quota much { over 25 mbytes; }
    counter seen { }
    set names { typeof iifname; flags interval; elements = { "eth*", "lo" }; }
    set timed { type ipv4_addr; flags timeout; elements = { 10.0.0.1 timeout 1h, 10.0.0.2 }; }
    set said { typeof ip saddr . tcp dport; elements = { 10.0.0.1 . 22 comment "one", 10.0.0.2 . 80 }; }
    set kinds { type inet_proto . inet_service; flags interval; elements = { tcp . 20-25, udp . 53 }; }
    map where { type inet_service : ipv4_addr; elements = { 80 : 10.0.0.5, 81 : 10.0.0.6 }; }
    map gone { type mark : verdict; elements = { 1 : drop, 2 : goto other }; }
    chain other { counter name "seen" return comment "back \\"again" ; }
    chain nat { type nat hook prerouting priority dstnat + 5; policy accept;
        dnat ip to tcp dport map @where
        meta nfproto ipv4 tcp dport 90 dnat ip to 10.0.0.5-10.0.0.9:8000-8010 random
        meta nfproto ipv6 tcp dport 91 dnat ip6 to [2001:db8::5]:80 persistent
        tcp dport 92 redirect to :93
        udp dport 94 redirect
        ip daddr 192.0.2.0/24 dnat ip prefix to ip daddr map { 192.0.2.0/24 : 10.0.0.0/24 }
        tcp dport 95 dnat ip to numgen random mod 2 map { 0 : 10.0.0.5, 1 : 10.0.0.6 }
    }
    chain in { type filter hook input priority filter - 1; policy drop;
        ct state vmap { established : accept, related : accept, invalid : drop }
        ct state ! established tcp flags ! syn drop
        tcp flags != syn / fin,syn,rst,ack drop
        tcp flags & (syn | ack) == syn | ack drop
        ct status != dnat ct direction original ct mark & 0x0f == 0x01 accept
        ct original ip daddr 10.0.0.1 ct original proto-dst 22 accept
        iifname @names oifname != "wg*" iif "lo" accept
        iifname { "a", "b*" } ip saddr @timed accept
        ip saddr . tcp dport @said accept
        meta l4proto . th dport @kinds accept
        meta mark vmap @gone
        meta mark set meta mark & 0xfffffff0 | 0x00000003
        meta mark set ct mark ct mark set meta mark
        meta mark set jhash ip saddr mod 16
        ip saddr 10.0.0.0/8 ip daddr != { 10.1.0.0/16, 10.2.0.1-10.2.0.9 } reject with icmp type host-prohibited
        ip6 saddr fe80::/10 ip6 nexthdr tcp tcp dport < 1024 reject with tcp reset
        meta nfproto ipv6 reject with icmpv6 type admin-prohibited
        reject with icmpx type port-unreachable
        limit rate over 10 kbytes/second burst 512 kbytes drop
        limit rate 3/minute burst 5 packets counter log prefix "a { b; } " level info flags all accept
        limit name "slow" quota name "much" quota over 10 mbytes drop
        ct count over 4 reject
        meta hour "08:00"-"17:00" meta day "Monday" meta skuid { 0, 1000 } accept
        fib saddr . iif oif missing fib daddr . iif type { local, broadcast } drop
        fib daddr type local th dport 5000-5010 th sport != 53 accept
        numgen random mod 10 < 3 drop
        numgen inc mod 2 vmap { 0 : accept, 1 : continue }
        symhash mod 4 2 accept
        socket transparent 1 accept
        ether saddr 00:11:22:33:44:55 meta protocol ip accept
        ether type ip ip dscp cs1 ip length > 100 ip ttl 64 accept
        icmp type { echo-request, destination-unreachable } icmp code 3 accept
        icmpv6 type nd-neighbor-solicit accept
        tcp option maxseg size 500-1460 accept
        tcp option maxseg size set rt mtu
        rt classid 5 accept
        exthdr frag exists drop
        hbh nexthdr tcp accept
        frag more-fragments 1 drop
        ip option lsrr exists drop
        @th,16,16 22 drop
        esp spi 100 udp length 8 accept
        tcp dport 7000 synproxy mss 1460 wscale 7 timestamp sack-perm
        queue flags bypass to 1-3
        add @timed { ip saddr timeout 30s } accept
        update @timed { ip saddr limit rate 10/second } drop
        notrack
        dup to 10.0.0.9
        meta priority set 1:10 meta nftrace set 1
        tcp dport { 22, 80-90, 443 } goto other
    }
}
table ip6 six { chain in { type filter hook prerouting priority raw; policy accept;
    ip6 saddr ::1 iifname != "lo" drop
    ip6 saddr 2001:db8::1-2001:db8::9 drop
    ip6 saddr { 2001:db8::/32, ::/128 } notrack
} }
table bridge b { chain p { type filter hook prerouting priority filter; policy accept;
    meta ibrname "br0" vlan id 5 drop
} }
table netdev d { chain e { type filter hook egress device "lo" priority filter; policy accept;
    fwd to "lo"
} }
table arp a { chain i { type filter hook input priority filter; policy accept;
    arp operation request arp saddr ip 10.0.0.1 drop
} }
"""  # noqa: E501 - rules as nft writes them


@pytest.mark.usefixtures("root")
def test_nearly_every_word_of_nft_means_the_same_in_both_forms(judge: Judge) -> None:
    taken: list[str] = []
    refused: list[str] = []
    for line in EVERYTHING.replace("} }", "}\n}").splitlines():
        text = "\n".join([*taken, line])
        opened = text.count("{") - text.count("}")
        try:
            judge.inside("nft", "-f", "-", text=f"flush ruleset\n{text}" + "\n}" * opened + "\n")
            taken.append(line)
        except RuntimeError as error:
            refused.append(f"{line}: {error}")
    assert len(refused) <= 12, refused
    assert compare(*listed(judge)) > 50


@pytest.mark.parametrize("name", ["kitchen-sink"])
def test_a_listing_is_read_as_its_json(name: str) -> None:
    text = (GOLDEN / f"{name}.nft").read_text(encoding="utf-8")
    found = nft_json.read((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))
    nft_json.devices(found, text)
    assert compare(found, nft_text.read(text)) > 40


WRITTEN = """#!/usr/sbin/nft -f
# A file as people write it.
flush ruleset
define web = { 80, 443 }
define office = 10.1.0.0/16
define trusted = { $office, 192.0.2.7 }

add table inet f
add chain inet f in { type filter hook input priority 0 ; policy drop ; }
add set inet f bad { type ipv4_addr; flags interval; }
add element inet f bad { 8.8.0.0/16,
    9.9.9.9 }
add rule inet f in ct state { established,related } accept
add rule inet f in ip saddr @bad drop comment "never"
add rule inet f in tcp dport $web accept
add rule inet f in ip saddr $trusted \\
    tcp dport 22 accept
insert rule inet f in iifname lo accept
table inet g {
    chain c { type filter hook input priority 10; policy accept;
        tcp dport 443 drop; udp dport 1-9 drop
    }
}
"""


def test_a_file_for_nft_is_read_command_by_command() -> None:
    firewall = reasoner(WRITTEN)
    assert ask(firewall, 80, "1.1.1.1") == f"{YES} | tcp dport $web accept"
    assert ask(firewall, 80).startswith(f"{NO} | ip saddr @bad drop")
    assert ask(firewall, 443, "1.1.1.1") == f"{NO} | tcp dport 443 drop"
    assert ask(firewall, 22, "10.1.2.3") == f"{YES} | ip saddr $trusted tcp dport 22 accept"
    assert ask(firewall, 22, "192.0.2.7").startswith(f"{YES} | ip saddr $trusted")
    assert ask(firewall, 22, "1.1.1.1") == f"{NO} | policy of in"
    assert ask(firewall, 5, "1.1.1.1", protocol=UDP, interface="lo").startswith(NO)
    rules = firewall.program.chains[0, "in"].chain.rules
    assert [rule.text for rule in rules][:2] == [
        "iifname lo accept",
        "ct state { established,related } accept",
    ]
    assert rules[2].comment == "never"


def chain(*rules: str, policy: str = "accept") -> str:
    """A table with an input chain."""
    body = "\n".join(rules)
    return (
        "table inet f {\n chain c { drop\n }\n chain in {\n"
        f" type filter hook input priority 0; policy {policy};\n{body}\n}}\n}}\n"
    )


@pytest.mark.parametrize(
    ("rule", "certainty"),
    [
        ("tcp dport 22 some-word 5 drop", "maybe"),
        ("tcp dport 23 some-word 5 drop", YES),
        ("some-word { 1, 2 } tcp dport 23 drop", "maybe"),
        ("some-word jump c", "maybe"),
        ('some-word counter log prefix "drop"', YES),
        ("meta nosuch 5 drop", "maybe"),
        ("meta mark set some-word 5 meta mark 0 drop", "maybe"),
        ('xt match "recent" drop', "maybe"),
        ("# match recent counter packets 3 bytes 180 drop", "maybe"),
        ("tcp dport 22 # recv of what people wrote", YES),
        ("tcp flags ! syn drop", YES),
        ("tcp flags ! ack drop", NO),
        ("ct state ! new drop", YES),
        ("ct state ! established drop", NO),
        ("tcp dport 22 drop # handle 7", NO),
        ("tcp dport vmap { 22: drop, 23: accept }", NO),
        ("tcp dport eq 22 drop", NO),
        ("tcp dport ne 22 drop", YES),
        ("ip saddr 8.8.8.8 meta mark set 1; mark 1 drop", NO),
    ],
)  # fmt: skip
def test_a_word_that_is_not_known_is_a_doubt(rule: str, certainty: str) -> None:
    answer = ask(reasoner(chain(rule)), 22)
    assert answer.split(" | ")[0] == certainty, answer


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("table inet f {\n chain c {\n  drop\n", 3),
        ("table inet f {\n chain c {\n  tcp dport { 22 drop\n }\n}\n", 5),
        ("table inet f {\n what\n}\n", 2),
        ("table inet f {\n chain c { type filter hook input priority low; }\n}\n", 2),
        ('table inet f {\n chain c { log prefix "open\n }\n}\n', 2),
        ("table inet f {\n}\nnonsense\n", 3),
        ("add element inet f s { 1 }\ntable inet f {\n}\n", 1),
        ('include "/etc/nftables.d/*.nft"\ntable inet f {\n}\n', 1),
        ("table inet f {\n set s {\n  type ipv4_addr\n", 3),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_line(text: str, line: int) -> None:
    with pytest.raises(UsageError, match=rf"^FILE:{line}: "):
        from_texts([text], ["FILE"])


@pytest.mark.parametrize(
    "text", ["table ip x {\n}\n", "add rule inet f c drop\n", "table x {\n}\n"]
)
def test_a_text_of_nft_is_known(text: str) -> None:
    assert dialect_of(text).name == "nft_text"


def test_a_set_that_nobody_can_read_is_a_doubt() -> None:
    text = "table inet f {\n set s { typeof vlan id . ip saddr; elements = { 5 . 1.1.1.1 }; }\n"
    rules = " chain in { type filter hook input priority 0;\n ip saddr @s drop\n }\n}\n"
    assert ask(reasoner(text + rules), 22).startswith("maybe")


def test_a_dormant_table_decides_nothing() -> None:
    text = chain("drop").replace("table inet f {\n", "table inet f {\n flags dormant\n")
    assert ask(reasoner(text), 22) == f"{YES} | nothing"
