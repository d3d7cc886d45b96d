"""The socket table of one network namespace, as the kernel gives it."""

import errno
from _socket import AF_INET, AF_INET6, IPPROTO_TCP, IPPROTO_UDP
from dataclasses import dataclass, field

from tojimari.core.endpoint import Transport
from tojimari.linux import proc_net, rtnetlink, sock_diag
from tojimari.linux.netlink import NetlinkSocket
from tojimari.linux.rtnetlink import Link
from tojimari.linux.sock_diag import Row
from tojimari.linux.sysctl import PortSettings, port_settings

UNKNOWN = PortSettings()
FAMILIES = (AF_INET, AF_INET6)
PROTOCOLS = {Transport.TCP: IPPROTO_TCP, Transport.UDP: IPPROTO_UDP}
_DOORS = {Transport.TCP: sock_diag.TCP_DOORS, Transport.UDP: sock_diag.UDP_DOORS}
_CONNECTIONS = {
    Transport.TCP: sock_diag.TCP_CONNECTIONS,
    Transport.UDP: sock_diag.UDP_CONNECTIONS,
}

# What a kernel says that was built without the diagnosis of a protocol, or without IPv6.
_NO_DIAGNOSIS = frozenset(
    {errno.ENOENT, errno.EPROTONOSUPPORT, errno.EAFNOSUPPORT, errno.EOPNOTSUPP, errno.EINVAL}
)


@dataclass(slots=True)
class Table:
    """What one network namespace holds.

    Attributes:
        rows: The sockets of each transport.
        links: The interfaces.
        changing: How many of the tables kept changing while they were read.
        plain: Whether only ``/proc/net`` answered, which knows less of each socket.
        sctp: How many doors of SCTP there are, which is not read.
        ports: What the kernel was told about port numbers here.
    """

    rows: dict[Transport, list[Row]] = field(default_factory=dict[Transport, list[Row]])
    links: tuple[Link, ...] = ()
    changing: int = 0
    plain: bool = False
    sctp: int = 0
    ports: PortSettings = UNKNOWN


def read(*, connections: bool) -> Table:
    """Read the namespace in which this thread is.

    Args:
        connections: Whether to read the sockets that have a peer, too.

    Raises:
        OSError: The kernel refused.
        NetlinkError: What came is no netlink message.
    """
    table = Table()
    try:
        netlink = sock_diag.connect()
    except OSError as error:
        if error.errno not in _NO_DIAGNOSIS:
            raise
        netlink = None
    try:
        for transport in PROTOCOLS:
            states = _DOORS[transport] | (_CONNECTIONS[transport] if connections else 0)
            rows = table.rows[transport] = []
            for family in FAMILIES:
                _read(table, netlink, transport, family, states, rows)
    finally:
        if netlink is not None:
            netlink.close()
    table.links = rtnetlink.links()
    table.sctp = proc_net.sctp_doors()
    # /proc/sys/net shows the settings of the namespace of the thread that reads it.
    table.ports = port_settings()
    return table


def door_inodes(transport: Transport) -> set[int]:
    """Inodes of the doors of the namespace in which this thread is, as they are now.

    Raises:
        OSError: The kernel refused, or has no diagnosis.
        NetlinkError: What came is no netlink message.
    """
    with sock_diag.connect() as netlink:
        return {
            row.inode
            for family in FAMILIES
            for row in sock_diag.dump(netlink, family, PROTOCOLS[transport], _DOORS[transport]).rows
        }


def multipath_doors() -> list[Row]:
    """The listening MPTCP sockets of the namespace in which this thread is.

    Raises:
        OSError: The kernel refused, or has no diagnosis of MPTCP.
        NetlinkError: What came is no netlink message.
    """
    with sock_diag.connect() as netlink:
        return [
            row
            for family in FAMILIES
            for row in sock_diag.dump(
                netlink, family, sock_diag.IPPROTO_MPTCP, sock_diag.TCP_DOORS
            ).rows
        ]


def _read(
    table: Table,
    netlink: NetlinkSocket | None,
    transport: Transport,
    family: int,
    states: int,
    rows: list[Row],
) -> None:
    """Add the sockets of one transport and family to ``rows``."""
    if netlink is not None:
        try:
            found = sock_diag.dump(netlink, family, PROTOCOLS[transport], states)
        except OSError as error:
            if error.errno not in _NO_DIAGNOSIS:
                raise
        else:
            rows.extend(found.rows)
            table.changing += found.interrupted
            return
    table.plain = True
    rows.extend(proc_net.rows(transport, family, states))
