import datetime as dt
from dataclasses import replace

import pytest

from scenery import door, intent
from tojimari.audit import mending
from tojimari.audit.check import Scene, judge
from tojimari.core.endpoint import Transport
from tojimari.core.exposure import Zone
from tojimari.core.finding import Finding, Severity
from tojimari.core.mend import Mend
from tojimari.core.message import Message

REDIS = door(6379, widest=Zone.INTERNET)
MEANT = intent(6379, why="why not", sources=("lan",))
FOUND = Finding("x", Severity.HIGH, Message("x", "x"), REDIS, MEANT, ())


@pytest.mark.parametrize(
    ("how", "typed"),
    [
        (mending.close, "sudo tojimari close 6379"),
        (mending.drop, "sudo tojimari close 6379 --by firewall"),
        (mending.keep_out, "sudo tojimari close 6379 --from internet --by firewall"),
        (
            mending.narrow,
            "sudo tojimari allow 6379 --from lan --why 'why not' --policy 'my doors.toml'",
        ),
    ],
)
def test_each_way_is_a_line_to_type(how: mending.Mending, typed: str) -> None:
    found = mending.mended(FOUND, how, [REDIS], "my doors.toml")
    assert found.mend is not None
    assert found.mend.typed == typed


def test_what_is_meant_for_this_machine_alone_is_closed() -> None:
    for sources in ((), ("this-machine",)):
        found = replace(FOUND, intent=replace(MEANT, sources=sources))
        assert mending.narrow(found, "6379") == Mend("6379")


def test_a_number_that_two_doors_share_is_typed_with_its_transport() -> None:
    datagrams = door(53, transport=Transport.UDP)
    stream = door(53)
    for one, doors, word in (
        (datagrams, [datagrams], "53/udp"),
        (stream, [stream], "53"),
        (stream, [stream, datagrams], "53/tcp"),
    ):
        found = mending.mended(replace(FOUND, door=one), mending.close, doors)
        assert found.mend == Mend(word)


def test_what_cannot_be_closed_from_here_is_not_promised_to_be() -> None:
    there = replace(REDIS, namespace=replace(REDIS.namespace, is_host=False))
    for found in (
        replace(FOUND, door=None),
        replace(FOUND, door=there),
        replace(FOUND, is_certain=False),
        replace(FOUND, severity=Severity.INFO),
    ):
        assert mending.mended(found, mending.close, [REDIS]).mend is None
    assert mending.mended(FOUND, mending.narrow, [REDIS], "-").mend is None


def test_a_door_that_nobody_meant_is_closed() -> None:
    scene = Scene((REDIS,), (intent(22),), has_policy=True, today=dt.date(2030, 1, 1))
    found = [one for one in judge(scene) if one.check == "unintended"]
    assert [one.mend for one in found] == [Mend("6379")]
