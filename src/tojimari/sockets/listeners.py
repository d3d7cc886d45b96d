"""From socket rows to doors. Pure: what is not in the rows is asked of the given functions."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from tojimari.core.endpoint import Endpoint, Transport
from tojimari.core.socket import Listener, Owner, Role
from tojimari.linux import address
from tojimari.linux.sock_diag import CLOSED, LISTEN, Row

DOOR_STATE = {Transport.TCP: LISTEN, Transport.UDP: CLOSED}

# Roles by how much they decide for sockets that share a door.
_DECISIVE = (Role.SERVER, Role.UNSURE, Role.CLIENT)


@dataclass(frozen=True, slots=True)
class Answers:
    """What the rows do not tell.

    Attributes:
        owners: Who holds the sockets of one door.
        role: What a socket is there for.
        interfaces: Name of each interface of the namespace, by its index.
    """

    owners: Callable[[Sequence[Row]], tuple[Owner, ...]]
    role: Callable[[Row], Role]
    interfaces: Mapping[int, str]


def listeners(
    rows: Iterable[Row], transport: Transport, netns: int, answers: Answers
) -> list[Listener]:
    """The doors among the sockets of one transport, sorted by port, then address.

    Sockets that share a door (SO_REUSEPORT; for multicast also SO_REUSEADDR) are one listener.

    Args:
        rows: Sockets of one namespace; those with a peer are passed over.
        transport: Of all of them.
        netns: Inode of the namespace.
        answers: What the rows do not tell.
    """
    groups: dict[tuple[str, int, int], list[Row]] = {}
    for row in doors(rows, transport):
        groups.setdefault((address.text(row.address), row.port, row.interface), []).append(row)
    found = [
        _listener(group, Endpoint(transport, text, port), netns, answers)
        for (text, port, _), group in groups.items()
    ]
    found.sort(key=lambda door: (door.endpoint.port, door.endpoint.address, door.interface or ""))
    return found


def doors(rows: Iterable[Row], transport: Transport) -> list[Row]:
    """The rows at which one may knock; a socket that the table named twice, once.

    A table that changes while it is read may do so.
    """
    wanted = DOOR_STATE[transport]
    found: list[Row] = []
    seen: set[int] = set()
    for row in rows:
        if row.state == wanted and row.inode not in seen:
            found.append(row)
            if row.inode:
                seen.add(row.inode)
    return found


def _listener(group: Sequence[Row], endpoint: Endpoint, netns: int, answers: Answers) -> Listener:
    first = group[0]
    if len(group) == 1:
        role, backlog, queued = answers.role(first), first.backlog, first.queued
        inodes: tuple[int, ...] = (first.inode,) if first.inode else ()
    else:
        roles = {answers.role(row) for row in group}
        role = next(decisive for decisive in _DECISIVE if decisive in roles)
        backlog, queued = sum(row.backlog for row in group), sum(row.queued for row in group)
        inodes = tuple(sorted(row.inode for row in group if row.inode))
    return Listener(
        endpoint=endpoint,
        netns=netns,
        owners=answers.owners(group),
        role=role,
        v6only=first.v6only if endpoint.is_ipv6 else None,
        interface=_interface(first.interface, answers.interfaces),
        backlog=backlog if first.state == LISTEN else 0,
        queued=queued,
        inodes=inodes,
        uid=first.uid,
        multicast=address.is_multicast(first.address),
    )


def _interface(index: int, names: Mapping[int, str]) -> str | None:
    """Its name, or its number where it has gone since."""
    return names.get(index, str(index)) if index else None
