import pytest
from hypothesis import given
from hypothesis import strategies as st

from tojimari.core.endpoint import Endpoint, Transport, canonical_address


@pytest.mark.parametrize("port", [-1, 65536])
def test_a_port_outside_16_bits_is_refused(port: int) -> None:
    with pytest.raises(ValueError, match="0-65535"):
        Endpoint(Transport.TCP, "127.0.0.1", port)


def test_an_ipv6_endpoint_is_written_in_brackets() -> None:
    assert str(Endpoint(Transport.UDP, "2001:db8::1", 53)) == "udp [2001:db8::1]:53"


def test_an_ipv4_endpoint_is_written_plainly() -> None:
    assert str(Endpoint(Transport.TCP, "192.0.2.1", 22)) == "tcp 192.0.2.1:22"


@pytest.mark.parametrize(
    ("address", "is_loopback", "is_wildcard"),
    [
        ("127.0.0.53", True, False),
        ("::1", True, False),
        ("0.0.0.0", False, True),
        ("::", False, True),
        ("192.0.2.1", False, False),
    ],
)
def test_loopback_and_wildcard_are_told(address: str, is_loopback: bool, is_wildcard: bool) -> None:
    endpoint = Endpoint(Transport.TCP, address, 1)
    assert (endpoint.is_loopback, endpoint.is_wildcard) == (is_loopback, is_wildcard)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("2001:DB8:0:0::1", "2001:db8::1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::1%eth0"),
        ("192.0.2.1", "192.0.2.1"),
    ],
)
def test_equal_addresses_get_one_text(text: str, canonical: str) -> None:
    assert canonical_address(text) == canonical


@given(st.ip_addresses())
def test_the_canonical_text_is_its_own_canonical_text(address: object) -> None:
    once = canonical_address(str(address))
    assert canonical_address(once) == once


def test_a_word_is_no_address() -> None:
    with pytest.raises(ValueError, match="does not appear"):
        canonical_address("localhost")
