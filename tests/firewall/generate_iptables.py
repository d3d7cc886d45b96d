"""Random rulesets in iptables' language, as scripts and managers write them."""

import random

from firewall.generate import ELSEWHERE, NETWORKS, PORTS, RANGES
from firewall.judge import HERE


class Writer:
    """Writes one dump."""

    def __init__(self, chance: random.Random, family: int, *, strange: bool = False) -> None:
        """``strange`` adds matches that the reasoner does not model."""
        self.chance = chance
        self.family = family
        self.networks = NETWORKS[family]
        self.strange = strange

    def source(self) -> str:
        """A condition on the source."""
        chance = self.chance
        negated = "! " if chance.random() < 0.2 else ""
        if chance.random() < 0.75:
            return f"{negated}-s {chance.choice(self.networks)}"
        low, high = RANGES[self.family]
        first = low.format(chance.randrange(1, 200))
        last = high.format(chance.randrange(3, 9), chance.randrange(200, 255))
        return f"-m iprange {negated}--src-range {first}-{last}"

    def port(self) -> str:
        """A protocol and its ports."""
        chance = self.chance
        protocol = chance.choice(["tcp", "udp", "tcp"])
        negated = "! " if chance.random() < 0.2 else ""
        kind = chance.random()
        port = chance.choice(PORTS)
        side = chance.choice(["dport", "dport", "dport", "sport"])
        if kind < 0.4:
            return f"-p {protocol} -m {protocol} {negated}--{side} {port}"
        if kind < 0.55:
            return f"-p {protocol} -m {protocol} {negated}--{side} {port}:{port + chance.choice([1, 10, 400])}"  # noqa: E501 - one ruleset, kept readable as it is
        if kind < 0.65:
            return f"-p {protocol} -m {protocol} --{side} {chance.choice([f':{port}', f'{port}:'])}"
        listed = ",".join(map(str, [*chance.sample(PORTS, 3), "8000:8010"]))
        if kind < 0.85:
            return f"-p {protocol} -m multiport {negated}--{side}s {listed}"
        if kind < 0.92:
            return f"-p {protocol} -m multiport {negated}--ports {listed}"
        return f"{negated}-p {protocol}"

    def other(self, chain: str) -> str:
        """A condition on anything else."""
        chance, here = self.chance, HERE[self.family]
        choices = [
            "-m conntrack --ctstate NEW",
            "-m conntrack --ctstate RELATED,ESTABLISHED",
            "-m conntrack ! --ctstate NEW",
            "-m state --state INVALID,UNTRACKED",
            "-m conntrack --ctstate DNAT",
            "-m conntrack --ctstate ESTABLISHED,DNAT",
            "-m conntrack ! --ctstate DNAT",
            "-m conntrack --ctdir ORIGINAL",
            f"-d {here[0]}",
            f"! -d {here[1]}",
            "-m addrtype --dst-type LOCAL",
            "-m addrtype ! --dst-type LOCAL",
            "-m mark --mark 0x1",
            "-m mark ! --mark 0x2/0x3",
            "-m connmark --mark 0x1",
            '-m comment --comment "it\'s \\"so\\""',
            "-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN",
            "-p tcp -m tcp ! --tcp-flags SYN,ACK SYN",
            "-p tcp ! --syn",
            "-m pkttype --pkt-type unicast",
            "-m pkttype ! --pkt-type broadcast",
        ]
        if self.family == 4:
            choices += ["! -f", "-f", "-m addrtype --src-type UNICAST"]
        if chain in {"PREROUTING", "INPUT", "FORWARD", "user"}:
            choices += ["-i eth0", "-i eth+", "! -i eth1", "-i lo"]
        if chain in {"FORWARD", "user", "POSTROUTING", "OUTPUT"}:
            choices += ["-o eth1", "! -o eth0"] if chain != "user" else []
        if self.strange:
            choices += [
                "-m limit --limit 5/sec",
                "-m length --length 40:60",
                "-m statistic --mode random --probability 0.5",
                "-m recent --name x --rcheck --seconds 60",
                "-m recent --name x --set",
                "-m hashlimit --hashlimit-upto 5/sec --hashlimit-name h --hashlimit-mode srcip",
                "-m connlimit --connlimit-above 3",
                "-m ttl --ttl-gt 60" if self.family == 4 else "-m hl --hl-gt 60",
                "-m mac --mac-source 02:00:00:00:00:01"
                if chain in {"PREROUTING", "INPUT", "FORWARD"}
                else "-m cpu --cpu 0",
            ]
        return chance.choice(choices)

    def conditions(self, chain: str) -> str:
        """None to three conditions, one protocol among them at most."""
        parts = [self.source(), self.port(), self.other(chain)]
        kept = self.chance.sample(parts, self.chance.choice([0, 1, 1, 2, 2, 3]))
        text = " ".join(kept)
        return self.source() if text.count("-p ") > 1 else text

    def rule(self, table: str, chain: str, calls: list[str], *, user: bool = False) -> str:
        """One rule."""
        chance = self.chance
        text = f"-A {chain} {self.conditions('user' if user else chain)}"
        choices = ["-j ACCEPT", "-j DROP", "-j ACCEPT", "-j DROP", "-j RETURN", ""]
        if table == "filter" and chain in {"INPUT", "FORWARD"}:
            choices += ["-j REJECT"]
        if table == "mangle":
            choices += [
                "-j MARK --set-mark 0x1",
                "-j MARK --set-xmark 0x2/0x3",
                "-j MARK --or-mark 0x2",
                "-j MARK --and-mark 0xfe",
                "-j MARK --xor-mark 0x3",
                "-j CONNMARK --save-mark",
                "-j CONNMARK --restore-mark",
                "-j CONNMARK --set-mark 0x1",
                '-j LOG --log-prefix "a b"',
            ] * 2
        if calls:
            called = chance.choice(calls)
            choices += [f"-j {called}", f"-g {called}", f"-j {called}"]
        return f"{text} {chance.choice(choices)}"

    def table(self, name: str, chains: dict[str, str]) -> str:
        """One table with some chains of its own."""
        chance = self.chance
        own = [f"u{number}-{name}" for number in range(4)]
        lines = [f"*{name}"]
        lines += [f":{chain} {policy} [0:0]" for chain, policy in chains.items()]
        lines += [f":{chain} - [0:0]" for chain in own]
        for number, chain in enumerate(own):
            lines += [
                self.rule(name, chain, own[number + 1 :], user=True)
                for _ in range(chance.randrange(1, 5))
            ]
        for chain in chains:
            calls = own if chain in {"INPUT", "FORWARD", "PREROUTING"} else []
            lines += [self.rule(name, chain, calls) for _ in range(chance.randrange(1, 8))]
        return "\n".join([*lines, "COMMIT"])

    def nat(self) -> str:
        """Translations."""
        chance, here, away = self.chance, HERE[self.family], ELSEWHERE[self.family]
        wrapped = [f"[{one}]" if self.family == 6 else one for one in away]
        rules = [
            f"-A PREROUTING -p tcp -m tcp --dport 8080 -j DNAT --to-destination {wrapped[0]}:80",
            "-A PREROUTING -m addrtype --dst-type LOCAL -p tcp --dport 443 -j REDIRECT --to-ports 8443",  # noqa: E501 - one ruleset, kept readable as it is
            f"-A PREROUTING -i eth0 -p udp --dport 53 -j DNAT --to-destination {away[1]}",
            f"-A PREROUTING -s {self.networks[5]} -p tcp --dport 22 -j REDIRECT --to-ports 80",
            f"-A PREROUTING -d {away[2]} -j DNAT --to-destination {here[0]}",
            "-A PREROUTING -p tcp --dport 5432 -j DOCKER",
            "-A DOCKER -i eth1 -j RETURN",
            f"-A DOCKER ! -i eth1 -p tcp -m tcp --dport 5432 -j DNAT --to-destination {wrapped[0]}:5433",  # noqa: E501 - one ruleset, kept readable as it is
            "-A POSTROUTING -o eth1 -j MASQUERADE",
        ]
        picked = [rule for rule in rules if chance.random() < 0.6]
        head = [
            "*nat",
            ":PREROUTING ACCEPT [0:0]",
            ":INPUT ACCEPT [0:0]",
            ":OUTPUT ACCEPT [0:0]",
            ":POSTROUTING ACCEPT [0:0]",
            ":DOCKER - [0:0]",
        ]
        return "\n".join([*head, *picked, "COMMIT"])

    def raw(self) -> str:
        """What connection tracking leaves alone."""
        return "\n".join(
            [
                "*raw",
                ":PREROUTING ACCEPT [0:0]",
                ":OUTPUT ACCEPT [0:0]",
                f"-A PREROUTING -s {self.networks[3]} -j CT --notrack",
                "-A PREROUTING -p udp --dport 53 -j NOTRACK",
                self.rule("raw", "PREROUTING", []),
                "COMMIT",
            ]
        )

    def whole(self) -> str:
        """All tables."""
        chance = self.chance
        policy = chance.choice
        parts = [
            self.table(
                "filter",
                {
                    "INPUT": policy(["ACCEPT", "DROP"]),
                    "FORWARD": policy(["ACCEPT", "DROP"]),
                    "OUTPUT": "ACCEPT",
                },
            )
        ]
        if chance.random() < 0.6:
            parts.append(
                self.table(
                    "mangle",
                    {
                        "PREROUTING": "ACCEPT",
                        "INPUT": "ACCEPT",
                        "FORWARD": "ACCEPT",
                        "POSTROUTING": "ACCEPT",
                    },
                )
            )
        if chance.random() < 0.7:
            parts.append(self.nat())
        if chance.random() < 0.25:
            parts.append(self.raw())
        return "\n".join(parts) + "\n"


def dump(chance: random.Random, family: int) -> str:
    """A dump that the reasoner models whole."""
    return f"#{family}\n" + Writer(chance, family).whole()


def strange_dump(chance: random.Random, family: int) -> str:
    """A dump with matches that the reasoner does not model."""
    return f"#{family}\n" + Writer(chance, family, strange=True).whole()
