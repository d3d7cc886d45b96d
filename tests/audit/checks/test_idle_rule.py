from rulesets import behind, filters, scene
from scenery import listener
from tojimari.audit.checks.idle_rule import ask
from tojimari.core.finding import Severity

RULES = filters(
    "-A ufw-user-input -p tcp -m tcp --dport 22 -j ACCEPT",
    "-A ufw-user-input -p tcp -m tcp --dport 8000:8010 -j ACCEPT",
    "-A ufw-user-input -p tcp -m tcp --dport 25 -j DROP",
)


def test_a_rule_that_lets_in_where_nobody_listens_is_worth_a_line() -> None:
    (found,) = ask(behind(RULES, doors=(listener(port=22),)))
    assert (found.severity, found.door, found.next) == (
        Severity.INFO,
        None,
        "tojimari reach 8000",
    )
    assert found.message.values == {"port": "8000-8010", "transport": "tcp"}
    assert found.rules[0].owner == "ufw"


def test_one_door_in_a_range_is_enough() -> None:
    assert not list(ask(behind(RULES, doors=(listener(port=22), listener(port=8005)))))


def test_rules_that_a_manager_brings_along_are_nobody_s_mistake() -> None:
    own = filters("-A ufw-before-input -p udp -m udp --dport 68 -j ACCEPT").replace(
        "-A INPUT -j ufw-user-input", ":ufw-before-input - [0:0]\n-A INPUT -j ufw-before-input"
    )
    assert not list(ask(behind(own, doors=(listener(port=22),))))


def test_without_a_firewall_there_is_no_rule() -> None:
    assert not list(ask(scene()))
