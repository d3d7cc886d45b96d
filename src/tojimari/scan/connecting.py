"""What the kernel says of a connection, in the words of a scan."""

import errno
import struct
from _socket import SO_LINGER, SOCK_CLOEXEC, SOCK_NONBLOCK, SOCK_STREAM, SOL_SOCKET
from _socket import socket as Socket  # noqa: N812 - it is a class

from tojimari.scan import complaint
from tojimari.scan.task import Answer, Reason

# Closed with a reset (socket(7), SO_LINGER): the other end forgets us at once, and no port of ours
# is held for a minute. Nothing was said that could be lost.
_AT_ONCE = struct.pack("ii", 1, 0)

_COMPLAINTS = 16  # looked at for one door

STARTED = frozenset({errno.EINPROGRESS, errno.EAGAIN, errno.EALREADY})
FULL = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
NO_SOURCE = errno.EADDRNOTAVAIL  # every port of ours towards that door is in use

# A refusal by ICMP reaches a socket as one of these too (icmp.c: icmp_err_convert). "Port
# unreachable", with which some firewalls refuse, comes as a reset does: only the complaint that is
# kept for the socket tells them apart (since Linux 5.11).
MEANINGS: dict[int, tuple[Answer, Reason]] = {
    errno.ECONNREFUSED: (Answer.CLOSED, Reason.REFUSED),
    errno.ECONNRESET: (Answer.CLOSED, Reason.RST),
    errno.EHOSTUNREACH: (Answer.FILTERED, Reason.HOST_UNREACHABLE),
    errno.EHOSTDOWN: (Answer.FILTERED, Reason.HOST_UNREACHABLE),
    errno.ENETUNREACH: (Answer.FILTERED, Reason.NET_UNREACHABLE),
    errno.ENOPROTOOPT: (Answer.FILTERED, Reason.PROTOCOL_UNREACHABLE),
    errno.EACCES: (Answer.FILTERED, Reason.ADMIN_PROHIBITED),
    errno.EPERM: (Answer.FILTERED, Reason.ADMIN_PROHIBITED),
    errno.EPROTO: (Answer.FILTERED, Reason.ADMIN_PROHIBITED),
}
SILENCE = frozenset({errno.ETIMEDOUT})


def made(family: int, *, blocking: bool) -> Socket:
    """A socket that leaves nothing behind.

    Raises:
        OSError: There are too many open files.
    """
    kind = SOCK_STREAM | SOCK_CLOEXEC | (0 if blocking else SOCK_NONBLOCK)
    one = Socket(family, kind)
    one.setsockopt(SOL_SOCKET, SO_LINGER, _AT_ONCE)
    complaint.heed(one, family)
    return one


def complained(one: Socket) -> tuple[Answer, Reason] | None:
    """What a firewall or a router said of the last door; None where nobody complained.

    TCP itself refuses by a reset (RFC 9293, section 3.5.2): whoever complains by ICMP filters.
    """
    for said in complaint.pending(one, one.family, _COMPLAINTS):
        return Answer.FILTERED, said.reason
    return None


def meets_itself(one: Socket) -> bool:
    """Whether a connection has us at both ends.

    A socket whose own port happens to be the one that it knocks at meets itself: TCP opens from
    both ends at once (RFC 9293, section 3.5, "simultaneous open"), and a door would seem open at
    which nobody is.

    Raises:
        OSError: There is no connection any more.
    """
    ours: object = one.getsockname()
    theirs: object = one.getpeername()
    return bool(ours == theirs)
