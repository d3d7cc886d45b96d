from tojimari.core.exposure import Certainty, Exposure, Reach, Zone
from tojimari.core.message import Message
from tojimari.core.observation import Witness

WHY = Message("why", "Because.")
LAN_ONLY = Exposure(
    (
        Reach(Zone.THIS_MACHINE, Certainty.YES, WHY),
        Reach(Zone.LAN, Certainty.YES, WHY),
        Reach(Zone.INTERNET, Certainty.MAYBE, WHY),
    ),
    frozenset({Witness.KERNEL}),
)


def test_the_widest_zone_is_the_farthest_sure_one() -> None:
    assert LAN_ONLY.widest is Zone.LAN


def test_a_zone_that_nobody_judged_is_maybe() -> None:
    assert LAN_ONLY.certainty(Zone.CONTAINERS) is Certainty.MAYBE


def test_the_lan_is_outside() -> None:
    assert LAN_ONLY.from_outside


def test_nothing_sure_is_this_machine() -> None:
    assert Exposure((), frozenset()).widest is Zone.THIS_MACHINE
