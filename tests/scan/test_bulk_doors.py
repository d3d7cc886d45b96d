import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tojimari.scan.bulk_doors import Doors, blank, room
from tojimari.scan.bulk_frames import Stencil
from tojimari.scan.permutation import Permutation
from tojimari.scan.task import Space

SPACE = Space(4, ((10, 19), (30, 39), (0xFFFFFFF0, 0xFFFFFFF9)), (22, 80, 65535))


def doors(space: Space = SPACE, first: int = 0, count: int | None = None) -> Doors:
    made = Doors(
        space,
        Permutation(space.size, 7),
        Stencil(1, bytes(6), bytes(6), 61440),
        blank(room(space.size, 1 << 20)),
    )
    made.find(first, space.size - first if count is None else count)
    return made


def columns(made: Doors) -> tuple[list[tuple[int, int]], list[int]]:
    """Address and port of each record; and its sequence number."""
    rows = made.records[: made.count].astype(np.uint64)
    addresses = (rows[:, 0] << np.uint64(16) | rows[:, 1]).tolist()
    numbers = (rows[:, 2] << np.uint64(16) | rows[:, 3]).tolist()
    return list(zip(addresses, rows[:, 4].tolist(), strict=True)), numbers


def test_a_stretch_has_the_doors_of_its_places() -> None:
    for space in (SPACE, Space(4, ((5, 104),), (443,))):
        made = doors(space)
        found, _ = columns(made)
        places = made.places(np.arange(space.size, dtype=np.uint32)).tolist()
        assert found == [space.door(place) for place in places]
        assert sorted(places) == list(range(space.size))


def test_an_answer_says_which_door_it_is_of() -> None:
    made = doors(first=10, count=50)
    found, numbers = columns(made)
    hosts = np.array([host for host, _ in found], np.uint32)
    ports = np.array([port for _, port in found], np.uint16)
    positions, right = made.asked(hosts, ports, np.array(numbers, np.uint32))
    assert right.all()
    assert positions.tolist() == list(range(50))


@given(st.integers(0, 0xFFFFFFFF), st.integers(0, 65535), st.integers(0, 0xFFFFFFFF))
def test_nobody_else_can_say_it(host: int, port: int, number: int) -> None:
    made = doors()
    found, numbers = columns(made)
    _, right = made.asked(
        np.array([host], np.uint32), np.array([port], np.uint16), np.array([number], np.uint32)
    )
    ours = (host, port) in found and numbers[found.index((host, port))] == number
    assert bool(right[0]) is ours


def test_there_is_room_for_a_power_of_two() -> None:
    assert [room(one, 64) for one in (1, 2, 3, 64, 1000)] == [1, 2, 4, 64, 64]
