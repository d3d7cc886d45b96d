"""The inside view off Linux, through psutil: the same nouns, and the missing parts said.

psutil asks each system in its own way (sysctl on FreeBSD, proc_pidinfo on macOS,
GetExtendedTcpTable on Windows). What only Linux keeps is unknown here: units, containers, network
namespaces, queues, sockets without a process, and whether an IPv6 door takes IPv4, too.
"""

import platform
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_network
from typing import TypeVar

import psutil

from tojimari.core.endpoint import Endpoint, Transport, canonical_address
from tojimari.core.interface import Interface
from tojimari.core.message import Message
from tojimari.core.socket import (
    Connection,
    Direction,
    Evidence,
    InsideView,
    Listener,
    Namespace,
    Owner,
    Role,
    TcpState,
    Unseen,
)
from tojimari.sockets.secrets import mask

T = TypeVar("T")

METHOD = "psutil"
NETNS = 0  # there is one network, and it has no number
FIRST_DYNAMIC = 49152  # the first of the ports that nobody may register (RFC 6335, section 6)
AS_ROOT = "sudo tojimari look"

_STATES = {
    psutil.CONN_ESTABLISHED: TcpState.ESTABLISHED,
    psutil.CONN_SYN_SENT: TcpState.SYN_SENT,
    psutil.CONN_SYN_RECV: TcpState.SYN_RECEIVED,
    psutil.CONN_FIN_WAIT1: TcpState.FIN_WAIT_1,
    psutil.CONN_FIN_WAIT2: TcpState.FIN_WAIT_2,
    psutil.CONN_TIME_WAIT: TcpState.TIME_WAIT,
    psutil.CONN_CLOSE: TcpState.CLOSED,
    psutil.CONN_CLOSE_WAIT: TcpState.CLOSE_WAIT,
    psutil.CONN_LAST_ACK: TcpState.LAST_ACK,
    psutil.CONN_LISTEN: TcpState.LISTEN,
    psutil.CONN_CLOSING: TcpState.CLOSING,
    psutil.CONN_NONE: TcpState.ESTABLISHED,  # UDP with a peer
}


@dataclass(frozen=True, slots=True)
class Found:
    """A socket as psutil tells it.

    Attributes:
        local: Our end.
        remote: The other end; None for a door.
        state: TCP's state.
        pid: Who holds it; None where that is not told.
        descriptor: Its number there; -1 where that is not told.
    """

    local: Endpoint
    remote: Endpoint | None
    state: TcpState
    pid: int | None
    descriptor: int

    @property
    def is_door(self) -> bool:
        """Whether one may knock at it."""
        if self.local.transport is Transport.TCP:
            return self.state is TcpState.LISTEN
        return self.remote is None


def view(*, connections: bool = False) -> InsideView:
    """Look once.

    Args:
        connections: Whether to tell the conversations, too.
    """
    at = time.time()
    sockets, refused = _sockets()
    doors = listeners(sockets)
    return InsideView(
        host=platform.node(),
        at=at,
        namespaces=(_network(),),
        listeners=tuple(doors),
        connections=tuple(conversations(sockets, doors)) if connections else (),
        unseen=tuple(_unseen(refused, doors)),
        method=METHOD,
    )


def listeners(sockets: Iterable[Found]) -> list[Listener]:
    """The doors, by port; sockets at the same door are one."""
    groups: dict[Endpoint, list[Found]] = {}
    for one in sockets:
        if one.is_door:
            groups.setdefault(one.local, []).append(one)
    found = [
        Listener(
            endpoint=endpoint,
            netns=NETNS,
            owners=_holders(group),
            role=Role.SERVER if endpoint.transport is Transport.TCP else Role.UNSURE,
        )
        for endpoint, group in groups.items()
    ]
    return sorted(found, key=lambda one: (one.endpoint.port, one.endpoint))


def conversations(sockets: Iterable[Found], doors: Iterable[Listener]) -> Iterator[Connection]:
    """The sockets that have a peer, with who holds the other end where that is here, too."""
    talking = [one for one in sockets if one.remote is not None and not one.is_door]
    by_ends = {(one.local, one.remote): one for one in talking}
    knocked = {(one.endpoint.transport, one.endpoint.port) for one in doors}
    for one in talking:
        if one.remote is None:
            continue
        other = by_ends.get((one.remote, one.local))
        yield Connection(
            local=one.local,
            remote=one.remote,
            netns=NETNS,
            state=one.state,
            direction=_direction(one.local, one.remote, knocked, here=other is not None),
            owners=_holders((one,)),
            peers=_holders((other,)) if other is not None else (),
            inode=0,
        )


def _direction(
    local: Endpoint, remote: Endpoint, knocked: set[tuple[Transport, int]], *, here: bool
) -> Direction:
    """Who knocked: the door tells, or else the port that a system chose for the one who did."""
    came_in = (local.transport, local.port) in knocked
    went_out = here and (remote.transport, remote.port) in knocked
    if came_in != went_out:
        return Direction.INCOMING if came_in else Direction.OUTGOING
    if not came_in and local.port >= FIRST_DYNAMIC > remote.port:
        return Direction.OUTGOING
    return Direction.UNSURE


