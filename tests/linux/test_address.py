import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tojimari.core.endpoint import canonical_address
from tojimari.linux import address


@given(st.binary(min_size=4, max_size=4) | st.binary(min_size=16, max_size=16))
def test_the_text_is_the_canonical_one(packed: bytes) -> None:
    assert address.text(packed) == canonical_address(str(ipaddress.ip_address(packed)))


@given(st.binary(min_size=4, max_size=4), st.sampled_from([bytes(12), bytes(10) + b"\xff\xff"]))
def test_so_it_is_for_ipv4_inside_ipv6(last: bytes, first: bytes) -> None:
    packed = first + last
    assert address.text(packed) == canonical_address(str(ipaddress.IPv6Address(packed)))


def test_another_length_is_an_error() -> None:
    with pytest.raises(ValueError, match="4 or 16 bytes, not 5"):
        address.text(bytes(5))


@given(st.binary(min_size=4, max_size=4) | st.binary(min_size=16, max_size=16))
def test_a_group_is_known_as_such(packed: bytes) -> None:
    assert address.is_multicast(packed) is ipaddress.ip_address(packed).is_multicast


def test_a_mapped_group_is_one() -> None:
    assert address.is_multicast(bytes(10) + b"\xff\xff" + bytes([224, 0, 0, 251]))
