"""What somebody wants scanned, as it is typed."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tojimari.core.errors import UsageError
from tojimari.scan import targets
from tojimari.scan.targets import Target, parse

NMAP = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE nmaprun>
<nmaprun scanner="nmap" args="nmap -sn 192.0.2.0/24">
<host><status state="up" reason="arp-response"/>
<address addr="192.0.2.7" addrtype="ipv4"/><address addr="02:00:00:00:00:07" addrtype="mac"/></host>
<host><status state="down" reason="no-response"/><address addr="192.0.2.8" addrtype="ipv4"/></host>
<host><address addr="2001:db8::9" addrtype="ipv6"/></host>
</nmaprun>
"""


def number(text: str) -> int:
    return int(ipaddress.ip_address(text))


def spans(word: str) -> list[tuple[str, str]]:
    found = parse(word)
    kind = ipaddress.IPv4Address if found.version == 4 else ipaddress.IPv6Address
    return [(str(kind(first)), str(kind(last))) for first, last in found.numbers]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("192.0.2.7", [("192.0.2.7", "192.0.2.7")]),
        ("192.0.2.0/24", [("192.0.2.0", "192.0.2.255")]),
        ("192.0.2.77/24", [("192.0.2.0", "192.0.2.255")]),
        ("192.0.2.1-20", [("192.0.2.1", "192.0.2.20")]),
        ("192.0.2.250-192.0.3.4", [("192.0.2.250", "192.0.3.4")]),
        ("10.1-2.0.5", [("10.1.0.5", "10.1.0.5"), ("10.2.0.5", "10.2.0.5")]),
        ("10.1.*.*", [("10.1.0.0", "10.1.255.255")]),
        ("10.1.0-1.1-254", [("10.1.0.1", "10.1.0.254"), ("10.1.1.1", "10.1.1.254")]),
        ("*.*.*.*", [("0.0.0.0", "255.255.255.255")]),
        ("2001:db8::7", [("2001:db8::7", "2001:db8::7")]),
        ("[2001:db8::7]", [("2001:db8::7", "2001:db8::7")]),
        ("2001:db8::/126", [("2001:db8::", "2001:db8::3")]),
        ("2001:db8::1-2001:db8::9", [("2001:db8::1", "2001:db8::9")]),
        ("::ffff:192.0.2.7", [("192.0.2.7", "192.0.2.7")]),
    ],
)
def test_a_word_is_addresses(word: str, expected: list[tuple[str, str]]) -> None:
    assert spans(word) == expected


@pytest.mark.parametrize("word", ["example.org", "db-1", "a_b.example.", "例え.jp", "7zip.example"])
def test_a_word_is_a_name(word: str) -> None:
    assert parse(word) == Target(word, name=word)


def test_a_link_local_address_keeps_its_interface() -> None:
    found = parse("fe80::1%eth0")
    assert (found.zone, found.numbers[0][0]) == ("eth0", number("fe80::1"))


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("192.0.2", "four numbers"),
        ("192.0.2.256", "0 to 255"),
        ("192.0.2.20-1", "0 to 255"),
        ("192.0.2.9-192.0.2.1", "backwards"),
        ("192.0.2.0/33", "number of bits"),
        ("192.0.2.0/", "number of bits"),
        ("2001:db8::g", "no IP address"),
        ("2001:db8::9-2001:db8::1", "backwards"),
        ("2001:db8::1-192.0.2.1", "backwards"),
        ("fe80::1%", "name of an interface"),
        ("1-9.0-255.0-255.1-254", "too many ranges"),
        ("https://example.org/x", "not of a machine"),
        ("example..org", "names no machine"),
        ("-p", "names no machine"),
        ("a b", "names no machine"),
        ("example.org/24", "names no machine"),
        ("x" * 64, "names no machine"),
    ],
)
def test_a_mistaken_word_is_told_as_it_is(word: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        parse(word)
    assert caught.value.hint.text


def test_the_hint_for_a_page_names_its_machine() -> None:
    with pytest.raises(UsageError) as caught:
        parse("https://example.org/x")
    assert caught.value.hint.text == "tojimari scan example.org"


@given(st.text(max_size=40))
def test_whatever_is_typed_is_a_target_or_an_error(word: str) -> None:
    try:
        found = parse(word)
    except UsageError:
        return
    assert bool(found.name) != bool(found.numbers)
    assert found.hosts >= 1


def test_a_list_has_remarks_and_several_words_a_line() -> None:
    text = "\ufeff# ours\n192.0.2.1 192.0.2.2  # two\n\nexample.org\n"
    found = list(targets.read(text, "hosts.txt"))
    assert [one.text for one in found] == ["192.0.2.1", "192.0.2.2", "example.org"]
    assert found[2].origin.line == 4


def test_a_mistake_in_a_list_has_its_place() -> None:
    with pytest.raises(UsageError, match=r"hosts\.txt, line 3: .*192\.0\.2\.999"):
        list(targets.read("192.0.2.1\n\n192.0.2.999\n", "hosts.txt"))


def test_the_machines_that_nmap_found_up_are_targets() -> None:
    found = list(targets.read(NMAP, "scan.xml"))
    assert [one.text for one in found] == ["192.0.2.7", "2001:db8::9"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<nmaprun><host>", "line 1: the XML is broken"),
        ("<other/>", "not a report of nmap"),
        ('<!DOCTYPE x [<!ENTITY a "b">]><nmaprun>&a;</nmaprun>', "entities"),
    ],
)
def test_other_xml_is_refused(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        list(targets.read(text, "scan.xml"))
