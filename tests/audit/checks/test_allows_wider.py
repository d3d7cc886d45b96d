from rulesets import behind, filters, scene
from scenery import door, intent, listener
from tojimari.audit.checks import wider
from tojimari.audit.checks.allows_wider import ask
from tojimari.core.finding import Severity

RULES = filters("-A ufw-user-input -s 192.168.0.0/25 -p tcp -m tcp --dport 6379 -j ACCEPT")


def test_a_rule_that_lets_in_more_than_the_line_says_is_found_with_what_is_too_much() -> None:
    line = intent(sources=("192.168.0.0/26",))
    (found,) = ask(behind(RULES, doors=(listener(),), intents=(line,)))
    assert found.severity is Severity.MEDIUM
    assert found.message.values == {"meant": "192.168.0.0/26", "more": "192.168.0.64/26"}
    assert [one.owner for one in found.rules] == ["ufw"]


def test_many_networks_are_cut_short() -> None:
    (found,) = ask(behind(RULES, doors=(listener(),), intents=(intent(sources=()),)))
    assert str(found.message.values["more"]).endswith(", ...")


def test_a_rule_that_lets_in_what_is_meant_is_no_finding_for_anybody() -> None:
    line = intent(sources=("192.168.0.0/25",))
    made = behind(RULES, doors=(listener(),), intents=(line,))
    assert (list(ask(made)), list(wider.ask(made))) == ([], [])


def test_whoever_may_come_from_all_of_the_zone_may_come_from_a_part() -> None:
    made = behind(RULES, doors=(listener(),), intents=(intent(sources=("lan",)),))
    assert not list(ask(made))


def test_what_all_of_a_zone_reaches_is_left_to_the_other_check() -> None:
    line = intent(sources=("192.168.0.0/26",))
    rules = filters("-A ufw-user-input -p tcp -m tcp --dport 6379 -j ACCEPT")
    made = behind(rules, doors=(listener(),), intents=(line,))
    assert list(ask(made)) == []
    (found,) = wider.ask(made)
    assert (found.message.code, found.rules[0].owner) == ("wider-lan", "ufw")


def test_without_a_line_or_a_firewall_nothing_is_asked() -> None:
    assert not list(ask(scene(door())))
    assert not list(ask(behind(RULES, doors=(listener(),))))
