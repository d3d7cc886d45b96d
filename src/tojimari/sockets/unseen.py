"""What a look at this machine's sockets could not see, in words."""

from tojimari.core.message import Message
from tojimari.core.socket import Unseen

AS_ROOT = "sudo tojimari look"


def owners_refused(processes: int, doors: int) -> Unseen:
    """Processes whose descriptors may not be read.

    Args:
        processes: How many.
        doors: How many doors show no process for sure.
    """
    text = (
        "The open files of {processes} processes may not be read, so {doors} doors show at most"
        " who may hold them."
        if doors
        else "The open files of {processes} processes may not be read: they may hold doors, too."
    )
    return Unseen(
        Message("descriptors-not-permitted", text, {"processes": processes, "doors": doors}),
        doors or processes,
        AS_ROOT,
    )


def holders_elsewhere(doors: int) -> Unseen:
    """Sockets that nobody whom we see holds."""
    return Unseen(
        Message(
            "holder-not-visible",
            "{doors} doors are held by somebody who is not visible from here.",
            {"doors": doors},
        ),
        doors,
    )


def spaces_closed(count: int) -> Unseen:
    """Namespaces that may not be entered."""
    return Unseen(
        Message(
            "namespace-not-permitted",
            "{count} network namespaces may not be entered: their doors are not shown.",
            {"count": count},
        ),
        count,
        AS_ROOT,
        hides_doors=True,
    )


def spaces_unknown(count: int) -> Unseen:
    """Processes of which the namespace may not be known."""
    return Unseen(
        Message(
            "namespace-unknown",
            "In which network namespace {count} processes are may not be known:"
            " if it is one of their own, its doors are not shown.",
            {"count": count},
        ),
        count,
        AS_ROOT,
        hides_doors=True,
    )


def processes_hidden() -> Unseen:
    """Somebody else's processes are hidden from us."""
    return Unseen(
        Message(
            "processes-hidden",
            "The processes of other users are hidden from this one (hidepid).",
        ),
        0,
        AS_ROOT,
    )


def roles_unsure(count: int) -> Unseen:
    """UDP sockets that may be servers or clients."""
    return Unseen(
        Message(
            "udp-role-unknown",
            "Whether {count} UDP doors are servers, or only wait for an answer, cannot be told.",
            {"count": count},
        ),
        count,
        AS_ROOT,
    )


def table_changing() -> Unseen:
    """A table changed during every attempt to read it."""
    return Unseen(
        Message(
            "table-changing",
            "The table of sockets changed while it was read: a door may be missing.",
        ),
        0,
        "tojimari look",
        hides_doors=True,
    )


def table_plain() -> Unseen:
    """Only the old interface of the kernel answered."""
    return Unseen(
        Message(
            "no-socket-diagnosis",
            "This kernel has no socket diagnosis, so control groups are unknown,"
            " and whether IPv6 doors take IPv4, too.",
        ),
        0,
    )


def sctp(count: int) -> Unseen:
    """Doors of a protocol that is not looked at."""
    return Unseen(
        Message(
            "sctp-not-read",
            "{count} SCTP doors are not shown: cat /proc/net/sctp/eps lists them.",
            {"count": count},
        ),
        count,
        "cat /proc/net/sctp/eps",
        hides_doors=True,
    )
