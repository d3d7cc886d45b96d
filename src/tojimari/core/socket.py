"""The kernel's view of a socket, and who holds it."""

from dataclasses import dataclass
from enum import StrEnum

from tojimari.core.endpoint import Endpoint
from tojimari.core.interface import Interface
from tojimari.core.message import Message


class Evidence(StrEnum):
    """How the owner of a socket was found, the surest first."""

    DESCRIPTOR = "descriptor"  # the process holds a file descriptor of the socket
    FIXED_FILE = "fixed-file"  # an io_uring of the process holds it
    IN_FLIGHT = "in-flight"  # a unix socket of the process carries it (SCM_RIGHTS)
    KERNEL = "kernel"  # the kernel itself opened it; no process can hold it
    CGROUP = "cgroup"  # the process is in the control group that opened it: a candidate


class Role(StrEnum):
    """What a bound socket is there for."""

    SERVER = "server"  # the program chose the port, others come to it
    CLIENT = "client"  # the kernel chose the port when the program sent something
    UNSURE = "unsure"  # nothing told the two apart


class TcpState(StrEnum):
    """States of a TCP connection (RFC 9293, section 3.3.2), and the kernel's own."""

    ESTABLISHED = "established"
    SYN_SENT = "syn-sent"
    SYN_RECEIVED = "syn-received"
    FIN_WAIT_1 = "fin-wait-1"
    FIN_WAIT_2 = "fin-wait-2"
    TIME_WAIT = "time-wait"
    CLOSED = "closed"  # made, perhaps bound, but neither listening nor connected
    CLOSE_WAIT = "close-wait"
    LAST_ACK = "last-ack"
    LISTEN = "listen"
    CLOSING = "closing"


class Direction(StrEnum):
    """Who knocked."""

    INCOMING = "incoming"
    OUTGOING = "outgoing"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Container:
    """A container, as far as its control group tells.

    Attributes:
        runtime: ``docker``, ``podman``, ``containerd``, ``cri-o``, ``nspawn``, ``lxc``.
        id: The runtime's identifier, in full where it is known.
        name: The name that people gave it; None where the runtime was not there to ask.
        pod: Kubernetes' pod UID; None outside Kubernetes.
    """

    runtime: str
    id: str
    name: str | None = None
    pod: str | None = None


@dataclass(frozen=True, slots=True)
class Owner:
    """Who holds a socket. What could not be read is None, never a guess.

    Attributes:
        evidence: How it was found. With ``CGROUP`` the process is a candidate, not a holder.
        pid: Process; None for the kernel, and where only the control group is known.
        name: The kernel's name of the process (``comm``), chosen by the process itself.
        exe: Path of the executable.
        deleted: Whether the executable was removed or replaced since the process began.
        command: Command line, secrets masked.
        user: Login name, or the number as text where it has none.
        started: Seconds since the epoch.
        descriptors: File descriptor numbers in that process, ascending.
        unit: systemd unit (``ssh.service``) or another supervisor's name for it.
        container: The container that it runs in; None outside any.
        cgroup: Path of the control group that opened the socket.
    """

    evidence: Evidence
    pid: int | None = None
    name: str | None = None
    exe: str | None = None
    deleted: bool = False
    command: tuple[str, ...] = ()
    user: str | None = None
    started: float | None = None
    descriptors: tuple[int, ...] = ()
    unit: str | None = None
    container: Container | None = None
    cgroup: str | None = None


@dataclass(frozen=True, slots=True)
class Namespace:
    """A network namespace: a building of its own, with its own addresses and doors.

    Attributes:
        inode: The kernel's number for it; unique while it lives.
        name: ``host`` for the one of pid 1 (or our own where that cannot be read), the name under
            ``/run/netns``, the container's name, or ``netns:INODE``.
        is_host: Whether it is the machine's own.
        interfaces: What it is connected by.
        pids: Some processes in it, ascending; empty where none is.
    """

    inode: int
    name: str
    is_host: bool
    interfaces: tuple[Interface, ...] = ()
    pids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Listener:
    """One door that the kernel holds open: a listening TCP or a bound UDP socket.

    Sockets that share the door with SO_REUSEPORT are one listener.

    Attributes:
        endpoint: Where it waits.
        netns: Inode of its network namespace.
        owners: Who holds it; the first is the surest. Empty where nobody could be found.
        role: Whether others come to it.
        v6only: For IPv6, whether IPv4 is refused (IPV6_V6ONLY); None for IPv4.
        interface: The only interface that it accepts from (SO_BINDTODEVICE); None for all.
        backlog: TCP: how many connections may wait to be accepted.
        queued: TCP: how many wait now. UDP: bytes not yet read.
        inodes: The socket inodes behind it, ascending; several with SO_REUSEPORT.
        uid: User id that the kernel keeps with the socket; a hint only, for fchown changes it.
        multicast: Whether the address is a multicast group.
    """

    endpoint: Endpoint
    netns: int
    owners: tuple[Owner, ...]
    role: Role = Role.SERVER
    v6only: bool | None = None
    interface: str | None = None
    backlog: int = 0
    queued: int = 0
    inodes: tuple[int, ...] = ()
    uid: int | None = None
    multicast: bool = False


@dataclass(frozen=True, slots=True)
class Connection:
    """One conversation, seen from one of its ends.

    Attributes:
        local: Our end.
        remote: The other end.
        netns: Inode of the network namespace that our end is in.
        state: TCP's state; for UDP ``ESTABLISHED``, since a connected UDP socket has a peer.
        direction: Who knocked.
        owners: Who holds our end. Where nobody has accepted it yet, who holds the door at which it
            waits. The owners carry no descriptors of their own here, so that the thousands of
            connections of one process share them.
        peers: Who holds the other end, where that is on this machine too.
        inode: The socket's inode; 0 where no file refers to it (TIME-WAIT, or not yet accepted).
        descriptors: For each of ``owners``, the numbers of the file descriptors by which it holds
            our end, ascending; empty where nobody holds it by one.
    """

    local: Endpoint
    remote: Endpoint
    netns: int
    state: TcpState
    direction: Direction
    owners: tuple[Owner, ...]
    peers: tuple[Owner, ...]
    inode: int
    descriptors: tuple[tuple[int, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Unseen:
    """Something that could not be seen, said and counted.

    Attributes:
        message: What, and why.
        count: How many; 0 where even that is unknown.
        next: What to type to see it; empty where there is nothing.
        hides_doors: Whether an open door may have been missed by it. Where only an owner's name
            is missing, every door was still seen.
    """

    message: Message
    count: int
    next: str = ""
    hides_doors: bool = False


@dataclass(frozen=True, slots=True)
class InsideView:
    """What the kernel said, once.

    Attributes:
        host: The machine's name.
        at: Seconds since the epoch when the first socket was read.
        namespaces: Every network namespace that was found, the host's first.
        listeners: The doors.
        connections: The conversations; empty where they were not asked for.
        unseen: What was not seen.
        method: How the owners were found: ``bpf``, ``procfs``, ``cgroup``, ``psutil``.
    """

    host: str
    at: float
    namespaces: tuple[Namespace, ...]
    listeners: tuple[Listener, ...]
    connections: tuple[Connection, ...]
    unseen: tuple[Unseen, ...]
    method: str
