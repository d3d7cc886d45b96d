"""Doors that no descriptor refers to: who holds them nevertheless."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import partial

from tojimari.core.endpoint import Transport
from tojimari.core.socket import Evidence
from tojimari.linux import descriptors, proc_net, procfs, unix_queue
from tojimari.linux.btf import BtfError
from tojimari.linux.sock_diag import LISTEN, Row
from tojimari.sockets import table
from tojimari.sockets.finding import unreadable
from tojimari.sockets.holding import Holding, Place
from tojimari.sockets.listeners import doors
from tojimari.sockets.spaces import Spaces
from tojimari.sockets.table import PROTOCOLS, Table
from tojimari.sockets.walk import Inspection, Walk


def settle(spaces: Spaces, holding: Holding, walk: Walk | None) -> None:
    """Explain the doors that nobody was found to hold, as far as that can be.

    Args:
        spaces: The tables; a door that has been closed meanwhile is taken out.
        holding: What was found so far; what is found is added.
        walk: Programs in the kernel; None where they are not allowed.
    """
    left = False
    for netns, found in spaces.tables.items():
        for transport in found.rows:
            if _unheld(found, transport, holding):
                _refresh(spaces, netns, transport)
                _adopt_multipath(spaces, netns, transport, holding)
                _ask_kernel(spaces, netns, transport, holding, walk)
                left = left or bool(_unheld(found, transport, holding))
    if not left:
        return
    if walk is not None:
        holding.refused = unreadable(set(procfs.processes()) - holding.met)
    unheld = {
        row.inode
        for found in spaces.tables.values()
        for transport in found.rows
        for row in _unheld(found, transport, holding)
    }
    if holding.others and not holding.carriers:
        holding.carriers = list(_carriers(spaces, holding.others))
    _search_rare_places(holding, unheld)


def _unheld(found: Table, transport: Transport, holding: Holding) -> list[Row]:
    places, evidence = holding.places, holding.evidence
    return [
        row
        for row in doors(found.rows[transport], transport)
        if row.inode not in places and row.inode not in evidence
    ]


def _refresh(spaces: Spaces, netns: int, transport: Transport) -> None:
    """Take out the doors that were closed while the holders were searched."""
    look = partial(table.door_inodes, transport)
    try:
        alive = spaces.inside(netns, look)
    except OSError:
        return  # the namespace has gone, or the kernel has no diagnosis; believe what was read
    rows = spaces.tables[netns].rows
    gone = {row.inode for row in doors(rows[transport], transport)} - alive
    rows[transport] = [row for row in rows[transport] if row.inode not in gone]


def _adopt_multipath(spaces: Spaces, netns: int, transport: Transport, holding: Holding) -> None:
    """Give a multipath door the inode by which its program holds it.

    A listening MPTCP socket has a TCP socket inside. Kernels differ in whether that one shows the
    inode of the outer socket; where it does not, nobody holds it.

    Source: net/mptcp/mptcp_diag.c; RFC 8684.
    """
    rows = spaces.tables[netns].rows
    if transport is not Transport.TCP or not holding.multipath:
        return
    if not _unheld(spaces.tables[netns], transport, holding):
        return
    try:
        outer = spaces.inside(netns, table.multipath_doors)
    except OSError:
        return  # this kernel has no MPTCP
    held = {_door(row): row.inode for row in outer if row.inode in holding.places}
    rows[transport] = [
        row._replace(inode=held[_door(row)])
        if row.inode not in holding.places and row.state == LISTEN and _door(row) in held
        else row
        for row in rows[transport]
    ]


def _door(row: Row) -> tuple[bytes, int, int]:
    return row.address, row.port, row.interface


def _ask_kernel(
    spaces: Spaces, netns: int, transport: Transport, holding: Holding, walk: Walk | None
) -> None:
    """Find those that only the kernel itself can hold."""
    found = spaces.tables[netns]
    left = _unheld(found, transport, holding)
    if not left:
        return
    tunnels = {
        link.tunnel_port
        for link in found.links
        if link.tunnel_port is not None and link.interface.up
    }
    told: dict[int, Inspection] = {}
    if walk is not None:
        with suppress(OSError, BtfError):
            told = spaces.inside(netns, partial(walk.inspect, PROTOCOLS[transport]))
    for row in left:
        answer = told.get(row.inode)
        if answer is not None and transport is Transport.UDP:
            holding.port_locks[row.inode] = answer.locks
        # A tunnel that is up has got its port, so nobody else can have it.
        is_tunnel = transport is Transport.UDP and row.port in tunnels
        if not row.inode or is_tunnel or (answer is not None and answer.is_kernel):
            holding.evidence[row.inode] = Evidence.KERNEL


def _search_rare_places(holding: Holding, unheld: set[int]) -> None:
    """Search the two places beside descriptors in which a socket can be held.

    An io_uring can have it as a fixed file, and a unix socket can carry it from one process to
    another.
    """
    for place in holding.rings:
        _add(holding, unheld, place, Evidence.FIXED_FILE)
    for place in holding.carriers:
        _add(holding, unheld, place, Evidence.IN_FLIGHT)


def _add(holding: Holding, unheld: set[int], place: Place, evidence: Evidence) -> None:
    is_ring = evidence is Evidence.FIXED_FILE
    try:
        found = descriptors.fixed_sockets(place) if is_ring else unix_queue.waiting_sockets(*place)
    except PermissionError:
        return  # its process is among those that could not be read
    for inode in unheld.intersection(found):
        if holding.evidence.setdefault(inode, evidence) is evidence:
            places = holding.places.setdefault(inode, [])
            if place not in places:
                places.append(place)


def _carriers(spaces: Spaces, others: Mapping[int, Place]) -> Iterable[Place]:
    """Unix sockets with descriptors in them; each tells how many.

    Only unix sockets are asked, for among the sockets that nobody looked for may be a hundred
    thousand connections.
    """
    inodes: set[int] = set()
    for netns in spaces.tables:
        with suppress(OSError):
            inodes |= spaces.inside(netns, proc_net.unix_inodes)
    for inode in inodes & others.keys():
        try:
            waiting = descriptors.information(others[inode]).get("scm_fds", "0")
        except PermissionError:
            continue
        if waiting != "0":
            yield others[inode]
