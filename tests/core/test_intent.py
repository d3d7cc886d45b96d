import pytest

from tojimari.core.intent import PortRange


def test_both_ends_of_a_range_belong_to_it() -> None:
    assert [port in PortRange(8000, 8100) for port in (7999, 8000, 8100, 8101)] == [
        False,
        True,
        True,
        False,
    ]


def test_a_range_of_one_is_written_as_the_port() -> None:
    assert (str(PortRange(22, 22)), str(PortRange(8000, 8100))) == ("22", "8000-8100")


def test_a_range_counts_its_ports() -> None:
    assert len(PortRange(8000, 8100)) == 101


@pytest.mark.parametrize(("first", "last"), [(9, 3), (-1, 1), (1, 65536)])
def test_a_range_backwards_or_outside_is_refused(first: int, last: int) -> None:
    with pytest.raises(ValueError, match="ascending within 0-65535"):
        PortRange(first, last)
