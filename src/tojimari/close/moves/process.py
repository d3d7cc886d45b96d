"""End the process that holds the door: the last means, since it may be started again."""

import signal

from tojimari.close.move import Move, Situation, refused, with_them
from tojimari.core.message import Message
from tojimari.core.plan import Deed, Kind, Step
from tojimari.core.socket import Evidence

NAME = "process"
_FIRST = 1  # whose end is the machine's


def _plan(situation: Situation) -> Step:
    owners = situation.owners
    pids = sorted({one.pid for one in owners if one.pid is not None})
    does = Message("end", "end the process {pids}", {"pids": ", ".join(map(str, pids)) or "-"})
    why = _why_not(situation, pids)
    if why is not None:
        return refused(NAME, does, why)
    deeds = [
        Deed(Kind.SIGNAL, pid=pid, started=situation.starts[pid], signal=number)
        for pid in pids
        for number in ((signal.SIGKILL,) if situation.kill else (signal.SIGTERM,))
    ]
    units = dict.fromkeys(one.unit for one in owners if one.unit and one.unit.endswith(".service"))
    breaks: list[Message] = []
    undone = Message("not-started", "what is ended is not started again by tojimari")
    for name in units:
        found = situation.units.unit(name)
        if found is not None and found.restart:
            said = {"unit": name, "when": found.restart}
            breaks.append(
                Message(
                    "restarted", "{unit} starts it again by itself (Restart={when})", dict(said)
                )
            )
    if units:
        undone = Message("start-unit", "the same units start again, now and at boot as before")
        deeds.insert(0, Deed(Kind.RUN, reverse=("systemctl", "start", *units)))
    stops = situation.others(lambda owner: owner.pid in pids)
    return Step(NAME, does, tuple(deeds), (*breaks, *with_them(stops)), undone, stops=stops)


def _why_not(situation: Situation, pids: list[int]) -> Message | None:
    kernel = any(one.evidence is Evidence.KERNEL for one in situation.owners)
    reasons = (
        (situation.port, Message("no-move-by-ending", "ending a process moves no door")),
        (kernel, Message("kernel", "the kernel itself holds the door, and no process does")),
        (not pids, Message("nobody", "no program of this machine holds the door")),
        (_FIRST in pids, Message("first", "process 1 holds it, and with it the machine would end")),
        (
            situation.spared.intersection(pids),
            Message("own", "the process is one that this command came from"),
        ),
        (
            any(one not in situation.starts for one in pids),
            Message("gone", "the process has ended meanwhile"),
        ),
    )
    return next((message for is_so, message in reasons if is_so), None)


MOVE = Move(NAME, size=4, plan=_plan)
