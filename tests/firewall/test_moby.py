"""A container's port behind "ufw deny": the reasoner and real packets, before the fix and after."""

from collections.abc import Iterator

import pytest

from firewall.judge import HERE, Judge, Shot
from tojimari.firewall import facts, intervals
from tojimari.firewall.answer import pieces
from tojimari.firewall.compile import compile_ruleset
from tojimari.firewall.dialects import iptables
from tojimari.firewall.owners import words
from tojimari.firewall.reading import joined, native
from tojimari.firewall.reasoner import Question, Reasoner
from tojimari.firewall.ruleset import TCP
from tojimari.report.language import Language

UFW = """*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:ufw-before-input - [0:0]
:ufw-before-forward - [0:0]
:ufw-user-input - [0:0]
-A INPUT -j ufw-before-input
-A FORWARD -j ufw-before-forward
-A ufw-before-input -i lo -j ACCEPT
-A ufw-before-input -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A ufw-before-input -j ufw-user-input
-A ufw-before-forward -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A ufw-user-input -p tcp -m tcp --dport 22 -j ACCEPT
-A ufw-user-input -p tcp -m tcp --dport 8080 -j DROP
COMMIT
"""
# The container stands behind eth1; its address is one that the judged machine routes there.
DOCKER = """*nat
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A DOCKER -i eth1 -j RETURN
-A DOCKER ! -i eth1 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 10.99.0.5:80
COMMIT
*filter
:DOCKER - [0:0]
:DOCKER-USER - [0:0]
-I FORWARD -o eth1 -j DOCKER
-I FORWARD -j DOCKER-USER
-A DOCKER -d 10.99.0.5/32 ! -i eth1 -o eth1 -p tcp -m tcp --dport 80 -j ACCEPT
-A DOCKER-USER -j RETURN
COMMIT
"""
FIX = """table inet closed {
    chain before { type filter hook prerouting priority -150; policy accept;
        fib daddr type local tcp dport 8080 counter drop
    }
}"""
SOURCE = intervals.parse_ipv4("8.8.8.8")
PACKET = Question(4, TCP, 8080, intervals.parse_ipv4(HERE[4][0]), "eth0", [SOURCE, SOURCE + 1])


@pytest.fixture
def judge(root: None) -> Iterator[Judge]:
    del root
    made = Judge()
    made.load("")
    made.inside("iptables-nft-restore", "--noflush", text=UFW)
    made.inside("iptables-nft-restore", "--noflush", text=DOCKER)
    yield made
    made.close()


def reasoner(judge: Judge) -> Reasoner:
    listed = native(judge.inside("nft", "-j", "list", "ruleset"), str)
    listed.tables = [table for table in listed.tables if table.name != "zz_notes"]
    dumps = [judge.inside("iptables-nft-save")]
    ruleset = joined(listed, dumps, "", hidden=False)
    assert {table.language for table in ruleset.tables} >= {iptables.LANGUAGE}
    return Reasoner(compile_ruleset(ruleset), judge.machine())


def arrives(judge: Judge, number: int) -> bool:
    judge.obey("flush")
    judge.fire([Shot(number, 4, SOURCE, PACKET)])
    return (4, number) in judge.notes()


def test_the_port_is_open_and_dockers_rule_is_named(judge: Judge) -> None:
    asked = reasoner(judge)
    (piece,) = pieces(asked.program, asked.ask(PACKET))
    assert piece.certainty == "certainly"
    assert piece.translation is not None
    said = Language.ENGLISH.say(words(piece.translation, 8080, TCP))
    assert said == "Docker publishes 8080/tcp to 10.99.0.5 port 80"
    fact = facts.published_past(asked, PACKET)
    assert fact is not None
    past = Language.ENGLISH.say(words(fact.past, 8080, TCP))
    assert past == "ufw rule 2: deny 8080/tcp"
    assert arrives(judge, 1)


def test_after_the_right_fix_it_is_shut(judge: Judge) -> None:
    judge.inside("nft", "-f", "-", text=FIX)
    asked = reasoner(judge)
    (piece,) = pieces(asked.program, asked.ask(PACKET))
    assert piece.certainty == "certainly-not"
    assert piece.place is not None
    assert piece.place.rule is not None
    assert piece.place.rule.text == "fib daddr type local tcp dport 8080 counter drop"
    assert facts.published_past(asked, PACKET) is None
    assert not arrives(judge, 2)


def test_the_wrong_fix_changes_nothing(judge: Judge) -> None:
    rules = "table inet wrong {\n chain i { type filter hook input priority -10; tcp dport 8080 drop\n }\n}"  # noqa: E501 - one ruleset, kept readable as it is
    judge.inside("nft", "-f", "-", text=rules)
    asked = reasoner(judge)
    assert pieces(asked.program, asked.ask(PACKET))[0].certainty == "certainly"
    assert arrives(judge, 3)
