"""The inside view: which doors this machine holds open, and who holds them.

The kernel's socket table says which sockets there are, in every network namespace; who holds them
is found by a program inside the kernel, or by reading the descriptors of every process, or, without
the right to do either, by the control group that each socket keeps. Whatever could not be seen is
said and counted.
"""

import gc
import os
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack
from functools import cache, partial

from tojimari.core.endpoint import Transport
from tojimari.core.errors import HostError, PrivilegeError
from tojimari.core.socket import (
    Connection,
    Evidence,
    InsideView,
    Listener,
    Owner,
    Role,
    Unseen,
)
from tojimari.linux import capabilities, cgroups, procfs
from tojimari.linux.btf import BtfError
from tojimari.linux.capabilities import Capability
from tojimari.linux.sock_diag import Row
from tojimari.sockets import unheld, unseen
from tojimari.sockets.candidates import Candidates
from tojimari.sockets.conversations import Held, Site, conversations
from tojimari.sockets.finding import by_cgroup, by_reading_all, in_other_spaces
from tojimari.sockets.holding import Holding, Method, Place
from tojimari.sockets.listeners import Answers, listeners
from tojimari.sockets.owners import Owners
from tojimari.sockets.roles import udp_role
from tojimari.sockets.spaces import Spaces
from tojimari.sockets.table import Table
from tojimari.sockets.walk import Walk

# Rights without which a look shows less: into every process's files and every namespace.
NEEDED = (Capability.DAC_READ_SEARCH, Capability.SYS_PTRACE, Capability.SYS_ADMIN)

