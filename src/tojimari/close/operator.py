"""Who typed the command, and by which door they came in: pure, from what the kernel says."""

from collections.abc import Iterable, Mapping, Sequence

from tojimari.close.guard import Access, Session
from tojimari.core.endpoint import Transport, canonical_address
from tojimari.core.plan import Target
from tojimari.core.socket import Connection, Direction, Listener

VARIABLE = "SSH_CONNECTION"  # address and port of the client, then of the server (ssh(1))
_FIELDS = 4
_MOSH = "mosh-server"


def session(
    environment: Mapping[str, str],
    ancestors: Sequence[int],
    connections: Iterable[Connection],
    listeners: Iterable[Listener],
) -> Session | None:
    """The session that we are in; None where nobody came from elsewhere.

    Sockets come before the environment: sudo takes the variable away, and a terminal that was left
    and taken up again (tmux, screen) keeps an old one.

    Args:
        environment: Of this process.
        ancestors: This process and those that it came from, the nearest first.
        connections: All conversations of the machine.
        listeners: All its doors.
    """
    told = _told(environment)
    order = {pid: at for at, pid in enumerate(ancestors)}
    incoming = [
        (min(order[owner.pid] for owner in one.owners if owner.pid in order), one)
        for one in connections
        if one.direction is Direction.INCOMING
        and any(owner.pid in order for owner in one.owners)
        and one.local.transport is Transport.TCP
    ]
    pids = frozenset(ancestors[1:]) - {1}
    for one in listeners:
        if any(owner.pid in order and owner.name == _MOSH for owner in one.owners):
            remote, login = (told.remote, told.door.port) if told else ("", 22)
            door = Target(one.endpoint.transport, one.endpoint.port)
            return Session(Access.MOSH, door, remote, pids, login)
    if incoming:
        _, nearest = min(incoming, key=lambda pair: pair[0])
        names = {owner.name or "" for owner in nearest.owners}
        is_ssh = any("sshd" in name or "dropbear" in name for name in names)
        return Session(
            Access.SSH if is_ssh else Access.OTHER,
            Target(Transport.TCP, nearest.local.port),
            canonical_address(nearest.remote.address),
            pids,
            holders=frozenset(owner.pid for owner in nearest.owners if owner.pid is not None),
        )
    return told


def _told(environment: Mapping[str, str]) -> Session | None:
    """What the environment says; nothing where it is not there or makes no sense."""
    words = environment.get(VARIABLE, "").split()
    if len(words) != _FIELDS:
        return None
    try:
        door = Target(Transport.TCP, int(words[3]))
        return Session(Access.SSH, door, canonical_address(words[0]))
    except ValueError:
        return None
