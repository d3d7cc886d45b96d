"""What is never scanned, and what is not scanned by accident."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tojimari.core import networks
from tojimari.core.errors import RefusedError
from tojimari.scan import refusal
from tojimari.scan.intervals import Intervals, count, network, shown
from tojimari.scan.refusal import Allowed
from tojimari.scan.targets import Target, parse

NOTHING = Allowed(everything=False, networks={})


def asked(*words: str) -> list[tuple[Target, dict[int, Intervals]]]:
    found = [parse(word) for word in words]
    return [(one, {one.version: refusal.cut(one.version, one.numbers)}) for one in found]


@pytest.mark.parametrize(
    "word",
    ["0.0.0.0", "224.0.0.1", "239.255.255.250", "255.255.255.255", "::", "ff02::1", "224.0.0.0/8"],
)
def test_what_stands_for_many_or_none_is_refused(word: str) -> None:
    with pytest.raises(RefusedError, match="many machines"):
        refusal.nobody(parse(word))


@pytest.mark.parametrize("word", ["192.0.2.7", "::1", "223.255.255.0-224.0.0.9", "example.org"])
def test_what_has_a_machine_in_it_is_not(word: str) -> None:
    refusal.nobody(parse(word))


def test_the_many_are_cut_out_of_a_range() -> None:
    numbers = parse("223.255.255.254-224.0.0.9").numbers
    assert count(refusal.cut(4, numbers)) == 2


def test_one_public_address_may_be_scanned() -> None:
    refusal.accident(asked("8.8.8.8", "192.168.0.0/16", "2001:db8::/64"), NOTHING)


@pytest.mark.parametrize("words", [("8.8.8.0/31",), ("8.8.8.8", "9.9.9.9"), ("2606:4700::/126",)])
def test_more_public_addresses_need_a_word(words: tuple[str, ...]) -> None:
    with pytest.raises(RefusedError, match="public addresses") as caught:
        refusal.accident(asked(*words), NOTHING)
    assert "--i-may-scan" in caught.value.hint.text
    refusal.accident(asked(*words), Allowed(everything=True, networks={}))


def test_the_same_address_twice_is_one() -> None:
    refusal.accident(asked("8.8.8.8", "8.8.8.8/32"), NOTHING)


def test_a_name_is_one_machine_however_many_addresses_it_has() -> None:
    numbers = {4: (network("8.8.8.8/32"), network("9.9.9.9/32")), 6: (network("2606:4700::/128"),)}
    refusal.accident([(parse("example.org"), numbers)], NOTHING)


def test_what_the_configuration_allows_may_be_scanned() -> None:
    allowed = Allowed(everything=False, networks={4: (network("8.8.8.0/24"),)})
    refusal.accident(asked("8.8.8.0/25"), allowed)
    with pytest.raises(RefusedError):
        refusal.accident(asked("8.8.8.0/23"), allowed)


@given(st.integers(0, (1 << 32) - 1))
def test_no_public_ipv4_address_counts_as_private(number: int) -> None:
    text = str(ipaddress.IPv4Address(number))
    if networks.is_public(text):
        assert refusal.public(4, ((number, number),))


@pytest.mark.parametrize("version", [4, 6])
def test_no_end_of_a_private_network_is_public(version: int) -> None:
    for first, last in refusal.PRIVATE[version]:
        assert not networks.is_public(shown(version, first))
        assert not networks.is_public(shown(version, last))


def test_where_everybody_on_a_link_hears_nobody_is_knocked_at() -> None:
    link = (network("192.0.2.255/32"),)
    left, taken = refusal.broadcast((network("192.0.2.0/24"),), link)
    assert (count(left), taken) == (255, 1)
