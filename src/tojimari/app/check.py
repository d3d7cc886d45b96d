"""The round: look, compare with what was meant, judge."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from tojimari.app import join
from tojimari.app import look as looking
from tojimari.app import policy as policies
from tojimari.audit import check as audit
from tojimari.core.door import Door
from tojimari.core.intent import Intent
from tojimari.core.socket import InsideView, Unseen
from tojimari.core.verdict import Verdict

if TYPE_CHECKING:
    from tojimari.app.firewalls import Firewalls
    from tojimari.app.hearing import Progress


def check(
    policy: str | None = None,
    *,
    today: dt.date | None = None,
    identify: bool = False,
    scan: bool = False,
    progress: "Progress | None" = None,
) -> Verdict:
    """Make the round of this machine.

    Args:
        policy: The policy file; None looks in the usual places, and goes on without one.
        today: The date that ``until`` is held against; None for the machine's own.
        identify: Whether to speak with each door, which takes up to some seconds.
        scan: Whether to knock at each from outside, which takes some seconds and root's rights.
        progress: Is told how many were knocked at or spoken with, of how many.

    Raises:
        PolicyError: The policy has a mistake in it.
        UsageError: There is no such policy file.
        PrivilegeError: It may not be read.
        HostError: It, or the kernel's sockets, cannot be read; or no scan from outside is possible.
    """
    force = policies.in_force(policy)
    meant = force.policy
    view, walls = looking.guarded(looking.view(), "check")
    doors = looking.doors(view, walls)
    if scan:
        from tojimari.app import sighting  # noqa: PLC0415 - only where it is asked for

        sighted = sighting.see(
            view,
            doors,
            walls,
            intents=meant.intents if meant is not None else (),
            progress=progress,
            command="check",
        )
        doors, view = sighted.doors, replace(view, unseen=(*view.unseen, *sighted.unseen))
    if identify:
        from tojimari.app import hearing  # noqa: PLC0415 - heavy, and only where it is asked for

        serving = tuple(door for door in doors if door.is_server)
        heard = hearing.listen(view, serving, progress)
        doors, view = heard.doors, replace(view, unseen=(*view.unseen, *heard.unseen))
    verdict = judge(
        view,
        doors,
        intents=meant.intents if meant is not None else (),
        path=meant.path if meant is not None else None,
        today=today or dt.datetime.fromtimestamp(view.at).astimezone().date(),
        walls=walls,
        asked=policy or "",
    )
    passed = tuple(Unseen(message, 1) for message in force.passed)
    return replace(verdict, unseen=(*passed, *verdict.unseen))


def judge(
    view: InsideView,
    doors: Sequence[Door],
    *,
    intents: Sequence[Intent],
    path: str | None,
    today: dt.date,
    walls: "Firewalls | None" = None,
    asked: str = "",
) -> Verdict:
    """Judge what was seen.

    Args:
        view: What the kernel said.
        doors: The same, joined.
        intents: The lines of the policy; empty where there is none.
        path: The policy file; None where there is none.
        today: The date that ``until`` is held against.
        walls: What the firewalls said; None where nobody asked them.
        asked: The policy file as it was asked for; empty for the usual one.
    """
    serving = tuple(join.meant(door, join.line(intents, door)) for door in doors if door.is_server)
    scene = audit.Scene(
        doors=serving,
        intents=tuple(intents),
        has_policy=path is not None,
        today=today,
        networks=join.zone_networks(view.namespaces),
        walls=join.walls(walls, view.namespaces) if walls is not None else {},
        policy=asked,
    )
    return Verdict(
        host=view.host,
        at=view.at,
        policy=path,
        namespaces=view.namespaces,
        doors=serving,
        findings=audit.judge(scene),
        unseen=view.unseen,
        method=view.method,
    )
