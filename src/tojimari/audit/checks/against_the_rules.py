"""Does a door answer from outside though the rules keep others out?"""

from collections.abc import Iterator

from tojimari.audit import check, mending
from tojimari.core.door import Door
from tojimari.core.exposure import Certainty
from tojimari.core.finding import Finding, Severity
from tojimari.core.message import Message, mark
from tojimari.core.observation import State
from tojimari.core.sighting import Sighting

NAME = "against-the-rules"


def ask(scene: check.Scene) -> Iterator[Finding]:
    """Every door that a knock opened which the rules, as they were read, do not let in."""
    for door in scene.doors:
        let_in = [
            one
            for one in door.sightings
            if one.expected is Certainty.NO and one.state is State.OPEN
        ]
        if let_in:
            yield _finding(door, let_in)


def _finding(door: Door, let_in: list[Sighting]) -> Finding:
    one = let_in[0]
    return check.about(
        door,
        check=NAME,
        severity=Severity.HIGH,
        message=Message(
            "against-the-rules",
            "The rules, as they were read, keep {source} out of {number}, yet it answers at"
            " {address} by {interface}: do not trust what they seem to say. Something lets packets"
            " past them, or they are read wrongly.",
            {
                "number": door.number,
                "source": one.source,
                "interface": one.interface,
                "address": ", ".join(dict.fromkeys(each.address for each in let_in)),
            },
        ),
        rules=(one.decider,) if one.decider is not None else (),
        next=f"tojimari reach {check.asked(door)} --from {one.source} --why",
    )


CHECK = check.Check(
    NAME,
    mark("Does a door answer from outside though the rules keep others out?"),
    ask,
    mending.drop,
)
