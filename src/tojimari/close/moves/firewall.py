"""Close the door by a table of our own, before destination NAT, with time limits in the kernel."""

from tojimari.close import latch_unit, table
from tojimari.close.move import Manager, Move, Situation, refused
from tojimari.core.message import Message
from tojimari.core.plan import Deed, Kind, Step

NAME = "firewall"


def _plan(situation: Situation) -> Step:
    does = Message("shut", "drop what comes to the door from other machines")
    if situation.port:
        why = Message("no-move", "a rule cannot move a door")
        return refused(NAME, does, why)
    if situation.allowed:
        does = Message(
            "shut-but",
            "drop what comes to the door, but from {sources}",
            {"sources": ", ".join(situation.allowed)},
        )
        elements = table.allowing(situation.targets, situation.allowed)
    else:
        if situation.sources:
            does = Message(
                "shut-from",
                "drop what comes to the door from {sources}",
                {"sources": _few(situation.sources)},
            )
        elements = table.closing(situation.targets, situation.sources)
    return Step(
        NAME,
        does,
        (Deed(Kind.SHUT, elements=elements, seconds=situation.seconds),),
        (
            Message("stays", "the program goes on; sessions that exist go on"),
            _after(situation),
        ),
        Message("open", "the same elements are taken out of tojimari's own table"),
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


FEW = 4  # networks that a sentence names


def _few(sources: tuple[str, ...]) -> str:
    more = len(sources) - FEW
    return ", ".join(sources[:FEW]) + (f" +{more}" if more > 0 else "")


MOVE = Move(NAME, size=3, plan=_plan)
