"""Close the door by a table of our own, before destination NAT, with time limits in the kernel."""

from tojimari.close import table
from tojimari.close.move import Move, Situation, dropping, refused
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
    return Step(
        NAME,
        does,
        (Deed(Kind.SHUT, elements=elements, seconds=situation.seconds),),
        (
            Message(
                "stays",
                "the program goes on; sessions that exist go on; at the next boot the door is open",
            ),
        ),
        Message("open", "the same elements are taken out of tojimari's own table"),
        rules=True,
    )


MOVE = Move(NAME, size=3, plan=_plan)
