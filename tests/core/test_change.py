from dataclasses import replace

from house import HOUSE, MASTER, SSHD, WORKER, door, doors
from tojimari.app.look import select
from tojimari.core.change import Turn, changes
from tojimari.core.look import Look
from tojimari.core.socket import Listener

SSH = door("0.0.0.0", 22, SSHD)
WEB = door("0.0.0.0", 80, MASTER)


def look(*listeners: Listener) -> Look:
    view = replace(HOUSE, listeners=listeners)
    return select(view, doors(view))


def told(before: Look | None, after: Look) -> list[tuple[Turn, int]]:
    return [(one.turn, one.door.endpoint.port) for one in changes(before, after)]


def test_at_first_every_door_has_opened() -> None:
    assert told(None, look(WEB, SSH)) == [(Turn.OPENED, 22), (Turn.OPENED, 80)]


def test_where_nothing_is_different_nothing_is_told() -> None:
    assert told(look(SSH), look(SSH)) == []


def test_what_opened_and_what_closed_is_told_by_port() -> None:
    assert told(look(WEB), look(SSH)) == [(Turn.OPENED, 22), (Turn.CLOSED, 80)]


def test_a_door_that_another_program_holds_now_has_changed() -> None:
    stolen = door("0.0.0.0", 22, MASTER)
    assert told(look(SSH), look(stolen)) == [(Turn.CHANGED, 22)]


def test_workers_come_and_go() -> None:
    more = door("0.0.0.0", 80, MASTER, WORKER)
    assert told(look(WEB), look(more)) == []


def test_a_door_at_another_address_is_another_door() -> None:
    elsewhere = door("127.0.0.1", 22, SSHD)
    assert told(look(SSH), look(elsewhere)) == [(Turn.CLOSED, 22), (Turn.OPENED, 22)]


def test_a_door_that_lost_its_holder_has_changed() -> None:
    assert told(look(SSH), look(door("0.0.0.0", 22))) == [(Turn.CHANGED, 22)]


def test_of_a_door_that_closed_the_last_is_known() -> None:
    (change,) = changes(look(SSH), look())
    assert (change.turn, change.door.owners, change.at) == (Turn.CLOSED, (SSHD,), HOUSE.at)
