import pytest

from firewall.worlds import GOLDEN, dump
from tojimari.core.exposure import Decider
from tojimari.firewall import owners
from tojimari.firewall.program import Place
from tojimari.firewall.reading import from_texts
from tojimari.firewall.ruleset import TCP, Ruleset
from tojimari.report.language import Language


def golden(*names: str) -> Ruleset:
    return from_texts([(GOLDEN / name).read_text(encoding="utf-8") for name in names])


def place(ruleset: Ruleset, chain: str, number: int) -> Place:
    for table in ruleset.tables:
        found = table.chains.get(chain)
        if found is not None:
            return Place(table, found, found.rules[number - 1] if number else None)
    raise LookupError(chain)


def named(ruleset: Ruleset, chain: str, number: int, port: int = 0) -> tuple[str, str]:
    decider = owners.decider(place(ruleset, chain, number), port, TCP)
    assert isinstance(decider, Decider)
    return decider.owner, Language.ENGLISH.say(decider.words)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["ufw-ipv4.save"], ["ufw"]),
        (["firewalld-default.json"], ["firewalld"]),
        (["docker-nft-portmap.json"], ["Docker"]),
        (["docker-ipt-portmap.save"], ["Docker", "hand-written"]),
        (["libvirt-ipt.save"], ["libvirt", "hand-written"]),
        (["kubeproxy-nft.json"], ["kube-proxy"]),
        (["fail2ban-nft.json"], ["fail2ban"]),
        (["crowdsec-nft.json"], ["CrowdSec"]),
        (["kitchen-sink.json"], ["hand-written"]),
    ],
)
def test_whoever_made_the_rules_is_recognised(names: list[str], expected: list[str]) -> None:
    assert owners.owners(golden(*names).tables) == expected


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (1, "ufw: allow 22/tcp"),
        (4, "ufw: limit 2222/tcp"),
        (5, "ufw: allow from 192.168.1.0/24 to any port 5432 proto tcp"),
        (6, "ufw: deny 23/tcp"),
        (8, "ufw: allow in on eth1 from any to any port 8000:8010 proto tcp"),
        (9, "ufw: reject 113/tcp"),
    ],
)
def test_a_rule_of_ufws_reads_as_one_types_it(number: int, words: str) -> None:
    assert named(golden("ufw-ipv4.save"), "ufw-user-input", number) == ("ufw", words)


def test_the_chain_of_limits_leads_back_to_the_users_rule() -> None:
    found = named(golden("ufw-ipv4.save"), "ufw-user-limit-accept", 1, port=2222)
    assert found == ("ufw", "ufw: limit 2222/tcp")
    other = named(golden("ufw-ipv4.save"), "ufw-user-limit-accept", 1, port=1)
    assert other == ("ufw", "ufw, chain ufw-user-limit-accept")


def test_ufws_default_and_its_own_rules_are_said_apart() -> None:
    ufw = golden("ufw-ipv4.save")
    assert named(ufw, "INPUT", 0) == ("ufw", "ufw default: deny (INPUT)")
    assert named(ufw, "ufw-before-input", 1) == (
        "ufw",
        "ufw's own rules, chain ufw-before-input: -i lo -j ACCEPT",
    )


UFW = dump(
    ":ufw-user-input - [0:0]",
    ":ufw-user-limit - [0:0]",
    ":ufw-user-limit-accept - [0:0]",
    "-A INPUT -j ufw-user-input",
    "-A ufw-user-input -p tcp -m tcp --dport 22 -j ACCEPT",
    "-A ufw-user-input -p tcp -m tcp --dport 80 -m recent --set --name DEFAULT",
    "-A ufw-user-input -p tcp -m tcp --dport 80 -m recent --update --seconds 30 -j ufw-user-limit",
    "-A ufw-user-input -p tcp -m tcp --dport 80 -j ufw-user-limit-accept",
    "-A ufw-user-input -p tcp -m tcp --dport 53 -j DROP",
    "-A ufw-user-input -p udp -m udp --dport 53 -j DROP",
    "-A ufw-user-input -p tcp -m tcp --dport 8080 -j DROP",
)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (1, "ufw rule 1: allow 22/tcp"),
        (4, "ufw rule 2: limit 80/tcp"),
        (5, "ufw rule 3: deny 53/tcp"),
        (6, "ufw rule 3: deny 53/udp"),
        (7, "ufw rule 4: deny 8080/tcp"),
    ],
)
def test_rules_are_numbered_as_ufw_numbers_them(number: int, words: str) -> None:
    assert named(from_texts([UFW]), "ufw-user-input", number) == ("ufw", words)


@pytest.mark.parametrize(
    ("chain", "number", "words"),
    [
        ("filter_IN_public_allow", 1, "firewalld zone public: allow 22/tcp"),
        ("filter_IN_public_deny", 1, "firewalld zone public: ip saddr 203.0.113.0/24 drop"),
        ("nat_PRE_public_allow", 1, "firewalld zone public: forward 8080/tcp"),
        (
            "filter_IN_policy_allow-host-ipv6_allow",
            1,
            "firewalld policy allow-host-ipv6: icmpv6 type nd-neighbor-advert accept",
        ),
        ("filter_INPUT", 2, "firewalld, chain filter_INPUT: ct status dnat accept"),
    ],
)
def test_firewalld_speaks_of_zones_and_policies(chain: str, number: int, words: str) -> None:
    assert named(golden("firewalld.json"), chain, number) == ("firewalld", words)


def test_docker_speaks_of_publishing() -> None:
    docker = golden("docker-ipt-portmap.save")
    nat = next(table for table in docker.tables if table.name == "nat")
    rule = next(rule for rule in nat.chains["DOCKER"].rules if "DNAT" in rule.text)
    words = owners.words(Place(nat, nat.chains["DOCKER"], rule), 8080, TCP)
    assert Language.ENGLISH.say(words) == "Docker publishes 8080/tcp to 192.0.2.2 port 80"
    other = named(golden("docker-ipt-portmap.save"), "DOCKER-USER", 1)
    assert other == ("Docker", "Docker, chain DOCKER-USER: -j RETURN")


def test_fail2ban_speaks_of_its_jail() -> None:
    assert named(golden("fail2ban-nft.json"), "f2b-chain", 1) == ("fail2ban", "fail2ban jail sshd")


def test_others_are_quoted() -> None:
    assert named(golden("libvirt-ipt.save"), "LIBVIRT_FWX", 1) == (
        "libvirt",
        "libvirt, chain LIBVIRT_FWX: -i virbr0 -o virbr0 -j ACCEPT",
    )
    plain = from_texts([dump("-A INPUT -p tcp --dport 22 -j DROP", policy="DROP")])
    assert named(plain, "INPUT", 1) == (
        "hand-written",
        "rule 1 of chain INPUT in ip filter: -p tcp --dport 22 -j DROP",
    )
    assert named(plain, "INPUT", 0) == ("hand-written", "policy drop of chain INPUT in ip filter")


def test_kubernetes_names_its_service_where_it_says_so() -> None:
    text = dump(
        ":KUBE-SVC-1 - [0:0]",
        "-A INPUT -j KUBE-SVC-1",
        '-A KUBE-SVC-1 -m comment --comment "ns/web:http" -j ACCEPT',
    )
    assert named(from_texts([text]), "KUBE-SVC-1", 1) == ("kube-proxy", "Kubernetes ns/web:http")
