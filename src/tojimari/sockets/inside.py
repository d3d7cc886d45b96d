"""The inside view: which doors this machine holds open, and who holds them.

The kernel's socket table says which sockets there are, in every network namespace; who holds them
is found by a program inside the kernel, or by reading the descriptors of every process, or, without
the right to do either, by the control group that each socket keeps. Whatever could not be seen is
said and counted.
"""

import os
import time
from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from tojimari.core.endpoint import Transport
from tojimari.core.socket import Evidence, InsideView, Listener, Owner, Role, Unseen
from tojimari.linux import cgroups, procfs
from tojimari.linux.descriptors import Scan
from tojimari.linux.sock_diag import Row
from tojimari.sockets import unseen
from tojimari.sockets.candidates import Candidates
from tojimari.sockets.finding import by_cgroup, by_reading_all, in_other_spaces
from tojimari.sockets.holding import Holding, Method
from tojimari.sockets.listeners import Answers, listeners
from tojimari.sockets.owners import Owners
from tojimari.sockets.roles import udp_role
from tojimari.sockets.spaces import Spaces
from tojimari.sockets.table import Table


def view(
    *,
    connections: bool = False,
    namespaces: bool = True,
    complete: bool = True,
    method: Method | None = None,
) -> InsideView:
    """Look once.

    Args:
        connections: Whether to read the conversations, too.
        namespaces: Whether to look into every network namespace, or only into our own.
        complete: Whether to find every process that holds a door, or only the first. That matters
            only where BPF may not be used: then the first is found much quicker.
        method: How to find the holders; None for the best that is allowed here.

    Raises:
        HostError: The kernel gave no socket table, or nonsense for one.
        OSError: The same, in the kernel's words; or ``method`` was named and is not allowed.
    """
    look = _Look(connections=connections, namespaces=namespaces, complete=complete)
    try:
        return look.run(method)
    finally:
        look.close()


class _Look:
    """One look, step by step."""

    def __init__(self, *, connections: bool, namespaces: bool, complete: bool) -> None:
        self._at = time.time()
        self._connections = connections
        self._complete = complete
        self._spaces = Spaces(procfs.processes(), connections=connections, others=namespaces)
        self._others = namespaces
        self._root = cgroups.mount()

    def close(self) -> None:
        """Let go of the namespaces."""
        self._spaces.close()

    def run(self, method: Method | None) -> InsideView:
        """All steps."""
        holding, used = self._find_holders(method)
        wanted = self._wanted()
        paths = self._paths(wanted.values())
        owners = Owners(paths)
        candidates = Candidates(
            owners, paths, partial(cgroups.processes, self._root or ""), holding.refused
        )
        finished = _Finished(holding, owners, candidates)
        found: list[Listener] = []
        for inode, table in self._spaces.tables.items():
            found += finished.listeners(inode, table)
        return InsideView(
            host=os.uname().nodename,
            at=self._at,
            namespaces=self._spaces.nouns(),
            listeners=tuple(found),
            connections=(),
            unseen=tuple(self._unseen(holding, found)),
            method=used,
        )

    def _wanted(self) -> dict[int, Row]:
        """Every socket whose holder is asked for, by inode."""
        return {
            row.inode: row
            for table in self._spaces.tables.values()
            for rows in table.rows.values()
            for row in rows
            if row.inode
        }

    def _paths(self, rows: Iterable[Row]) -> dict[int, str]:
        return cgroups.paths({row.cgroup for row in rows if row.cgroup}, self._root)

    def _find_holders(self, method: Method | None) -> tuple[Holding, Method]:
        """Who holds what; namespaces that are found on the way are read, too."""
        wanted = self._wanted()
        if method is Method.CGROUP or (method is None and not self._complete):
            paths = self._paths(wanted.values())
            return by_cgroup(wanted, self._root, paths), Method.CGROUP
        holding, scan = by_reading_all(wanted)
        if self._others and self._add_spaces(scan):
            holding, _ = by_reading_all(self._wanted())
        return holding, Method.PROCFS

    def _add_spaces(self, scan: Scan) -> bool:
        """Read the namespaces in which nobody is; returns whether there were any."""
        before = len(self._spaces.tables)
        for pid, number in in_other_spaces(scan.others):
            self._spaces.add_held(pid, number)
        for inode, place in scan.spaces.items():
            self._spaces.add_open(inode, place)
        return len(self._spaces.tables) > before

    def _unseen(self, holding: Holding, found: Sequence[Listener]) -> Iterator[Unseen]:
        spaces = self._spaces
        if spaces.closed:
            yield unseen.spaces_closed(len(spaces.closed))
        if spaces.unknown:
            yield unseen.spaces_unknown(len(spaces.unknown))
        if holding.refused:
            yield unseen.owners_refused(len(holding.refused))
        nobody = sum(1 for door in found if not door.owners)
        if nobody:
            yield unseen.holders_elsewhere(nobody)
        unsure = sum(1 for door in found if door.role is Role.UNSURE)
        if unsure and not holding.port_locks:
            yield unseen.roles_unsure(unsure)
        if any(table.changing for table in spaces.tables.values()):
            yield unseen.table_changing()
        if any(table.plain for table in spaces.tables.values()):
            yield unseen.table_plain()


class _Finished:
    """Turns rows into nouns, once everybody is known who could be found."""

    def __init__(self, holding: Holding, owners: Owners, candidates: Candidates) -> None:
        self._holding = holding
        self._owners = owners
        self._candidates = candidates

    def listeners(self, netns: int, table: Table) -> list[Listener]:
        """The doors of one namespace, TCP first."""
        names = {link.interface.index: link.interface.name for link in table.links}
        found: list[Listener] = []
        for transport, rows in table.rows.items():
            role = partial(self._udp_role, table) if transport is Transport.UDP else _tcp_role
            answers = Answers(self._holders, role, names)
            found += listeners(rows, transport, netns, answers)
        return found

    def _holders(self, group: Sequence[Row]) -> tuple[Owner, ...]:
        places = self._holding.places
        held = [place for row in group for place in places.get(row.inode, ())]
        cgroup = group[0].cgroup
        if held:
            evidence = self._holding.evidence.get(group[0].inode, Evidence.DESCRIPTOR)
            return self._owners.holders(held, evidence, cgroup)
        return self._candidates.of(cgroup)

    def _udp_role(self, table: Table, row: Row) -> Role:
        return udp_role(row.port, self._holding.port_locks.get(row.inode), table.chosen_ports)


def _tcp_role(row: Row) -> Role:
    del row
    return Role.SERVER
