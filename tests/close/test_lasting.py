from dataclasses import replace

from tojimari.close import lasting, table
from tojimari.core.endpoint import Transport
from tojimari.core.plan import Deed, Kind, Target
from tojimari.core.record import Record, State

REDIS = table.closing([Target(Transport.TCP, 6379)])
DONE = Record(
    id="0a1b2c",
    at=1.0,
    boot="this",
    command="tojimari close 6379",
    operator="root",
    targets=(Target(Transport.TCP, 6379),),
    move="firewall",
    deeds=(Deed(Kind.RUN, ("true",)), Deed(Kind.SHUT, elements=REDIS, seconds=60)),
    state=State.CONFIRMED,
)
WAITING = replace(DONE, id="0a1b2d", state=State.PENDING, deadline=160.0)


def test_what_was_confirmed_is_wanted_for_ever_and_in_every_boot() -> None:
    assert lasting.wanted([DONE], 9e9, "another") == dict.fromkeys(REDIS, 0)
    assert lasting.is_lasting(DONE)
    assert not lasting.is_lasting(replace(DONE, deeds=DONE.deeds[:1]))


def test_what_nobody_confirmed_is_wanted_for_what_is_left_of_its_time() -> None:
    assert lasting.wanted([WAITING], 110.0, "this") == dict.fromkeys(REDIS, 50)
    assert lasting.wanted([WAITING], 159.5, "this") == {}
    assert lasting.wanted([WAITING], 200.0, "this") == {}
    assert lasting.wanted([WAITING], 110.0, "another") == {}
    assert not lasting.is_lasting(WAITING)


def test_what_is_undone_or_being_undone_is_wanted_by_nobody() -> None:
    for state in (State.APPLYING, State.UNDOING, State.UNDONE, State.STUCK):
        assert lasting.wanted([replace(DONE, state=state)], 1.0, "this") == {}


def test_of_two_changes_of_one_door_the_longer_holds_it() -> None:
    for records in ([DONE, WAITING], [WAITING, DONE]):
        assert lasting.wanted(records, 110.0, "this") == dict.fromkeys(REDIS, 0)
    longer = replace(WAITING, deadline=170.0)
    assert lasting.wanted([WAITING, longer], 110.0, "this") == dict.fromkeys(REDIS, 60)


def test_the_next_end_is_that_of_whatever_ends_first() -> None:
    longer = replace(WAITING, deadline=170.0)
    assert lasting.next_end([longer, WAITING, DONE], 110.0) == 160.0
    assert lasting.next_end([longer, WAITING], 165.0) == 170.0
    assert lasting.next_end([DONE], 110.0) is None
