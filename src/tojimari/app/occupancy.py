"""Which numbers are in use on this machine now: the kernel's table, and a trial of the door itself.

Both are asked, because each knows what the other does not. The table may be missing, and has no
socket that is bound but neither listens nor talks; the trial meets that one too, but only root may
make it below the first unprivileged number.
"""

import errno
from enum import StrEnum
from pathlib import Path

from tojimari.core.endpoint import Transport

TABLES = Path("/proc/thread-self/net")
_ALL_STATES = 0xFFFF  # bit n for state n; the kernel has twelve (net/tcp_states.h)


class Trial(StrEnum):
    """How an attempt to open the door ended; it was shut again at once."""

    OPENED = "opened"
    TAKEN = "taken"
    REFUSED = "refused"  # only root may open this number
    UNABLE = "unable"  # this machine cannot open such a door at all


def in_use(transport: Transport, tables: Path = TABLES) -> frozenset[int] | None:
    """The local numbers of all sockets of this network namespace, connections too.

    Args:
        transport: TCP or UDP.
        tables: The kernel's folder; a test has its own.

    Returns:
        None where there is no such table.
    """
    from socket import AF_INET, AF_INET6  # noqa: PLC0415 - 11 ms, for those who ask for a free port

    from tojimari.linux import proc_net  # noqa: PLC0415 - the same

    if not (tables / transport).exists():
        return None
    return frozenset(
        row.port
        for family in (AF_INET, AF_INET6)
        for row in proc_net.rows(transport, family, _ALL_STATES)
    )


def trial(port: int, transport: Transport) -> Trial:
    """Open the door at every address and shut it at once, as a server would that starts now.

    Nothing listens meanwhile: a TCP socket is bound, no more. SO_REUSEADDR stays off, so that
    connections of a server that has just ended count as well.

    Args:
        port: The number.
        transport: TCP or UDP.
    """
    import socket  # noqa: PLC0415 - 11 ms, for those who ask for a free port

    kind = socket.SOCK_STREAM if transport is Transport.TCP else socket.SOCK_DGRAM
    outcomes: set[Trial] = set()
    for family, address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):  # noqa: S104 - that is what is asked
        try:
            with socket.socket(family, kind) as door:
                if family == socket.AF_INET6:
                    door.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                door.bind((address, port))
        except OSError as error:
            outcomes.add(_meaning(error))
        else:
            outcomes.add(Trial.OPENED)
    return next(one for one in _GRAVEST if one in outcomes)


_GRAVEST = (Trial.TAKEN, Trial.REFUSED, Trial.OPENED, Trial.UNABLE)


def _meaning(error: OSError) -> Trial:
    if error.errno == errno.EADDRINUSE:
        return Trial.TAKEN
    if error.errno in {errno.EACCES, errno.EPERM}:
        return Trial.REFUSED
    return Trial.UNABLE  # no IPv6 here (EAFNOSUPPORT, EADDRNOTAVAIL), or no sockets left
