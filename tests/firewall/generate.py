"""Random rulesets of the kind that people write, and the packets to try them with."""

import random
import re
from collections.abc import Iterator

from firewall.judge import HERE
from tojimari.firewall import intervals
from tojimari.firewall.reasoner import Question
from tojimari.firewall.ruleset import TCP, UDP

PORTS = (22, 53, 80, 443, 5432, 8080, 8443)
NEAR_PORTS = (*PORTS, 81, 90, 8081, 9999, 8000, 8010, 8011, 5353, 137)
SOURCE_PORTS = (40000, 40001, 53, 80, 20000)
NETWORKS = {
    4: (
        "10.1.0.0/16",
        "10.1.2.0/24",
        "192.0.2.0/24",
        "198.51.100.0/24",
        "203.0.113.0/25",
        "203.0.113.7",
        "172.16.5.5",
        "10.99.3.0/28",
    ),
    6: (
        "2001:db8:a::/48",
        "2001:db8:a:2::/64",
        "2001:db8:1::/64",
        "2001:db8:2::/64",
        "2001:db8:b::/65",
        "2001:db8:b::7",
        "2001:db8:c::5",
        "2001:db8:99:3::/120",
    ),
}
TARGETS = {
    4: ("192.0.2.1", "192.0.2.1", "198.51.100.1", "10.99.0.5", "10.99.0.9"),
    6: ("2001:db8:1::1", "2001:db8:1::1", "2001:db8:2::1", "2001:db8:99::5", "2001:db8:99::9"),
}
ELSEWHERE = {
    4: ("10.99.0.5", "10.99.0.53", "10.99.0.9"),
    6: ("2001:db8:99::5", "2001:db8:99::53", "2001:db8:99::9"),
}
RANGES = {4: ("10.1.2.{}", "10.1.{}.{}"), 6: ("2001:db8:a:2::{}", "2001:db8:a:{}::{}")}
STRANGE = (
    "limit rate 5/second",
    "numgen random mod 2 == 0",
    "meta length > 40",
    "meta cpu 0",
    "tcp window 64240",
    "ct count over 3",
    "meta skuid 0",
    "quota over 1 mbytes",
)


# Words that fix the protocol; nft refuses two that disagree.
_PROTOCOL_WORDS = re.compile(
    r"\b(?:tcp|udp|th) (?:dport|sport|flags)|l4proto|ip protocol|tcp window"
)


