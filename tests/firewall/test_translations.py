import pytest

from firewall.worlds import GOLDEN, dump
from tojimari.firewall import translations
from tojimari.firewall.reading import from_texts
from tojimari.firewall.ruleset import TCP, UDP


def ports(*rules: str) -> dict[int, list[tuple[int, int]]]:
    return translations.ports(from_texts([dump(*rules, table="nat")]))


def test_a_rule_that_names_its_port_sends_on_nothing_else() -> None:
    found = ports("-A PREROUTING -p tcp -m tcp --dport 8080 -j DNAT --to-destination 192.0.2.2:80")
    assert found == {TCP: [(8080, 8080)]}


def test_several_ports_and_a_redirect_count_too() -> None:
    found = ports(
        "-A PREROUTING -p udp -m multiport --dports 53,5000:5010 -j REDIRECT --to-ports 1"
    )
    assert found == {UDP: [(53, 53), (5000, 5010)]}


def test_a_rule_that_names_no_port_may_send_on_every_one() -> None:
    found = ports("-A PREROUTING -d 192.0.2.1/32 -j DNAT --to-destination 192.0.2.2")
    assert found[TCP] == [translations.EVERY_PORT]
    assert found[UDP] == [translations.EVERY_PORT]


def test_a_port_that_is_excepted_says_nothing_of_the_others() -> None:
    rule = "-A PREROUTING -p tcp -m tcp ! --dport 22 -j DNAT --to-destination 192.0.2.2"
    assert ports(rule) == {TCP: [translations.EVERY_PORT]}


def test_what_only_hides_its_source_is_not_sent_on() -> None:
    assert ports("-A POSTROUTING -o eth0 -j MASQUERADE") == {}


@pytest.mark.parametrize("name", sorted(path.name for path in GOLDEN.glob("*.json")))
def test_every_golden_ruleset_can_be_looked_at(name: str) -> None:
    ruleset = from_texts([(GOLDEN / name).read_text(encoding="utf-8")])
    for runs in translations.ports(ruleset).values():
        assert all(0 <= first <= last <= 0xFFFF for first, last in runs)


def test_dockers_native_table_names_its_published_ports() -> None:
    text = (GOLDEN / "docker-nft-portmap.json").read_text(encoding="utf-8")
    assert translations.ports(from_texts([text])).get(TCP)
