"""From socket rows to connections: both ends joined, and who knocked. Pure.

A hundred thousand conversations are nothing unusual, so equal addresses, endpoints and owners are
made once and shared.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tojimari.core.endpoint import Endpoint, Transport
from tojimari.core.socket import Connection, Direction, Listener, Owner, TcpState
from tojimari.linux import address, sock_diag
from tojimari.linux.sock_diag import Row
from tojimari.linux.sysctl import PortSettings

_STATES = {
    sock_diag.ESTABLISHED: TcpState.ESTABLISHED,
    sock_diag.SYN_SENT: TcpState.SYN_SENT,
    sock_diag.SYN_RECEIVED: TcpState.SYN_RECEIVED,
    sock_diag.FIN_WAIT_1: TcpState.FIN_WAIT_1,
    sock_diag.FIN_WAIT_2: TcpState.FIN_WAIT_2,
    sock_diag.TIME_WAIT: TcpState.TIME_WAIT,
    sock_diag.CLOSE_WAIT: TcpState.CLOSE_WAIT,
    sock_diag.LAST_ACK: TcpState.LAST_ACK,
    sock_diag.CLOSING: TcpState.CLOSING,
}

# States in which a conversation that no process holds still waits in a listener's queue.
_QUEUED = frozenset({sock_diag.SYN_RECEIVED, sock_diag.ESTABLISHED, sock_diag.CLOSE_WAIT})

_Key = tuple[str, int, str, int]  # one end's address and port, then the other's


@dataclass(frozen=True, slots=True)
class Site:
    """One namespace's part in the conversations.

    Attributes:
        netns: Its inode.
        rows: The sockets of each transport.
        listeners: Its doors.
        ports: Which ports its kernel chooses for a program.
    """

    netns: int
    rows: dict[Transport, list[Row]]
    listeners: Sequence[Listener]
    ports: PortSettings


class Held(NamedTuple):
    """Who holds one socket.

    Attributes:
        owners: The surest first.
        descriptors: For each of them, its file descriptors of the socket.
    """

    owners: tuple[Owner, ...]
    descriptors: tuple[tuple[int, ...], ...]


NOBODY = Held((), ())


class _End(NamedTuple):
    """One end, before the other is known.

    Attributes:
        site: Its namespace.
        row: The socket.
        key: Its addresses.
        came_in: Whether it came to a door of its namespace.
        knocked: Whether the other end is surely in this namespace, at a door.
        held: Who holds it.
    """

    site: Site
    row: Row
    key: _Key
    came_in: bool
    knocked: bool
    held: Held


def conversations(sites: Iterable[Site], held: Callable[[Row], Held]) -> list[Connection]:
    """Every conversation, once for each of its ends on this machine.

    Args:
        sites: The namespaces.
        held: Who holds a socket.

    Returns:
        In the kernel's order, namespace by namespace.
    """
    ends: dict[Transport, list[_End]] = {}
    for site in sites:
        for transport, rows in site.rows.items():
            doors = _Doors(site.listeners, transport)
            ends.setdefault(transport, []).extend(_ends(site, rows, doors, held))
    found: list[Connection] = []
    for transport, these in ends.items():
        found += _joined(transport, these)
    return found


class _Doors:
    """Finds the door of one namespace and transport to which a connection came."""

    def __init__(self, listeners: Iterable[Listener], transport: Transport) -> None:
        self._exact: dict[tuple[str, int], Listener] = {}
        self._any: dict[bool, dict[int, Listener]] = {False: {}, True: {}}  # by whether IPv6
        for door in listeners:
            end = door.endpoint
            if end.transport is not transport:
                continue
            if not end.is_wildcard:
                self._exact[end.address, end.port] = door
                continue
            self._any[end.is_ipv6][end.port] = door
            if end.is_ipv6 and not door.v6only:
                self._any[False].setdefault(end.port, door)

    def find(self, address: str, port: int) -> Listener | None:
        """The door at exactly this address, or at every one."""
        return self._exact.get((address, port)) or self._any[":" in address].get(port)


def _ends(
    site: Site, rows: Iterable[Row], doors: _Doors, held: Callable[[Row], Held]
) -> Iterable[_End]:
    """The rows that have a peer."""
    text, find = address.text, doors.find
    seen: set[int] = set()
    for row in rows:
        state, inode = row.state, row.inode
        if state not in _STATES:
            continue
        if inode:
            if inode in seen:
                continue  # a table that changes while it is read may name a socket twice
            seen.add(inode)
        here, port, there, peer_port = text(row.address), row.port, text(row.peer), row.peer_port
        door = find(here, port)
        if inode:
            holders = held(row)
        elif door is not None and state in _QUEUED:
            holders = Held(door.owners, ())
        else:
            holders = NOBODY
        knocked = (there == here or there.startswith("127.")) and bool(find(there, peer_port))
        yield _End(site, row, (here, port, there, peer_port), door is not None, knocked, holders)


def _joined(transport: Transport, ends: list[_End]) -> Iterable[Connection]:
    """Connections of one transport, each end beside its other."""
    by_key: dict[_Key, list[_End]] = {}
    for end in ends:
        by_key.setdefault(end.key, []).append(end)
    endpoints: dict[tuple[str, int], Endpoint] = {}
    for end in ends:
        local, port, remote, peer_port = end.key
        here = endpoints.get((local, port))
        if here is None:
            here = endpoints[local, port] = Endpoint(transport, local, port)
        there = endpoints.get((remote, peer_port))
        if there is None:
            there = endpoints[remote, peer_port] = Endpoint(transport, remote, peer_port)
        candidates = by_key.get((remote, peer_port, local, port))
        other = _other(end, candidates) if candidates is not None else None
        yield Connection(
            here,
            there,
            end.site.netns,
            _STATES[end.row.state],
            _direction(end, other),
            end.held.owners,
            other.held.owners if other is not None else (),
            end.row.inode,
            end.held.descriptors,
        )


def _other(end: _End, candidates: Sequence[_End]) -> _End | None:
    """The other end, where exactly one can be it.

    In the same namespace it is sure. In another one it is so where no third has the same
    addresses, and never by loopback, which does not leave a namespace.
    """
    same = [one for one in candidates if one.site is end.site and one is not end]
    if same:
        return same[0] if len(same) == 1 else None
    local = end.key[0]
    if len(candidates) > 1 or candidates[0] is end or local.startswith("127.") or local == "::1":
        return None
    return candidates[0]


def _direction(end: _End, other: _End | None) -> Direction:
    """Who knocked.

    A conversation at a door's port came in by that door. Where no door tells, the one who knocked
    is known by the port that its kernel chose for it.
    """
    state = end.row.state
    if state == sock_diag.SYN_RECEIVED:
        return Direction.INCOMING
    if state == sock_diag.SYN_SENT:
        return Direction.OUTGOING
    knocked = end.knocked or (other is not None and other.came_in)
    if end.came_in != knocked:
        return Direction.INCOMING if end.came_in else Direction.OUTGOING
    chosen = end.site.ports.hands_out
    if not knocked and other is None and chosen(end.row.port) and not chosen(end.row.peer_port):
        return Direction.OUTGOING
    return Direction.UNSURE