class Writer:
    """Writes one ruleset."""

    def __init__(self, chance: random.Random, family: int, *, strange: bool = False) -> None:
        """``strange`` adds conditions that the reasoner does not model."""
        self.chance = chance
        self.family = family
        self.ip = "ip" if family == 4 else "ip6"
        self.table = chance.choice([self.ip, "inet"])
        self.networks = NETWORKS[family]
        self.strange = strange
        self.late = False  # whether the hook is one that knows neither reject nor reverse routes

    def source(self, *, named: bool = True) -> str:
        """A condition on the source."""
        chance, ip = self.chance, self.ip
        kind = chance.random()
        if kind < 0.5:
            negated = "!= " if chance.random() < 0.2 else ""
            return f"{ip} saddr {negated}{chance.choice(self.networks)}"
        if kind < 0.75 and named:
            return f"{ip} saddr {chance.choice(['', '!= '])}@lan"
        if kind < 0.9:
            return f"{ip} saddr {chance.choice(['', '', '!= '])}{{ {', '.join(chance.sample(self.networks[2:], 3))} }}"  # noqa: E501 - one ruleset, kept readable as it is
        low, high = RANGES[self.family]
        first = low.format(chance.randrange(1, 200))
        last = high.format(chance.randrange(3, 9), chance.randrange(200, 255))
        return f"{ip} saddr {first}-{last}"

    def port(self) -> str:
        """A condition on a port."""
        chance = self.chance
        protocol = chance.choice(["tcp", "udp", "tcp", "th"])
        before = "meta l4proto { tcp, udp } " if protocol == "th" else ""
        kind = chance.random()
        if kind < 0.35:
            value = str(chance.choice(PORTS))
        elif kind < 0.55:
            value = f"{{ {', '.join(map(str, chance.sample(PORTS, 3)))} }}"
        elif kind < 0.7:
            first = chance.choice(PORTS)
            value = f"{first}-{first + chance.choice([1, 10, 400])}"
        elif kind < 0.8:
            value = f"{chance.choice(['<', '>', '<=', '>='])} {chance.choice(PORTS)}"
        else:
            value = f"!= {chance.choice(PORTS)}"
        return f"{before}{protocol} {'dport' if chance.random() < 0.9 else 'sport'} {value}"

    def other(self, *, named: bool = True) -> str:
        """A condition on anything else."""
        ip, here = self.ip, HERE[self.family]
        number = 4 if self.family == 4 else 6
        choices = [
            'iifname "eth0"',
            'iifname "eth1"',
            'iifname "eth*"',
            'iifname != "eth0"',
            'iif "eth0"',
            'iifname { "eth1", "lo" }',
            'oifname "eth1"',
            'oifname != "eth1"',
            "ct state new",
            "ct state established,related",
            "ct state { invalid, untracked }",
            "ct state != established",
            "ct status dnat",
            "ct direction original",
            "meta l4proto tcp",
            "meta l4proto != tcp",
            f"{ip} daddr {here[0]}",
            f"{ip} daddr != {here[1]}",
            "fib daddr type local",
            "fib daddr type != local",
            "meta mark 0x1",
            "meta mark and 0x3 == 0x2",
            "meta mark != 0x0",
            "meta mark { 1, 3 }",
            "ct mark 0x1",
            "ct mark and 0x2 == 0x0",
            "tcp flags & (syn|ack) == syn",
            "tcp flags & (fin|syn|rst|ack) != syn",
            "tcp flags syn",
            "tcp flags ! syn",
            "tcp flags ! ack",
            "meta pkttype host",
            "meta l4proto tcp ct original proto-dst 8080",
        ]
        if self.family == 4:
            choices += ["ip protocol udp", "ip protocol { tcp, icmp }"]
        if not self.late:
            choices += ["fib saddr . iif oif exists", "fib saddr . iif oif missing"]
        if self.table == "inet":
            choices += [f"meta nfproto ipv{number}", f"meta nfproto != ipv{number}"]
        if named:
            choices += [
                f"{ip} saddr . tcp dport @pairs",
                f"{ip} saddr . tcp dport != @pairs",
                f"{ip} daddr . meta l4proto . th dport {{ {here[0]} . tcp . 22, {here[1]} . udp . 53 }}",  # noqa: E501 - one ruleset, kept readable as it is
            ]
        if self.strange:
            choices += STRANGE * 2
        return self.chance.choice(choices)

    def conditions(self, *, named: bool = True) -> str:
        """None to three conditions that nft takes together."""
        chance = self.chance
        kinds = chance.sample(["source", "port", "other"], chance.choice([0, 1, 1, 2, 2, 3]))
        parts = {
            "source": self.source(named=named),
            "port": self.port(),
            "other": self.other(named=named),
        }
        text = " ".join(parts[kind] for kind in kinds)
        bare = text.replace("meta l4proto { tcp, udp } ", "")
        if not text or len(_PROTOCOL_WORDS.findall(bare)) > 1:
            return self.source(named=named)
        return text

    def rule(self, chains: list[str], *, named: bool = True) -> str:
        """One rule."""
        chance, text = self.chance, self.conditions(named=named)
        kind = chance.random()
        if kind < 0.1:
            return f"{text} " + chance.choice(
                [
                    "meta mark set 0x1",
                    "meta mark set 0x2",
                    "meta mark set mark or 0x1",
                    "meta mark set mark xor 0x3",
                    "ct mark set mark",
                    "meta mark set ct mark",
                    "ct mark set 0x1",
                    "meta mark set mark and 0xfffffffe",
                ]
            )
        if kind < 0.13:
            return f"meta mark set 0x3 {text} counter"
        if kind < 0.18:
            return f"{text} counter log"
        if kind < 0.27:
            return self.verdict_map(chains, named=named)
        choices = ["accept", "drop", "accept", "drop", "return"] + ["reject"] * (not self.late)
        if chains:
            choices += [f"jump {chance.choice(chains)}", f"goto {chance.choice(chains)}"] * 2
        return f"{text} {chance.choice(choices)}"

    def verdict_map(self, chains: list[str], *, named: bool) -> str:
        """A rule with a verdict map."""
        choices = [
            "tcp dport vmap { 22 : drop, 80 : accept, 443 : return }",
            "ct state vmap { established : accept, new : continue, invalid : drop }",
            "meta mark vmap { 1 : drop, 2 : accept }",
        ]
        if named:
            choices.append(f"{self.ip} saddr . tcp dport vmap @vm2")
            if len(chains) > 1:
                choices.append("tcp dport vmap @vm")
        if chains:
            target = self.chance.choice(chains)
            choices.append(f'iifname vmap {{ "eth0" : jump {target}, "eth1" : continue }}')
            choices.append(f"udp dport vmap {{ 0-1023 : goto {target}, 5353 : drop }}")
        return self.chance.choice(choices)

    def first_table(self) -> str:
        """A table with sets, maps, chains that call each other, and base chains."""
        chance, networks = self.chance, self.networks
        kind = "ipv4_addr" if self.family == 4 else "ipv6_addr"
        lan = ", ".join(chance.sample(networks, 4))
        lines = [
            f"table {self.table} t1 {{",
            f" set lan {{ type {kind}; flags interval; auto-merge; elements = {{ {lan} }}; }}",
            (
                f" set pairs {{ type {kind} . inet_service; flags interval;"
                f" elements = {{ {networks[0]} . 8080-8090, {networks[5]} . 22 }}; }}"
            ),
            (
                " map vm { type inet_service : verdict;"
                " elements = { 22 : jump c5, 80 : drop, 8080 : accept }; }"
            ),
            (
                f" map vm2 {{ type {kind} . inet_service : verdict; flags interval;"
                f" elements = {{ {networks[0]} . 22 : accept, {networks[4]} . 80-443 : drop }}; }}"
            ),
        ]
        chains = [f"c{number}" for number in range(6)]
        for number in range(5, -1, -1):
            body = "\n  ".join(
                self.rule(chains[number + 1 :]) for _ in range(chance.randrange(1, 6))
            )
            lines.append(f" chain c{number} {{\n  {body}\n }}")
        for hook in ("prerouting", "input", "forward", "output", "postrouting"):
            if hook in {"prerouting", "output", "postrouting"} and chance.random() < 0.5:
                continue
            priority = chance.choice([-310, -150, -99, -10, 0, 5])
            policy = chance.choice(["accept", "drop"]) if hook in {"input", "forward"} else "accept"
            self.late = hook in {"output", "postrouting"}
            called = [] if self.late else chains
            body = "\n  ".join(self.rule(called) for _ in range(chance.randrange(2, 9)))
            self.late = False
            lines.append(
                f" chain b_{hook} {{ type filter hook {hook} priority {priority};"
                f" policy {policy};\n  {body}\n }}"
            )
        return "\n".join([*lines, "}"])

    def second_table(self) -> str:
        """A table with translations, and another filter."""
        chance, ip, here = self.chance, self.ip, HERE[self.family]
        away = ELSEWHERE[self.family]
        wrapped = [f"[{one}]" if self.family == 6 else one for one in away]
        translations = [
            f"tcp dport 8080 dnat to {wrapped[0]}:80",
            "fib daddr type local tcp dport 443 redirect to :8443",
            f'iifname "eth0" udp dport 53 dnat to {away[1]}',
            f"{ip} saddr {self.networks[5]} tcp dport 22 redirect to :80",
            f"{ip} daddr {away[2]} dnat to {here[0]}",
            f"dnat to tcp dport map {{ 5432 : {away[0]}, 80 : {here[1]} }}",
            f"{ip} daddr {here[1]} dnat {ip} addr . port to tcp dport map {{ 22 : {away[0]} . 2222, 443 : {here[0]} . 53 }}",  # noqa: E501 - one ruleset, kept readable as it is
            f"{ip} saddr {self.networks[2]} tcp dport 80 accept",
            "udp dport 5353 drop",
            "meta mark 0x1 tcp dport 80 redirect to :22",
        ]
        lines = [f"table {ip} t2 {{"]
        for hook in ("prerouting", "output") if chance.random() < 0.3 else ("prerouting",):
            priority = chance.choice([-100, -100, -5, 20, -150])
            # The machine's own packets keep their interface only where nothing sends them elsewhere.  # noqa: E501 - one ruleset, kept readable as it is
            picked = chance.sample(translations, 4)
            lines.append(
                f" chain n_{hook} {{ type nat hook {hook} priority {priority}; policy accept;\n  "
                + "\n  ".join(picked)
                + "\n }"
            )
        if chance.random() < 0.2:
            lines.append(
                " chain raw { type filter hook prerouting priority -300; policy accept;\n  "
                f"{ip} saddr {self.networks[3]} notrack\n  udp dport 53 notrack\n }}"
            )
        if chance.random() < 0.3:
            lines.append(
                " chain source { type nat hook postrouting priority 100; policy accept;\n  "
                'oifname "eth1" masquerade\n }'
            )
        body = "\n  ".join(self.rule([], named=False) for _ in range(3))
        lines.append(
            f" chain in2 {{ type filter hook input priority 20; policy accept;\n  {body}\n }}"
        )
        if chance.random() < 0.3:
            source = self.source(named=False)
            lines.append(
                '}\ntable netdev t3 {\n chain in { type filter hook ingress device "eth0"'
                f" priority -500; policy accept;\n  {source} udp dport {chance.choice(PORTS)} drop\n }}"  # noqa: E501 - one ruleset, kept readable as it is
            )
        return "\n".join([*lines, "}"])