def _holders(group: Iterable[Found]) -> tuple[Owner, ...]:
    descriptors: dict[int, list[int]] = {}
    for one in group:
        if one.pid is not None:
            numbers = descriptors.setdefault(one.pid, [])
            if one.descriptor >= 0:
                numbers.append(one.descriptor)
    return tuple(_owner(pid, tuple(sorted(held))) for pid, held in sorted(descriptors.items()))


@cache
def _owner(pid: int, descriptors: tuple[int, ...]) -> Owner:
    """A process. What it does not show is None."""
    try:
        process = psutil.Process(pid)
    except psutil.Error:
        return Owner(Evidence.DESCRIPTOR, pid, descriptors=descriptors)
    return Owner(
        evidence=Evidence.DESCRIPTOR,
        pid=pid,
        name=_told(process.name),
        exe=_told(process.exe) or None,
        command=mask(_told(process.cmdline) or ()),
        user=_told(process.username),
        started=_told(process.create_time),
        descriptors=descriptors,
    )


def _told(ask: Callable[[], T]) -> T | None:
    """What a process shows of itself; None where it does not."""
    with suppress(psutil.Error, OSError):
        return ask()
    return None


def _sockets() -> tuple[list[Found], int]:
    """Every socket that we are told of, and how many processes did not tell theirs."""
    with suppress(psutil.AccessDenied):
        told = [
            _found(one.type, one.laddr, one.raddr, one.status, one.pid, one.fd)
            for one in psutil.net_connections("inet")
        ]
        return [one for one in told if one is not None], 0
    return _of_each_process()


def _of_each_process() -> tuple[list[Found], int]:
    """The same where only root may ask for all at once, as on macOS."""
    refused = 0
    told: list[Found | None] = []
    for process in psutil.process_iter():
        try:
            told += [
                _found(one.type, one.laddr, one.raddr, one.status, process.pid, one.fd)
                for one in process.net_connections("inet")
            ]
        except psutil.AccessDenied:
            refused += 1
        except psutil.Error:
            continue
    return [one for one in told if one is not None], refused


End = tuple[str, int] | tuple[()]


def _found(
    kind: int, ours: End, theirs: End, status: str, pid: int | None, descriptor: int
) -> Found | None:
    """One socket; None for what has no address or a state that nobody knows."""
    transport = Transport.TCP if kind == socket.SOCK_STREAM else Transport.UDP
    local = endpoint(transport, ours)
    state = _STATES.get(status)
    if local is None or state is None:
        return None
    return Found(local, endpoint(transport, theirs), state, pid, descriptor)


def endpoint(transport: Transport, end: End) -> Endpoint | None:
    """One end; None where there is none, or what is there is no address."""
    if not end:
        return None
    address, port = end
    with suppress(ValueError):
        return Endpoint(transport, canonical_address(address), port)
    return None


def _network() -> Namespace:
    """The machine's one network."""
    states: Mapping[str, object] = psutil.net_if_stats()
    found: list[Interface] = []
    for index, (name, addresses) in enumerate(sorted(psutil.net_if_addrs().items()), start=1):
        state = states.get(name)
        texts = tuple(
            text
            for one in addresses
            if one.family in {socket.AF_INET, socket.AF_INET6}
            for text in _with_length(one.address, one.netmask)
        )
        loopback = any(text.startswith(("127.", "::1/")) for text in texts)
        found.append(
            Interface(
                name=name,
                index=index,
                addresses=texts,
                up=bool(getattr(state, "isup", True)),
                kind="loopback" if loopback else "ethernet",
            )
        )
    return Namespace(NETNS, "host", is_host=True, interfaces=tuple(found))


def _with_length(address: str, netmask: str | None) -> Iterator[str]:
    """``192.0.2.1/24`` out of an address and a mask; nothing where they make no sense."""
    with suppress(ValueError):
        canonical = canonical_address(address)
        if ":" in canonical:
            bits = (
                bin(int.from_bytes(socket.inet_pton(socket.AF_INET6, netmask))) if netmask else ""
            )
            length = bits.count("1") if netmask else 128
        else:
            length = ip_network(f"0.0.0.0/{netmask or 32}").prefixlen
        yield f"{canonical.partition('%')[0]}/{length}"


def _unseen(refused: int, doors: Iterable[Listener]) -> Iterator[Unseen]:
    yield Unseen(
        Message(
            "off-linux",
            "This system does not tell units, containers, queues and sockets of the kernel,"
            " nor whether IPv6 doors take IPv4, too.",
        ),
        0,
    )
    if refused:
        yield Unseen(
            Message(
                "processes-not-permitted",
                "The sockets of {count} processes may not be read: their doors are not shown.",
                {"count": refused},
            ),
            refused,
            AS_ROOT,
            hides_doors=True,
        )
    nobody = sum(1 for one in doors if not one.owners)
    if nobody:
        yield Unseen(
            Message(
                "holder-not-told", "Who holds {count} of the doors is not told.", {"count": nobody}
            ),
            nobody,
            AS_ROOT,
        )
