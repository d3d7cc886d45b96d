from hypothesis import given
from hypothesis import strategies as st

from tojimari.scan.cookie import BATCHES, Cookie, cookie

PORT, BATCH = st.integers(0, 65535), st.integers(0, BATCHES - 1)
COOKIE = st.builds(Cookie, st.integers(0, 65535), st.integers(0, 65534))


@given(COOKIE, PORT, BATCH)
def test_a_number_says_in_which_batch_it_was(made: Cookie, port: int, batch: int) -> None:
    assert made.batch(port, made.number(port, batch)) == batch


@given(COOKIE, PORT, BATCH, st.integers(0, 31))
def test_a_number_with_one_wrong_bit_is_another_batch_or_none(
    made: Cookie, port: int, batch: int, bit: int
) -> None:
    found = made.batch(port, made.number(port, batch) ^ 1 << bit)
    assert found == (batch ^ 1 << bit - 16 if 16 <= bit < 26 else None)


@given(COOKIE, PORT, BATCH)
def test_port_and_lower_half_add_up_to_the_same(made: Cookie, port: int, batch: int) -> None:
    assert (port + (made.number(port, batch) & 0xFFFF)) % 65535 == made.lower


def test_hosts_and_scans_have_secrets_of_their_own() -> None:
    one = cookie(bytes(16), b"\xc0\0\2\1")
    assert one == cookie(bytes(16), b"\xc0\0\2\1")
    assert one != cookie(bytes(16), b"\xc0\0\2\2")
    assert one != cookie(bytes(15) + b"\1", b"\xc0\0\2\1")