def ruleset(chance: random.Random, family: int) -> str:
    """A ruleset that the reasoner models whole."""
    writer = Writer(chance, family)
    return writer.first_table() + ("\n" + writer.second_table() if chance.random() < 0.7 else "")


def strange_ruleset(chance: random.Random, family: int) -> str:
    """A ruleset with conditions that the reasoner does not model."""
    writer = Writer(chance, family, strange=True)
    return writer.first_table() + ("\n" + writer.second_table() if chance.random() < 0.6 else "")


def candidates(chance: random.Random, family: int) -> list[int]:
    """Sources at and about the ends of everything that rules name."""
    found: list[int] = []
    for text in NETWORKS[family]:
        first, last = intervals.parse_network(text, family)
        found += [first + 1, first, last, last + 1, first - 1, chance.randint(first, last)]
    not_sources = {intervals.parse_address(one, family) for one in HERE[family]}
    if family == 4:
        # The kernel takes neither broadcast nor network addresses as sources, rules or not.
        not_sources |= {
            intervals.parse_address(one, 4)
            for one in ("192.0.2.0", "192.0.2.255", "198.51.100.0", "198.51.100.255")
        }
    return [one for one in found if one not in not_sources]


def packets(
    chance: random.Random, family: int, *, groups: int = 70, each: int = 25
) -> Iterator[tuple[Question, list[int]]]:
    """Questions, with sources to ask each for."""
    sources = candidates(chance, family)
    anywhere = intervals.parse_address("8.8.8.8" if family == 4 else "2606:4700::1", family)
    own = [intervals.parse_address(one, family) for one in HERE[family]]
    for _ in range(groups):
        interface = chance.choice(["eth0", "eth1", "eth0", "eth1", "lo"])
        target = chance.choice(TARGETS[family])
        asked = Question(
            family,
            chance.choice([TCP, TCP, UDP]),
            chance.choice(NEAR_PORTS),
            intervals.parse_address(target, family),
            interface,
            None,
            chance.choice(SOURCE_PORTS),
        )
        if interface == "lo":
            yield asked, own if target in HERE[family] else []
            continue
        picked = [
            chance.choice(sources) if chance.random() < 0.9 else anywhere + chance.randrange(1000)
            for _ in range(each)
        ]
        yield asked, picked


