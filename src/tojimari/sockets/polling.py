"""Doors that open and close, found by comparing the socket tables a few times a second.

The kernel answers with bytes; as long as they are the same as the last time, nothing is unpacked.
"""

import os
from functools import partial

from tojimari.core.endpoint import Transport
from tojimari.linux import procfs, sock_diag
from tojimari.linux.namespaces import Visitor, survey
from tojimari.linux.netlink import NetlinkSocket
from tojimari.sockets.listeners import DOOR_STATE
from tojimari.sockets.table import FAMILIES, PROTOCOLS

# A UDP socket counts only once it was there in two tables: a client that asked for a name has its
# answer by then and is gone.
_PATIENCE = {Transport.TCP: 1, Transport.UDP: 2}

Door = tuple[Transport, int, int]  # transport, inode of the namespace, port


class Polling:
    """The tables of every network namespace that may be entered."""

    def __init__(self, transports: tuple[Transport, ...]) -> None:
        """Read them once.

        Args:
            transports: Which tables.

        Raises:
            OSError: The kernel has no socket diagnosis.
        """
        self._transports = transports
        self._visitor = Visitor()
        self._spaces: dict[int, _Space] = {}
        try:
            self.find_spaces()
            for _ in range(max(_PATIENCE.values())):
                self.poll()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the namespaces."""
        self._visitor.close()
        for space in self._spaces.values():
            space.close()
        self._spaces.clear()

    def find_spaces(self) -> None:
        """Notice namespaces that are new, and forget those that have gone.

        Raises:
            OSError: Even our own cannot be read.
        """
        found = survey(procfs.processes())
        for inode in self._spaces.keys() - found.found.keys():
            self._spaces.pop(inode).close()
        for inode, one in found.found.items():
            if inode in self._spaces:
                continue
            make = partial(_Space, inode, self._transports)
            if inode == found.own:
                self._spaces[inode] = make()
                continue
            try:
                descriptor = one.open()
            except OSError:
                continue  # gone
            try:
                self._spaces[inode] = self._visitor.visit(descriptor, make)
            except OSError:
                continue  # not for us
            finally:
                os.close(descriptor)

    def poll(self) -> tuple[set[Door], set[Door]]:
        """Read the tables again; returns what has opened and what has closed since."""
        opened: set[Door] = set()
        closed: set[Door] = set()
        for space in self._spaces.values():
            new, old = space.poll()
            opened |= new
            closed |= old
        return opened, closed


class _Space:
    """One namespace; made inside it, usable from everywhere."""

    def __init__(self, inode: int, transports: tuple[Transport, ...]) -> None:
        self._inode = inode
        self._netlink = sock_diag.connect(steady=True)
        self._tables = [_Watched(one, family) for one in transports for family in FAMILIES]

    def close(self) -> None:
        self._netlink.close()

    def poll(self) -> tuple[set[Door], set[Door]]:
        opened: set[Door] = set()
        closed: set[Door] = set()
        for table in self._tables:
            new, old = table.poll(self._netlink)
            opened |= {(table.transport, self._inode, port) for port in new}
            closed |= {(table.transport, self._inode, port) for port in old}
        return opened, closed


class _Watched:
    """One table: of one transport and family."""

    def __init__(self, transport: Transport, family: int) -> None:
        self.transport = transport
        self._family = family
        self._raw: list[bytes] = []
        self._known: dict[int, int] = {}  # inode to port
        self._seen: dict[int, int] = {}  # inode to how often, for those not yet known

    def poll(self, netlink: NetlinkSocket) -> tuple[set[int], set[int]]:
        """Ports that opened, and ports that closed."""
        raw = sock_diag.raw(
            netlink, self._family, PROTOCOLS[self.transport], 1 << DOOR_STATE[self.transport]
        )
        if raw == self._raw and not self._seen:
            return set(), set()
        self._raw = raw
        rows: list[sock_diag.Row] = []
        for datagram in raw:
            sock_diag.parse(datagram, rows)
        present = {row.inode: row.port for row in rows}
        closed = {port for inode, port in self._known.items() if inode not in present}
        patience = _PATIENCE[self.transport]
        opened: set[int] = set()
        seen: dict[int, int] = {}
        known: dict[int, int] = {}
        for inode, port in present.items():
            times = self._seen.get(inode, 0) + 1
            if inode in self._known:
                known[inode] = port
            elif times >= patience:
                known[inode] = port
                opened.add(port)
            else:
                seen[inode] = times
        self._known, self._seen = known, seen
        return opened, closed
