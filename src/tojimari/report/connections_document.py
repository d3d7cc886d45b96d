"""``tojimari connections --json``: every conversation as a flat row."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

import msgspec

from tojimari.core.conversations import Conversations
from tojimari.core.socket import Connection, Namespace, Owner
from tojimari.report.documents import UnseenDocument, namespace, unseen
from tojimari.report.encodable import optional, text

SCHEMA: Final = "tojimari.connections/1"


class ConnectionDocument(msgspec.Struct, gc=False):
    """One end of a conversation.

    A Struct, because there may be a hundred thousand: they are made and written in half the time.

    Attributes:
        transport: ``tcp``, ``udp``.
        state: TCP's state, RFC 9293's words in lower case.
        direction: Who knocked: ``incoming``, ``outgoing`` or ``unsure``.
        local_address: Our end.
        local_port: The same.
        remote_address: The other end.
        remote_port: The same.
        netns: Inode of the network namespace that our end is in.
        pid: The process that holds our end; the first, where several do.
        program: Its name.
        user: Its user.
        unit: Its unit.
        container: Name or identifier of its container.
        holders: How many processes hold our end.
        peer_pid: The process that holds the other end, where that is on this machine, too.
        peer_program: Its name.
        peer_unit: Its unit.
        peer_container: Name or identifier of its container.
        inode: The socket's inode; 0 where no file refers to it.
    """

    transport: str
    state: str
    direction: str
    local_address: str
    local_port: int
    remote_address: str
    remote_port: int
    netns: int
    pid: int | None
    program: str | None
    user: str | None
    unit: str | None
    container: str | None
    holders: int
    peer_pid: int | None
    peer_program: str | None
    peer_unit: str | None
    peer_container: str | None
    inode: int


@dataclass(slots=True)
class ConnectionsDocument:
    """``tojimari connections --json``.

    Attributes:
        schema: The name of this form.
        host: The machine's name.
        at: Seconds since the epoch.
        method: How the owners were found: ``bpf``, ``procfs``, ``cgroup``, ``psutil``.
        namespaces: Every network namespace that was found, the host's first.
        connections: A row for each end that is on this machine.
        unseen: What could not be seen.
    """

    schema: Literal["tojimari.connections/1"]
    host: str
    at: float
    method: str
    namespaces: Sequence[Namespace]
    connections: list[ConnectionDocument]
    unseen: list[UnseenDocument]


def document(found: Conversations) -> ConnectionsDocument:
    """The document of all conversations."""
    return ConnectionsDocument(
        schema=SCHEMA,
        host=text(found.host),
        at=found.at,
        method=found.method,
        namespaces=[namespace(one) for one in found.namespaces],
        connections=_rows(found.connections),
        unseen=[unseen(one) for one in found.unseen],
    )


def _rows(found: Sequence[Connection]) -> list[ConnectionDocument]:
    """Every conversation as a row; what is said of a holder is worked out once for each."""
    known: dict[int, _Who] = {}
    nobody = _Who(None, None, None, None, None)

    def who(owners: Sequence[Owner]) -> _Who:
        if not owners:
            return nobody
        first = owners[0]
        key = first.pid or -id(first)
        answer = known.get(key)
        if answer is None:
            answer = known[key] = _who(first)
        return answer

    rows: list[ConnectionDocument] = []
    for one in found:
        local, remote, owners = one.local, one.remote, one.owners
        pid, program, user, unit, container = who(owners)
        peer_pid, peer_program, _, peer_unit, peer_container = who(one.peers)
        rows.append(
            ConnectionDocument(
                local.transport,
                one.state,
                one.direction,
                local.address,
                local.port,
                remote.address,
                remote.port,
                one.netns,
                pid,
                program,
                user,
                unit,
                container,
                len(owners),
                peer_pid,
                peer_program,
                peer_unit,
                peer_container,
                one.inode,
            )
        )
    return rows


class _Who(NamedTuple):
    """A holder, for a row."""

    pid: int | None
    program: str | None
    user: str | None
    unit: str | None
    container: str | None


def _who(owner: Owner) -> _Who:
    box = owner.container
    return _Who(
        owner.pid,
        optional(owner.name),
        optional(owner.user),
        optional(owner.unit),
        text(box.name or box.id) if box else None,
    )