# Rulesets that each turn on one thing that is easily got wrong.
CORNERS = (
    # All NAT chains run at the place of NAT, whatever their own priority says.
    """table IP n { chain p { type nat hook prerouting priority -5;
    tcp dport 8080 redirect to :80
    tcp dport 22 redirect to :443
    } }
    table IP f { chain p { type filter hook prerouting priority -50; tcp dport 8080 drop
    tcp dport 443 drop
    } }""",
    # Among themselves, NAT chains keep their order, and the first that rewrites is the last.
    """table IP n { chain late { type nat hook prerouting priority -5;
    tcp dport 8080 redirect to :80
    }
    chain early { type nat hook prerouting priority -150;
    tcp dport 8080 redirect to :443
    tcp dport 22 accept
    tcp dport 53 drop
    }
    chain last { type nat hook prerouting priority 50; tcp dport 22 redirect to :5432
    } }""",
    # Of two chains at one place, the younger runs first.
    """table IP a { chain i { type filter hook input priority 0; meta mark 7 tcp dport 22 drop
    tcp dport 80 meta mark set 7
    } }
    table IP b { chain i { type filter hook input priority 0;
    tcp dport 22 meta mark set 7
    meta mark 7 tcp dport 80 drop
    } }""",
    # Before connection tracking, everything is invalid, and nothing has a status or a mark.
    """table IP r { chain p { type filter hook prerouting priority -310;
    ct state invalid tcp dport 22 drop
    ct state new tcp dport 80 drop
    ct mark 0 udp dport 53 drop
    ct direction original tcp dport 443 drop
    }
    chain q { type filter hook prerouting priority -190;
    ct state invalid tcp dport 5432 drop
    ct mark 0 tcp dport 8443 drop
    } }""",
    # What is not tracked is not translated either.
    """table IP r { chain p { type filter hook prerouting priority -300; tcp dport 8080 notrack
    udp dport 53 notrack
    }
    chain n { type nat hook prerouting priority -100; tcp dport { 8080, 22 } redirect to :80
    }
    chain i { type filter hook input priority 0; ct state untracked udp dport 53 drop
    ct status dnat accept
    tcp dport 80 drop
    ct mark != 3 udp dport 5353 drop
    } }""",
    # The way out counts, after the source was rewritten too.
    """table IP p { chain o { type filter hook postrouting priority 0;
    oifname "eth1" tcp dport 80 drop
    IP saddr NET1 drop
    }
    chain n { type nat hook prerouting priority -100; tcp dport 22 dnat to AWAY0
    udp dport 53 dnat to AWAY1
    tcp dport 8080 dnat to AWAY0
    } }""",
    # Accept ends its own chain only; return and the end of a called chain come back, goto does not.
    """table IP f { chain a { return
    }
    chain b { tcp dport 22 goto a
    tcp dport 80 jump a
    tcp dport 80 drop
    tcp dport 443 accept
    }
    chain i { type filter hook input priority 0; jump b
    tcp dport 22 accept
    tcp dport 5432 goto b
    drop
    }
    chain j { type filter hook input priority 10; tcp dport 443 drop
    accept
    } }""",
    # The mark of a conversation that is not there yet: written in vain, and read it ends the rule.
    """table IP m { chain p { type filter hook prerouting priority -310; policy accept;
    tcp dport 22 ct mark set 0x1
    tcp dport 80 meta mark set 0x2 meta mark set ct mark
    tcp dport 22 meta mark set ct mark
    meta mark 0x1 drop
    }
    chain q { type filter hook prerouting priority -150; tcp dport 443 ct mark set 0x3
    tcp dport 443 meta mark set ct mark
    }
    chain i { type filter hook input priority 0; ct mark 0x1 drop
    meta mark 0x2 drop
    meta mark 0x3 IP saddr NET1 drop
    } }""",
    # A packet of the machine's own that is sent back to its sender, port and all.
    """table IP s { chain n { type nat hook output priority -100; tcp dport 80 dnat to HERE1
    }
    chain i { type filter hook input priority 0; policy drop;
    ct state established accept
    tcp sport 53 accept
    } }""",
    # One of several destinations.
    """table IP n { chain p { type nat hook prerouting priority -100;
    tcp dport 8080 redirect to :80-90
    tcp dport 8010 redirect to :8000-8020
    tcp dport 22 dnat to AWAY2
    udp dport 53 dnat to AWAY2
    }
    chain f { type filter hook forward priority 0; policy drop; tcp dport { 22, 80 } accept
    IP daddr AWAY1 udp dport 53 accept
    }
    chain i { type filter hook input priority 0; tcp dport 80-84 drop
    tcp dport 8000-8020 accept
    } }""",
    # The ends of ranges, and what is not in a map.
    """table IP f { chain i { type filter hook input priority 0; policy drop;
    tcp dport vmap { 22-80 : continue, 443 : drop, 8000-8080 : accept }
    IP saddr NET0-NET0END accept
    udp dport > 53 udp dport < 138 accept
    tcp dport != { 22, 81 } accept
    udp sport != 53 meta l4proto != tcp drop
    } }""",
)


def corner(number: int, family: int) -> str:
    """One of ``CORNERS``, for a family."""
    ip = "ip" if family == 4 else "ip6"
    first, last = (
        ("10.1.2.0", "10.1.2.255")
        if family == 4
        else ("2001:db8:a:2::", "2001:db8:a:2:ffff:ffff:ffff:ffff")
    )
    text = CORNERS[number].replace("IP", ip).replace("NET0END", last).replace("NET0", first)
    text = text.replace("NET1", NETWORKS[family][1])
    text = text.replace("HERE1", HERE[family][1])
    away = [f"[{one}]:80" if family == 6 else f"{one}:80" for one in ELSEWHERE[family]]
    text = text.replace("} }", "}\n}").replace("; }\n", ";\n }\n")
    text = text.replace("AWAY2", f"{ELSEWHERE[family][0]}-{ELSEWHERE[family][1]}")
    return text.replace("AWAY0", away[0]).replace("AWAY1", ELSEWHERE[family][1])
