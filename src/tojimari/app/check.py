"""The round: look, compare with what was meant, judge."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from tojimari.app import join
from tojimari.app import look as looking
from tojimari.app import policy as policies
from tojimari.audit import check as audit
from tojimari.core.door import Door
from tojimari.core.intent import Intent
from tojimari.core.message import Message
from tojimari.core.socket import InsideView, Unseen
from tojimari.core.verdict import Verdict
from tojimari.policy import matching

# Until the firewall's word is joined, whoever reads the report must know that it is missing.
FIREWALL_NOT_ASKED = Unseen(
    Message(
        "firewall-not-asked",
        "The firewall was not asked: a door that it shuts is listed all the same.",
    ),
    0,
)


def check(policy: str | None = None, *, today: dt.date | None = None) -> Verdict:
    """Make the round of this machine.

    Args:
        policy: The policy file; None looks in the usual places, and goes on without one.
        today: The date that ``until`` is held against; None for the machine's own.

    Raises:
        PolicyError: The policy has a mistake in it.
        UsageError: There is no such policy file.
        PrivilegeError: It may not be read.
        HostError: It, or the kernel's sockets, cannot be read.
    """
    force = policies.in_force(policy)
    meant = force.policy
    view = looking.view()
    verdict = judge(
        view,
        looking.doors(view),
        intents=meant.intents if meant is not None else (),
        path=meant.path if meant is not None else None,
        today=today or dt.datetime.fromtimestamp(view.at).astimezone().date(),
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
) -> Verdict:
    """Judge what was seen.

    Args:
        view: What the kernel said.
        doors: The same, joined.
        intents: The lines of the policy; empty where there is none.
        path: The policy file; None where there is none.
        today: The date that ``until`` is held against.
    """
    serving = tuple(
        join.meant(door, matching.covering(intents, door)) for door in doors if door.is_server
    )
    scene = audit.Scene(
        doors=serving,
        intents=tuple(intents),
        has_policy=path is not None,
        today=today,
        networks=join.zone_networks(view.namespaces),
    )
    return Verdict(
        host=view.host,
        at=view.at,
        policy=path,
        namespaces=view.namespaces,
        doors=serving,
        findings=audit.judge(scene),
        unseen=(*view.unseen, FIREWALL_NOT_ASKED),
        method=view.method,
    )
