import pytest

from tojimari.core.endpoint import Endpoint, Transport
from tojimari.core.errors import UsageError
from tojimari.lab import scene
from tojimari.lab.scene import Expected, House, Segment


def test_a_house_has_an_address_in_each_family() -> None:
    house = House("web", "", number=10)
    assert (house.ipv4, house.ipv6) == ("192.0.2.10", "2001:db8:1::10")


def test_a_house_may_stand_elsewhere() -> None:
    house = House("visitor", "", segment=Segment.OUTSIDE, number=7)
    assert (house.ipv4, house.ipv6) == ("203.0.113.7", "2001:db8:3::7")


def test_a_house_may_have_no_address_yet() -> None:
    house = House("newcomer", "")
    assert (house.ipv4, house.ipv6) == (None, None)
    with pytest.raises(ValueError, match="no fixed address"):
        house.endpoint(Expected("x", 1, "x"))


@pytest.mark.parametrize("name", ["", "a-name-that-is-too-long", "家"])
def test_a_name_must_fit_an_interface(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        House(name, "")


@pytest.mark.parametrize("number", [0, 1, 255])
def test_a_number_must_be_free_for_houses(number: int) -> None:
    with pytest.raises(ValueError, match="number"):
        House("web", "", number=number)


def test_a_door_is_an_endpoint() -> None:
    house = House("web", "", number=10)
    assert house.endpoint(Expected("x", 80, "http")) == Endpoint(Transport.TCP, "192.0.2.10", 80)
    assert house.endpoint(Expected("x", 80, "http", loopback=True)).address == "127.0.0.1"


def test_scenes_are_found_by_their_files() -> None:
    assert {"town", "modern", "moved", "careless", "empty-street"} <= set(scene.names())
    assert [scene.load(name).name for name in scene.names()] == list(scene.names())


def test_an_unknown_scene_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(UsageError) as caught:
        scene.load("castle")
    assert "town" in str(caught.value.hint.values["scenes"])


@pytest.mark.parametrize(
    ("debian", "authors"),
    [
        ("3.0.3-13+b2", "3.0.3"),
        ("1:9.2p1-2+deb12u10", "9.2p1"),
        ("1.3.8+dfsg-4+deb12u5", "1.3.8"),
        ("2.42.0+ds-5+deb12u1", "2.42.0"),
        ("20.10.24~dfsg1-1", "20.10.24"),
        ("7.0", "7.0"),
    ],
)
def test_the_authors_version_is_found_in_debians(debian: str, authors: str) -> None:
    assert scene.upstream(debian) == authors
