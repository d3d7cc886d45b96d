"""What a look at this machine's sockets could not see, in words."""

import os
from collections.abc import Sequence

from tojimari.core.message import Message, Value
from tojimari.core.socket import Unseen

AGAIN = "tojimari look"


def as_root() -> str:
    """What to type to see more; nothing where we are root already."""
    return "" if os.geteuid() == 0 else "sudo tojimari look"


def rights_missing(names: Sequence[str]) -> Unseen:
    """We are root, but not with all of root's rights, as in a container."""
    return Unseen(
        Message(
            "capability-missing",
            "Root lacks rights here that would show more: {capabilities}.",
            {"capabilities": ", ".join(names)},
        ),
        len(names),
    )


def owners_refused(processes: int, doors: int) -> Unseen:
    """Processes whose descriptors may not be read.

    Args:
        processes: How many.
        doors: How many doors show no process for sure.
    """
    values: dict[str, Value] = {"processes": processes, "doors": doors}
    message = (
        Message(
            "descriptors-not-permitted",
            "Doors that show at most who may hold them: {doors}."
            " Processes whose open files may not be read: {processes}.",
            values,
        )
        if doors
        else Message(
            "descriptors-not-permitted",
            "Processes whose open files may not be read: {processes}."
            " They may share some of these doors.",
            values,
        )
    )
    return Unseen(message, doors or processes, as_root())


def holders_elsewhere(doors: int) -> Unseen:
    """Sockets that nobody whom we see holds."""
    return Unseen(
        Message(
            "holder-not-visible",
            "Doors held by somebody who is not visible from here: {doors}.",
            {"doors": doors},
        ),
        doors,
    )


def spaces_closed(count: int) -> Unseen:
    """Namespaces that may not be entered."""
    return Unseen(
        Message(
            "namespace-not-permitted",
            "Network namespaces that may not be entered: {count}. Their doors are not shown.",
            {"count": count},
        ),
        count,
        as_root(),
        hides_doors=True,
    )


def spaces_unknown(count: int) -> Unseen:
    """Processes of which the namespace may not be known."""
    return Unseen(
        Message(
            "namespace-unknown",
            "Processes whose network namespace may not be asked: {count}."
            " If one has a namespace of its own, the doors in that are not shown.",
            {"count": count},
        ),
        count,
        as_root(),
        hides_doors=True,
    )


def processes_hidden() -> Unseen:
    """Somebody else's processes are hidden from us."""
    return Unseen(
        Message(
            "processes-hidden",
            "The processes of other users are hidden here (hidepid).",
        ),
        0,
        as_root(),
    )


def roles_unsure(count: int) -> Unseen:
    """UDP sockets that may be servers or clients."""
    return Unseen(
        Message(
            "udp-role-unknown",
            "UDP doors that may be servers, or only wait for an answer: {count}.",
            {"count": count},
        ),
        count,
        as_root(),
    )


def table_changing() -> Unseen:
    """A table changed during every attempt to read it."""
    return Unseen(
        Message(
            "table-changing",
            "The table of sockets changed while it was read: a door may be missing.",
        ),
        0,
        AGAIN,
        hides_doors=True,
    )


def table_plain() -> Unseen:
    """Only the old interface of the kernel answered."""
    return Unseen(
        Message(
            "no-socket-diagnosis",
            "This kernel has no socket diagnosis (inet_diag): the control groups of sockets are"
            " not known, nor whether a door for IPv6 takes IPv4, too.",
        ),
        0,
    )


def sctp(count: int) -> Unseen:
    """Doors of a protocol that is not looked at."""
    return Unseen(
        Message("sctp-not-read", "SCTP doors, which are not shown: {count}.", {"count": count}),
        count,
        "cat /proc/net/sctp/eps",
        hides_doors=True,
    )
