import re

import pytest

from tojimari.core.endpoint import Transport
from tojimari.registry import defacto
from tojimari.registry.defacto import User

EVERY = defacto.all()
IDS = [f"{user.ports}-{user.name}" for user in EVERY]
MET = (
    *(500, 1194, 1883, 2181, 2375, 2376, 2379, 2380, 3000, 3306, 4200, 4222, 4444, 4500, 5000),
    *(5005, 5173, 5432, 5555, 5672, 6006, 6333, 6379, 6443, 6881, 7687, 7860, 8000, 8080, 8123),
    *(8200, 8265, 8500, 8501, 8883, 8888, 9090, 9092, 9100, 9200, 9229, 10250, 11211, 11434),
    *(15672, 19530, 25565, 27017, 32400, 51820),
)
SOURCE = re.compile(r"RFC \d+|(?:[^:]+, )?https?://\S+|[A-Z][^:]+")


def test_there_are_at_least_two_hundred() -> None:
    assert len(EVERY) >= 200


@pytest.mark.parametrize("port", MET)
def test_what_people_meet_is_there(port: int) -> None:
    assert defacto.of(port)


@pytest.mark.parametrize("user", EVERY, ids=IDS)
def test_a_row_is_whole(user: User) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", user.name)
    assert user.transports
    assert user.english.isascii()
    assert user.japanese == user.english or not user.japanese.isascii()
    assert SOURCE.fullmatch(user.source), user.source


def test_the_rows_stand_by_number() -> None:
    firsts = [user.ports.first for user in EVERY]
    assert firsts == sorted(firsts)


def test_nobody_stands_twice_at_a_number() -> None:
    seen = [(user.ports, user.name, one) for user in EVERY for one in user.transports]
    assert len(set(seen)) == len(seen)


def test_several_users_stand_in_the_order_in_which_people_meet_them() -> None:
    assert [user.name for user in defacto.of(9090)] == ["prometheus", "cockpit"]


def test_a_transport_keeps_the_others_out() -> None:
    assert [user.name for user in defacto.of(6081, Transport.UDP)] == ["geneve"]


def test_a_number_within_a_range_is_the_ranges_too() -> None:
    assert [user.name for user in defacto.of(30000)] == ["luanti", "sglang", "kubernetes-nodeport"]


def test_a_number_that_nobody_uses_has_nobody() -> None:
    assert defacto.of(2) == ()


def test_a_user_is_found_by_name() -> None:
    assert [str(user.ports) for user in defacto.named("Grafana")] == ["3000"]


def test_the_used_numbers_of_a_range_are_cut_at_its_ends() -> None:
    assert defacto.used_between(32766, 34000) == {32766, 32767, 33060}