_SUREST = {evidence: rank for rank, evidence in enumerate(Evidence)}


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
        PrivilegeError: We may not read it, or ``method`` was named and is not permitted.
    """
    with ExitStack() as stack:
        # A look makes up to a million objects and no cycles: searching for some would take longer
        # than all the rest.
        if gc.isenabled():
            gc.disable()
            stack.callback(gc.enable)
        try:
            look = _Look(stack, connections=connections, namespaces=namespaces)
            return look.run(method, complete=complete)
        except PermissionError as error:
            raise PrivilegeError(
                "this process may not read the kernel's sockets: {reason}",
                hint="sudo tojimari look",
                reason=str(error.strerror),
            ) from error
        except OSError as error:
            raise HostError(
                "the kernel's sockets cannot be read: {reason}", reason=str(error.strerror)
            ) from error


class _Look:
    """One look, step by step."""

    def __init__(self, stack: ExitStack, *, connections: bool, namespaces: bool) -> None:
        """Read the tables.

        Args:
            stack: What is opened is closed with it.
            connections: As for ``view``.
            namespaces: As for ``view``.
        """
        self._stack = stack
        self._connections = connections
        self._others = namespaces
        self._at = time.time()
        self._pids = procfs.processes()
        self._spaces = Spaces(self._pids, connections=connections, others=namespaces)
        stack.callback(self._spaces.close)
        self._root = cgroups.mount()
        self._walk: Walk | None = None

    def run(self, method: Method | None, *, complete: bool) -> InsideView:
        """All further steps."""
        holding, used = self._find_holders(method, complete=complete)
        unheld.settle(self._spaces, holding, self._walk)
        people = self._people(holding)
        doors = people.listeners(self._spaces.tables)
        return InsideView(
            host=os.uname().nodename,
            at=self._at,
            namespaces=self._spaces.nouns(),
            listeners=tuple(doors),
            connections=tuple(people.connections(self._spaces.tables, doors))
            if self._connections
            else (),
            unseen=self._unseen(holding, doors),
            method=used,
        )

    def _find_holders(self, method: Method | None, *, complete: bool) -> tuple[Holding, Method]:
        """Who holds what; namespaces that are found on the way are read, too."""
        if method is None or method is Method.BPF:
            try:
                return self._by_walking(), Method.BPF
            except (OSError, BtfError):
                if method is Method.BPF:
                    raise
        if method is Method.CGROUP or (method is None and not complete):
            wanted = self._wanted()
            paths = self._paths(wanted.values())
            return by_cgroup(wanted, self._root, paths), Method.CGROUP
        return self._by_reading(), Method.PROCFS

    def _by_walking(self) -> Holding:
        walk = Walk(connections=self._connections)
        self._stack.callback(walk.close)
        holding = walk.holding()
        self._walk = walk
        if self._others:
            for inode, place in holding.spaces.items():
                if inode not in self._spaces.tables and not self._spaces.add_held(*place):
                    self._spaces.closed.add(inode)
        return holding

    def _by_reading(self) -> Holding:
        holding = by_reading_all(self._wanted())
        if not self._others:
            return holding
        before = len(self._spaces.tables)
        for place in in_other_spaces(holding.others):
            self._spaces.add_held(*place)
        for inode, place in holding.open_spaces.items():
            self._spaces.add_open(inode, place)
        if len(self._spaces.tables) > before:
            holding = by_reading_all(self._wanted())
        return holding

    def _wanted(self) -> dict[int, Row]:
        """Every socket whose holder is asked for, by inode."""
        return {row.inode: row for row in self._rows() if row.inode}

    def _rows(self) -> Iterator[Row]:
        for table in self._spaces.tables.values():
            for rows in table.rows.values():
                yield from rows

    def _paths(self, rows: Iterable[Row]) -> dict[int, str]:
        return cgroups.paths({row.cgroup for row in rows if row.cgroup}, self._root)

    def _people(self, holding: Holding) -> "_People":
        paths = self._paths(self._rows())
        owners = Owners(paths)
        refused = frozenset(holding.refused)
        candidates = Candidates(
            owners,
            paths,
            partial(cgroups.processes, self._root or ""),
            lambda pid: pid in refused or not procfs.is_visible(pid),
        )
        return _People(holding, owners, candidates)

    def _unseen(self, holding: Holding, doors: Sequence[Listener]) -> tuple[Unseen, ...]:
        """What was not seen, what matters most first."""
        found = [
            *self._unseen_doors(holding),
            *self._unseen_owners(holding, doors),
        ]
        if found and os.geteuid() == 0:
            names = [str(one) for one in capabilities.missing(NEEDED)]
            if names:
                found.append(unseen.rights_missing(names))
        return tuple(found)

    def _unseen_doors(self, holding: Holding) -> Iterator[Unseen]:
        spaces = self._spaces
        tables = spaces.tables.values()
        if spaces.closed:
            yield unseen.spaces_closed(len(spaces.closed))
        unknown = set(spaces.unknown) - holding.met
        if unknown and self._others:
            yield unseen.spaces_unknown(len(unknown))
        sctp = sum(table.sctp for table in tables)
        if sctp:
            yield unseen.sctp(sctp)
        if any(table.changing for table in tables):
            yield unseen.table_changing()
        if any(table.plain for table in tables):
            yield unseen.table_plain()

    def _unseen_owners(self, holding: Holding, doors: Sequence[Listener]) -> Iterator[Unseen]:
        if 1 not in self._pids:
            yield unseen.processes_hidden()
        guessed = sum(1 for door in doors if _is_guess(door.owners))
        if holding.refused:
            yield unseen.owners_refused(len(holding.refused), guessed)
        elif guessed:
            yield unseen.holders_elsewhere(guessed)
        unsure = sum(1 for door in doors if door.role is Role.UNSURE)
        if unsure and self._walk is None:
            yield unseen.roles_unsure(unsure)


class _People:
    """Turns rows into nouns, once everybody is known who could be found."""

    def __init__(self, holding: Holding, owners: Owners, candidates: Candidates) -> None:
        self._holding = holding
        self._owners = owners
        self._candidates = candidates

    def listeners(self, tables: dict[int, Table]) -> list[Listener]:
        """The doors of every namespace, TCP first."""
        found: list[Listener] = []
        for netns, table in tables.items():
            names = {link.interface.index: link.interface.name for link in table.links}
            for transport, rows in table.rows.items():
                role = partial(self._udp_role, table) if transport is Transport.UDP else _tcp_role
                answers = Answers(self._of_door, role, names)
                found += listeners(rows, transport, netns, answers)
        return found

    def connections(self, tables: dict[int, Table], doors: Sequence[Listener]) -> list[Connection]:
        """The conversations of every namespace."""
        by_space: dict[int, list[Listener]] = {}
        for door in doors:
            by_space.setdefault(door.netns, []).append(door)
        sites = [
            Site(netns, table.rows, by_space.get(netns, ()), table.ports)
            for netns, table in tables.items()
        ]
        return conversations(sites, self._of_row)

    def _of_row(self, row: Row) -> Held:
        """Who holds a conversation's end; the quick way for the many with one descriptor."""
        places = self._holding.places.get(row.inode)
        if places is None:
            return Held(self._candidates.of(row.cgroup), ())
        if len(places) == 1:
            ((pid, number),) = places
            return Held(self._owners.shared(pid, row.cgroup), _single(number))
        found = self._of_door((row,))
        owners = tuple(
            owner for one in found for owner in self._owners.shared(one.pid or 0, row.cgroup)
        )
        return Held(owners, tuple(one.descriptors for one in found))

    def _of_door(self, group: Sequence[Row]) -> tuple[Owner, ...]:
        """Who holds the sockets of one door, the surest first."""
        by_evidence: dict[Evidence, list[Place]] = {}
        for row in group:
            places = self._holding.places.get(row.inode, [])
            evidence = self._holding.evidence.get(row.inode, Evidence.DESCRIPTOR)
            if places or evidence is Evidence.KERNEL:
                by_evidence.setdefault(evidence, []).extend(places)
        cgroup = group[0].cgroup
        if not by_evidence:
            return self._candidates.of(cgroup)
        found: list[Owner] = []
        for evidence in sorted(by_evidence, key=_SUREST.__getitem__):
            if evidence is Evidence.KERNEL:
                found.append(self._owners.kernel(cgroup))
            else:
                found += self._owners.holders(by_evidence[evidence], evidence, cgroup)
        return tuple(found)

    def _udp_role(self, table: Table, row: Row) -> Role:
        return udp_role(row.port, self._holding.port_locks.get(row.inode), table.ports)


@cache
def _single(number: int) -> tuple[tuple[int, ...]]:
    """One descriptor of one owner; the same few thousand numbers occur in every process."""
    return ((number,),)


def _tcp_role(row: Row) -> Role:
    del row
    return Role.SERVER


def _is_guess(owners: Collection[Owner]) -> bool:
    """Whether nobody is known for sure."""
    return all(owner.evidence is Evidence.CGROUP for owner in owners)
