"""From socket rows to connections: both ends joined, and who knocked. Pure.

A hundred thousand conversations are nothing unusual, so equal addresses, endpoints and owners are
made once and shared.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from tojimari.core.endpoint import Endpoint, Transport
from tojimari.core.socket import Connection, Direction, Listener, Owner, TcpState
from tojimari.linux import address, sock_diag
from tojimari.linux.sock_diag import Row

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
        chosen_ports: First and last of the ports among which the kernel chooses for a program.
    """

    netns: int
    rows: dict[Transport, list[Row]]
    listeners: Sequence[Listener]
    chosen_ports: tuple[int, int]


@dataclass(slots=True)
class _End:
    """One end, before the other is known.

    Attributes:
        site: Its namespace.
        row: The socket.
        key: Its addresses.
        door: The door by which it came in; None where there is none.
        knocks_here: Whether the other end is surely in this namespace, at a door.
        owners: Who holds it.
    """

    site: Site
    row: Row
    key: _Key
    door: Listener | None
    knocks_here: bool
    owners: tuple[Owner, ...]


def conversations(
    sites: Iterable[Site], owners: Callable[[Row], tuple[Owner, ...]]
) -> list[Connection]:
    """Every conversation, once for each of its ends on this machine.

    Args:
        sites: The namespaces.
        owners: Who holds a socket.

    Returns:
        In the kernel's order, namespace by namespace.
    """
    ends: dict[Transport, list[_End]] = {}
    for site in sites:
        doors = _Doors(site.listeners)
        for transport, rows in site.rows.items():
            ends.setdefault(transport, []).extend(_ends(site, transport, rows, doors, owners))
    found: list[Connection] = []
    for transport, these in ends.items():
        found += _joined(transport, these)
    return found


class _Doors:
    """Finds the door of one namespace to which a connection came."""

    def __init__(self, listeners: Iterable[Listener]) -> None:
        self._doors: dict[tuple[Transport, str, int], Listener] = {}
        for door in listeners:
            end = door.endpoint
            self._doors[end.transport, end.address, end.port] = door
            if end.address == "::" and not door.v6only:
                self._doors.setdefault((end.transport, "0.0.0.0", end.port), door)  # noqa: S104 - compared, never bound

    def find(self, transport: Transport, local: str, port: int) -> Listener | None:
        """The door at exactly this address, or at every one."""
        find = self._doors.get
        return find((transport, local, port)) or find(
            (transport, "::" if ":" in local else "0.0.0.0", port)  # noqa: S104 - compared, never bound
        )


def _ends(
    site: Site,
    transport: Transport,
    rows: list[Row],
    doors: _Doors,
    owners: Callable[[Row], tuple[Owner, ...]],
) -> Iterable[_End]:
    """The rows that have a peer."""
    text, find = address.text, doors.find
    seen: set[int] = set()
    for row in rows:
        if row.state not in _STATES:
            continue
        if row.inode:
            if row.inode in seen:
                continue  # a table that changes while it is read may name a socket twice
            seen.add(row.inode)
        key = (text(row.address), row.port, text(row.peer), row.peer_port)
        door = find(transport, key[0], key[1])
        if row.inode:
            holders = owners(row)
        else:
            holders = door.owners if door is not None and row.state in _QUEUED else ()
        stays = key[2] == key[0] or key[2].startswith("127.")
        knocks_here = stays and find(transport, key[2], key[3]) is not None
        yield _End(site, row, key, door, knocks_here, holders)


def _joined(transport: Transport, ends: list[_End]) -> Iterable[Connection]:
    """Connections of one transport, each end beside its other."""
    by_key: dict[_Key, _End | list[_End]] = {}
    for end in ends:
        known = by_key.setdefault(end.key, end)
        if isinstance(known, list):
            known.append(end)
        elif known is not end:
            by_key[end.key] = [known, end]
    endpoints: dict[tuple[str, int], Endpoint] = {}
    for end in ends:
        local, port, remote, peer_port = end.key
        here = endpoints.get((local, port))
        if here is None:
            here = endpoints[local, port] = Endpoint(transport, local, port)
        there = endpoints.get((remote, peer_port))
        if there is None:
            there = endpoints[remote, peer_port] = Endpoint(transport, remote, peer_port)
        other = _other(end, by_key.get((remote, peer_port, local, port)))
        yield Connection(
            here,
            there,
            end.site.netns,
            _STATES[end.row.state],
            _direction(end, other),
            end.owners,
            other.owners if other is not None else (),
            end.row.inode,
        )


def _other(end: _End, found: "_End | list[_End] | None") -> _End | None:
    """The other end, where exactly one can be it.

    In the same namespace it is sure. In another one it is so where no third has the same
    addresses, and never by loopback, which does not leave a namespace.
    """
    if found is None or found is end:
        return None
    candidates = found if isinstance(found, list) else (found,)
    same = [one for one in candidates if one.site is end.site and one is not end]
    if same:
        return same[0] if len(same) == 1 else None
    if end.key[0].startswith("127.") or end.key[0] == "::1":
        return None
    return candidates[0] if len(candidates) == 1 else None


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
    came_in = end.door is not None
    knocked = end.knocks_here or (other is not None and other.door is not None)
    if came_in or knocked:
        if came_in and knocked:
            return Direction.UNSURE
        return Direction.INCOMING if came_in else Direction.OUTGOING
    first, last = end.site.chosen_ports
    if other is None and first <= end.row.port <= last and not first <= end.row.peer_port <= last:
        return Direction.OUTGOING
    return Direction.UNSURE
