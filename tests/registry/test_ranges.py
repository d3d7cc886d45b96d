import pytest

from tojimari.core.intent import PortRange
from tojimari.registry import ranges
from tojimari.registry.ranges import RANGES, RangeName


@pytest.mark.parametrize(
    ("port", "expected"),
    [
        (0, RangeName.WELL_KNOWN),
        (1023, RangeName.WELL_KNOWN),
        (1024, RangeName.REGISTERED),
        (49151, RangeName.REGISTERED),
        (49152, RangeName.DYNAMIC),
        (65535, RangeName.DYNAMIC),
    ],
)
def test_the_borders_are_those_of_rfc_6335(port: int, expected: RangeName) -> None:
    assert ranges.of(port).name is expected


@pytest.mark.parametrize("port", [-1, 65536])
def test_what_is_no_port_is_in_no_range(port: int) -> None:
    with pytest.raises(ValueError, match="port must be 0-65535"):
        ranges.of(port)


def test_the_three_ranges_are_all_numbers_without_a_gap() -> None:
    assert [one.ports for one in RANGES] == [
        PortRange(0, 1023),
        PortRange(1024, 49151),
        PortRange(49152, 65535),
    ]


@pytest.mark.parametrize("name", list(RangeName))
def test_a_range_is_found_by_its_name(name: RangeName) -> None:
    assert ranges.named(name).name is name
