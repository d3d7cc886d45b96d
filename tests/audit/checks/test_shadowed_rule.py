from rulesets import behind, filters, scene
from tojimari.audit.checks.shadowed_rule import ask
from tojimari.core.finding import Severity


def test_a_rule_that_was_to_keep_out_and_never_does_is_a_finding() -> None:
    made = behind(
        filters(
            "-A ufw-user-input -p tcp -j ACCEPT",
            "-A ufw-user-input -p tcp -m tcp --dport 5432 -j DROP",
        )
    )
    (found,) = ask(made)
    assert (found.severity, found.message.code, found.next) == (
        Severity.LOW,
        "shadowed-deny",
        "tojimari reach 5432 --why",
    )
    assert found.rules[0].text.endswith("--dport 5432 -j DROP")


def test_a_rule_that_lets_in_what_is_let_in_already_does_no_harm() -> None:
    made = behind(
        filters(
            "-A ufw-user-input -p tcp -j ACCEPT",
            "-A ufw-user-input -p tcp -m tcp --dport 5432 -j ACCEPT",
        )
    )
    assert [(one.severity, one.is_grave) for one in ask(made)] == [(Severity.INFO, False)]


def test_rules_that_packets_come_to_are_none() -> None:
    made = behind(filters("-A ufw-user-input -p tcp -m tcp --dport 22 -j ACCEPT"))
    assert not list(ask(made))


def test_without_a_firewall_there_is_no_rule() -> None:
    assert not list(ask(scene()))
