from dataclasses import replace

from tojimari.core.exposure import (
    Certainty,
    Decider,
    Exposure,
    Passage,
    Reach,
    Redirection,
    Zone,
)
from tojimari.core.message import Message
from tojimari.core.observation import Witness
from tojimari.report import reach, way
from tojimari.report.language import Language

RULE = Decider(
    "ip", "filter", "INPUT", "-j DROP", 3, 12, "ufw", Message("x", "ufw: {verb}", {"verb": "deny"})
)
OPEN = Passage(
    (), 0, "eth0", "192.0.2.1", Certainty.YES, Message("x", "no rule stands in the way"), None
)
SHUT = replace(OPEN, certainty=Certainty.NO, because=RULE.words, decider=RULE)
LIMITED = replace(OPEN, decider=RULE, limits=("limit rate 3/minute",))


def exposure(*passages: Passage, whole: bool = True, zone: Zone = Zone.INTERNET) -> Exposure:
    certainty = passages[0].certainty if passages else Certainty.NO
    because = Message("x", "no rule stands in the way")
    return Exposure(
        (Reach(zone, certainty, because, whole, passages),), frozenset({Witness.FIREWALL})
    )


def word(*passages: Passage, whole: bool = True) -> str:
    return reach.word(exposure(*passages, whole=whole).reaches[0])


def test_a_place_has_one_word() -> None:
    unsure = replace(OPEN, certainty=Certainty.MAYBE)
    assert [word(), word(SHUT), word(unsure), word(OPEN), word(LIMITED)] == [
        "none",
        "shut",
        "unsure",
        "open",
        "limited",
    ]
    assert word(OPEN, whole=False) == "partly"


def test_a_place_that_nobody_judged_has_a_dash() -> None:
    lines = reach.matrix([("22/tcp", exposure(OPEN))], Language.ENGLISH)
    assert lines[1].split() == ["22/tcp", "-", "-", "-", "open"]


def test_what_shares_its_fate_shares_a_line() -> None:
    other = replace(OPEN, interface="eth1")
    assert list(reach.passages([OPEN, other], Language.ENGLISH)) == [
        "    open  everybody there (eth0, eth1)  no rule stands in the way"
    ]


def test_a_family_is_named_where_the_other_fares_otherwise() -> None:
    six = replace(SHUT, destination="2001:db8::1")
    assert list(reach.passages([OPEN, six], Language.ENGLISH)) == [
        "    open  everybody there by IPv4 (eth0)  no rule stands in the way",
        "    shut  everybody there by IPv6 (eth0)  ufw: deny",
    ]


def test_many_sources_are_counted() -> None:
    many = replace(OPEN, sources=tuple(f"192.0.2.{n}" for n in range(8)), more=5, interface="")
    assert reach.passage_line(many, Language.ENGLISH) == (
        "open  192.0.2.0, 192.0.2.1, 192.0.2.2, 192.0.2.3 and 9 more  no rule stands in the way"
    )


def test_everything_about_a_passage_is_said() -> None:
    sent = Redirection("10.0.0.5", 80, here=False, decider=RULE)
    full = replace(LIMITED, redirection=sent, doubts=("@knock", "at random"), source_port=53)
    assert reach.passage_line(full, Language.ENGLISH) == (
        "open  everybody there (eth0)  sent on to 10.0.0.5:80  ufw: deny"
        "  no rule stands in the way  only within: limit rate 3/minute"
        "  not decided: @knock, at random  only from source port 53"
    )
    several = replace(OPEN, redirection=Redirection("", 0, here=False, decider=None))
    assert "sent on to ?" in reach.passage_line(several, Language.ENGLISH)


def test_what_the_kernel_refuses_by_itself_is_left_out() -> None:
    kernel = replace(OPEN, certainty=Certainty.NO)
    assert list(reach.passages([kernel], Language.ENGLISH)) == []


def test_this_machine_needs_no_reasons() -> None:
    near = exposure(OPEN, zone=Zone.THIS_MACHINE)
    assert list(reach.reasons("22/tcp", near, Language.ENGLISH)) == []


def test_owners_are_named_and_hand_writing_is_translated() -> None:
    assert reach.owners([], Language.ENGLISH) == "There is no rule at all: everything is let in."
    assert reach.owners(["ufw", "hand-written"], Language.JAPANESE) == "ルールの主: ufw, 手書き"


def test_words_of_ours_in_a_rule_are_translated() -> None:
    assert reach.passage_line(SHUT, Language.JAPANESE).endswith("ufw: 拒否 (deny)")


def test_a_row_for_grep_has_five_cells() -> None:
    (line,) = reach.plain([("22/tcp", exposure(OPEN, whole=False))])
    assert line.split("\t") == [
        "22/tcp",
        "internet",
        "certainly",
        "part",
        "no rule stands in the way",
    ]


def test_the_way_names_each_chain_once() -> None:
    steps = (
        way.Step("input", "jump x", replace(RULE, owner="hand-written")),
        way.Step("input", "drop", RULE),
        way.Step("input", "policy drop", replace(RULE, number=0, chain="OTHER")),
    )
    assert list(way.lines("22/tcp", way.Shown("8.8.8.8", steps, SHUT), Language.ENGLISH)) == [
        "A packet to 22/tcp at 192.0.2.1, from 8.8.8.8 by eth0:",
        "  input: ip filter INPUT",
        "    3. -j DROP  -> jump x",
        "    3. -j DROP  -> drop",
        "       = ufw: deny",
        "  input: ip filter OTHER",
        "    policy drop",
        "  = shut  everybody there (eth0)  ufw: deny",
        "",
    ]


def test_the_way_for_programs_has_the_same_steps() -> None:
    shown = way.Shown("8.8.8.8", (way.Step("input", "drop", RULE),), SHUT)
    document = way.document("22/tcp", shown)
    assert [(one.hook, one.verdict, one.decider.handle) for one in document.steps] == [
        ("input", "drop", 12)
    ]
    assert document.end.certainty == "certainly-not"
