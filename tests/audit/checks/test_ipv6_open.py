import json

from rulesets import behind, filters, scene
from scenery import door, listener
from tojimari.audit.checks.ipv6_open import ask
from tojimari.core.exposure import Zone
from tojimari.core.finding import Severity

SHUT_4 = filters("-A ufw-user-input -p tcp -m tcp --dport 22 -j ACCEPT")


def test_a_door_that_takes_both_and_is_shut_by_one_is_found_with_the_rule_of_the_other() -> None:
    (found,) = ask(behind(SHUT_4, doors=(listener("::", 6379, v6only=False),)))
    assert (found.severity, found.message.code) == (Severity.MEDIUM, "ipv6-open-lan")
    assert [one.chain for one in found.rules] == ["INPUT"]


def test_two_doors_at_one_number_are_one_program_s_two_ways() -> None:
    doors = (listener("0.0.0.0", 6379), listener("::", 6379, v6only=True))
    assert [one.check for one in ask(behind(SHUT_4, doors=doors))] == ["ipv6-open"]


def test_a_door_of_ipv6_alone_has_nothing_to_compare_with() -> None:
    assert not list(ask(behind(SHUT_4, doors=(listener("::", 6379, v6only=True),))))


def test_what_is_let_in_by_both_is_no_finding() -> None:
    assert not list(ask(behind(SHUT_4, doors=(listener("::", 22, v6only=False),))))


def test_what_is_shut_by_both_is_no_finding() -> None:
    both = json.dumps(
        {
            "nftables": [
                {"table": {"family": "inet", "name": "f"}},
                {
                    "chain": {
                        "family": "inet",
                        "table": "f",
                        "name": "i",
                        "type": "filter",
                        "hook": "input",
                        "prio": 0,
                        "policy": "drop",
                    }
                },
            ]
        }
    )
    assert not list(ask(behind(both, doors=(listener("::", 6379, v6only=False),))))


def test_without_a_firewall_nothing_is_asked() -> None:
    assert not list(ask(scene(door(22, "::", widest=Zone.INTERNET))))
