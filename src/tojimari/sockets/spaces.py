"""Every network namespace of the machine, each with its socket table."""

import os
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from tojimari.core.socket import Namespace
from tojimari.linux import cgroups, namespaces
from tojimari.linux.namespaces import Found, Visitor
from tojimari.sockets import table
from tojimari.sockets.holding import Place
from tojimari.sockets.owners import place_of
from tojimari.sockets.table import Table

T = TypeVar("T")

SHOWN_PIDS = 8  # of the processes in a namespace; enough to recognise it by
SHORT_ID = 12  # characters of a container's identifier, as its runtime prints it


class Spaces:
    """What was found, namespace by namespace.

    Attributes:
        tables: By inode; a namespace that could not be entered has none.
        own: Inode of our own namespace.
        host: Inode of the machine's.
        closed: Namespaces that we may not enter.
        unknown: Processes of which we may not know the namespace.
    """

    def __init__(self, pids: list[int], *, connections: bool, others: bool) -> None:
        """Find the namespaces and read their tables.

        Args:
            pids: Processes to ask for their namespaces.
            connections: Whether to read the sockets that have a peer, too.
            others: Whether to look at namespaces besides our own.

        Raises:
            OSError: The kernel refused to show our own table.
            NetlinkError: What came is no netlink message.
        """
        survey = namespaces.survey(pids if others else [])
        self.own = survey.own
        self.host = survey.host
        self.closed: set[int] = set()
        self.unknown = survey.refused
        self._connections = connections
        self._found = survey.found if others else {survey.own: survey.found[survey.own]}
        self._visitor = Visitor()
        self.tables: dict[int, Table] = {survey.own: table.read(connections=connections)}
        for found in self._found.values():
            self._enter(found)

    def close(self) -> None:
        """End the thread that went into the namespaces, and let go of them."""
        self._visitor.close()
        for found in self._found.values():
            if found.descriptor >= 0:
                os.close(found.descriptor)
                found.descriptor = -1

    def inside(self, inode: int, look: Callable[[], T]) -> T:
        """Call ``look`` inside a namespace that has a table.

        Raises:
            OSError: It has gone; or what ``look`` raises.
        """
        if inode == self.own:
            return look()
        descriptor = self._found[inode].open()
        try:
            return self._visitor.visit(descriptor, look)
        finally:
            os.close(descriptor)

    def add_held(self, pid: int, number: int) -> bool:
        """Enter the namespace of a socket that a process holds, unless it is known.

        Returns:
            Whether we may; also where the socket was closed meanwhile.
        """
        try:
            answer = namespaces.of_socket(pid, number)
        except PermissionError:
            return False
        if answer is None:
            return True
        inode, descriptor = answer
        if inode in self._found:
            os.close(descriptor)
        else:
            self._add(Found(inode, "", descriptor=descriptor))
        return True

    def add_open(self, inode: int, place: Place) -> None:
        """Enter a namespace that a process holds open as a file, unless it is known."""
        if inode not in self._found:
            pid, number = place
            self._add(Found(inode, f"/proc/{pid}/fd/{number}"))

    def _add(self, found: Found) -> None:
        self._found[found.inode] = found
        self._enter(found)

    def nouns(self) -> tuple[Namespace, ...]:
        """The namespaces as everybody else knows them: the host's first, then by name."""
        found = [self._noun(one) for one in self._found.values() if one.inode in self.tables]
        return tuple(sorted(found, key=lambda one: (not one.is_host, one.name, one.inode)))

    def _enter(self, found: Found) -> None:
        if found.inode in self.tables:
            return
        try:
            read = self._read(found)
        except OSError:
            self.closed.add(found.inode)
            return
        if read is not None:
            self.tables[found.inode] = read

    def _read(self, found: Found) -> Table | None:
        """Its table; None where it has gone.

        Raises:
            OSError: We may not enter, or the kernel refused there.
        """
        try:
            descriptor = found.open()
        except PermissionError:
            raise
        except OSError:
            return None
        try:
            if os.fstat(descriptor).st_ino != found.inode:
                return None  # the process was replaced by another
            return self._visitor.visit(
                descriptor, partial(table.read, connections=self._connections)
            )
        finally:
            os.close(descriptor)

    def _noun(self, found: Found) -> Namespace:
        is_host = found.inode == self.host
        return Namespace(
            inode=found.inode,
            name="host" if is_host else found.name or _container(found) or _numbered(found.inode),
            is_host=is_host,
            interfaces=tuple(link.interface for link in self.tables[found.inode].links),
            pids=tuple(found.pids[:SHOWN_PIDS]),
        )


def _numbered(inode: int) -> str:
    return f"netns:{inode}"


def _container(found: Found) -> str | None:
    """The name, or the short identifier, of the container of its first process."""
    for pid in found.pids[:1]:
        path = cgroups.of_process(pid)
        container = place_of(path).container if path is not None else None
        if container is not None:
            return container.name or container.id[:SHORT_ID]
    return None
