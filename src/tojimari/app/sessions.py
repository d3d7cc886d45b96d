"""The sessions that exist at some doors: counted, and ended where that is asked for.

Those of programs of this machine are its sockets; those that destination NAT sends on to containers
are the kernel's table of conversations.
"""

import errno
from collections.abc import Iterable, Sequence

from tojimari.app import closing, look
from tojimari.core.errors import HostError
from tojimari.core.message import Message
from tojimari.core.plan import Target
from tojimari.linux.conntrack import Tracked

NAMED = 3  # peers that a sentence names
_NUMBERS = {6: "tcp", 17: "udp"}  # IANA's protocol numbers
# The kernel does not track conversations at all.
_ABSENT = frozenset({errno.EINVAL, errno.EPROTONOSUPPORT, errno.EOPNOTSUPP, errno.ENOENT})


def end(targets: Sequence[Target]) -> tuple[Message, ...]:
    """End them; what was ended.

    Raises:
        HostError: The kernel cannot.
    """
    from tojimari.linux import conntrack, sock_diag  # noqa: PLC0415 - only where it is asked for
    from tojimari.linux.sock_destroy import destroy  # noqa: PLC0415 - the same

    ports = {one.port for one in targets}
    forgotten: list[Tracked] = []
    try:
        with sock_diag.connect() as netlink:
            own = len(destroy(netlink, lambda local, _: local[1] in ports))
    except OSError as error:
        raise _cannot(error) from error
    try:
        with conntrack.connect() as netlink:
            forgotten = conntrack.forget(netlink, lambda one: one.sent_on and _is_at(one, targets))
    except OSError as error:
        if error.errno not in _ABSENT:
            raise _cannot(error) from error
    return (
        Message(
            "ended",
            "sessions ended: {own} of this machine, {sent_on} sent on to containers",
            {"own": own, "sent_on": sum(one.alive for one in forgotten)},
        ),
    )


def _cannot(error: OSError) -> HostError:
    return HostError("the kernel does not end connections: {why}", why=error.strerror or str(error))


def surviving(targets: Sequence[Target]) -> list[Message]:
    """Those that go on with others; nothing where there are none."""
    left = closing.sessions(look.view(connections=True).connections, targets)
    peers = [one.remote.address for one in left if not one.remote.is_loopback and one.inode != 0]
    peers += [one.source[0] for one in _sent_on(targets)]
    if not peers:
        return []
    return [
        Message(
            "sessions",
            "sessions that go on: {count}, with {peers}; --end-sessions ends them",
            {"count": len(peers), "peers": ", ".join(sorted(set(peers))[:NAMED])},
        )
    ]


def _sent_on(targets: Sequence[Target]) -> list[Tracked]:
    from tojimari.linux import conntrack  # noqa: PLC0415 - not needed for a plan

    try:
        with conntrack.connect() as netlink:
            return [
                one
                for one, _ in conntrack.listed(netlink)
                if one.sent_on and one.alive and _is_at(one, targets)
            ]
    except OSError:  # then nothing is sent on either
        return []


def _is_at(one: Tracked, targets: Iterable[Target]) -> bool:
    return (_NUMBERS.get(one.protocol), one.target[1]) in {(t.transport, t.port) for t in targets}
