"""A space of doors, numbered."""

import ipaddress

import pytest

from tojimari.scan.task import Space


def number(text: str) -> int:
    return int(ipaddress.ip_address(text))


def test_a_place_is_an_address_and_a_port() -> None:
    space = Space(
        4,
        (
            (number("192.0.2.1"), number("192.0.2.2")),
            (number("198.51.100.9"), number("198.51.100.9")),
        ),
        (22, 80),
    )
    assert space.size == 6
    assert [space.door(place) for place in range(6)] == [
        (number("192.0.2.1"), 22),
        (number("192.0.2.1"), 80),
        (number("192.0.2.2"), 22),
        (number("192.0.2.2"), 80),
        (number("198.51.100.9"), 22),
        (number("198.51.100.9"), 80),
    ]


@pytest.mark.parametrize("place", [-1, 2])
def test_beyond_the_space_there_is_no_door(place: int) -> None:
    with pytest.raises(IndexError):
        Space(4, ((1, 1),), (1, 2)).door(place)


def test_a_space_that_cannot_be_numbered_is_refused() -> None:
    with pytest.raises(ValueError, match="more doors"):
        Space(6, ((0, (1 << 64) - 1),), (80,))
