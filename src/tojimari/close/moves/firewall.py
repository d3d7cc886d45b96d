"""Close the door by a table of our own, before destination NAT, with time limits in the kernel."""

from tojimari.close import latch_unit, table
from tojimari.close.move import Manager, Move, Situation, dropping, refused
from tojimari.core.message import Message
from tojimari.core.plan import Deed, Kind, Step

NAME = "firewall"


def _plan(situation: Situation) -> Step:
    does = dropping(situation)
    if situation.port:
        return refused(NAME, does, Message("no-move", "a rule cannot move a door"))
    if situation.allowed:
        elements = table.allowing(situation.targets, situation.allowed)
    else:
        elements = table.closing(situation.targets, situation.sources)
    if situation.end_sessions:
        elements = (*elements, *table.ending(situation.targets))
    return Step(
        NAME,
        does,
        (Deed(Kind.SHUT, elements=elements, seconds=situation.seconds),),
        (
            Message("stays", "the program goes on; sessions that exist go on"),
            _after(situation),
        ),
        Message("open", "the same elements are taken out of tojimari's own table"),
        rules=True,
    )


def _after(situation: Situation) -> Message:
    """What becomes of it at the next boot."""
    if situation.units.manager is Manager.SYSTEMD:
        return Message(
            "latch",
            "once it is confirmed, {unit} is set up, which closes it again after a boot, and when"
            " somebody flushes the rules",
            {"unit": latch_unit.NAME},
        )
    return Message(
        "no-latch",
        "at the next boot the door is open, unless your system starts {command} then",
        {"command": "tojimari latch"},
    )


MOVE = Move(NAME, size=3, plan=_plan)
