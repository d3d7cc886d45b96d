"""Sockets that send and hear whole packets.

On Ethernet a packet socket carries frames (packet(7)); where an interface has none, and on the
loopback interface, where what a packet socket sends is never received by TCP, a raw socket carries
what follows the frame's header (raw(7), ipv6(7)).
"""

import struct
from _socket import (
    AF_INET,
    AF_INET6,
    AF_PACKET,
    IPPROTO_RAW,
    SO_RCVBUF,
    SO_SNDBUF,
    SOCK_CLOEXEC,
    SOCK_RAW,
    SOL_SOCKET,
)
from _socket import socket as Socket  # noqa: N812 - it is a class
from collections.abc import Sequence

SOL_PACKET = 263  # linux/socket.h
_STATISTICS = 6  # linux/if_packet.h
_QDISC_BYPASS = 20
_IGNORE_OUTGOING = 23  # since Linux 4.20
_ALL = 3  # ETH_P_ALL
_ATTACH_FILTER = 26  # asm-generic/socket.h
_ATTACH_BPF = 50
_RCVBUFFORCE = 33
_SNDBUFFORCE = 32
_LOOPBACK = "lo"
_BIND_TO_DEVICE = 25
_STEP = struct.Struct("=HBBI")  # struct sock_filter
_HELD = 8 << 20  # bytes under way in either direction: 100,000 small packets

Step = tuple[int, int, int, int]


def packets_out(version: int, interface: str) -> Socket:
    """A socket that sends IP packets, headers and all, as the kernel's routes say.

    Args:
        version: 4 or 6.
        interface: The only one that they may leave by.

    Raises:
        OSError: EPERM without CAP_NET_RAW; no such interface.
    """
    family = AF_INET if version == 4 else AF_INET6  # noqa: PLR2004 - IPv4
    made = Socket(family, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW)
    try:
        # To the machine's own addresses the kernel finds the loopback interface by itself, and
        # refuses the way to those that belong to another interface when only this one may be taken.
        if interface != _LOOPBACK:
            made.setsockopt(SOL_SOCKET, _BIND_TO_DEVICE, interface.encode() + b"\0")
        _enlarge(made, _SNDBUFFORCE, SO_SNDBUF)
    except OSError:
        made.close()
        raise
    return made


def frames(interface: str, *, program: int = -1, steps: Sequence[Step] = ()) -> Socket:
    """A socket that hears what comes in by an interface, and sends past its queueing discipline.

    One for both, because the kernel waits for all its processors when such a socket is closed.

    Args:
        interface: Its name.
        program: Descriptor of a program of the kind ``SOCKET_FILTER``; -1 for none.
        steps: A classic filter instead: operation, jump if true, jump if false, value each.

    Raises:
        OSError: EPERM without CAP_NET_RAW; no such interface.
    """
    made = Socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0)
    try:
        if program >= 0:
            made.setsockopt(SOL_SOCKET, _ATTACH_BPF, program)
        else:
            _filter(made, steps)
        made.setsockopt(SOL_PACKET, _IGNORE_OUTGOING, 1)
        made.setsockopt(SOL_PACKET, _QDISC_BYPASS, 1)
        _enlarge(made, _RCVBUFFORCE, SO_RCVBUF)
        _enlarge(made, _SNDBUFFORCE, SO_SNDBUF)
        made.bind((interface, _ALL))  # Python turns the number round itself
    except OSError:
        made.close()
        raise
    return made


def leave(made: Socket) -> None:
    """Close such a socket, and let the kernel wait by itself: for some 20 ms (measured)."""
    import threading  # noqa: PLC0415 - whoever waits for frames has loaded it

    closing = threading.Thread(target=made.close, name="tojimari-leave")
    try:
        closing.start()
    except RuntimeError:  # Python is about to end
        made.close()


def dropped(heard: Socket) -> int:
    """How many packets found no room since the last time (PACKET_STATISTICS)."""
    _, lost = struct.unpack("=II", heard.getsockopt(SOL_PACKET, _STATISTICS, 8))
    number: int = lost
    return number


def _filter(made: Socket, steps: Sequence[Step]) -> None:
    import ctypes  # noqa: PLC0415 - 5 ms, where there is no better filter

    code = b"".join(_STEP.pack(*step) for step in steps)
    held = ctypes.create_string_buffer(code, len(code))
    made.setsockopt(
        SOL_SOCKET, _ATTACH_FILTER, struct.pack("@HP", len(steps), ctypes.addressof(held))
    )


def _enlarge(made: Socket, force: int, ask: int) -> None:
    """A larger buffer: past the system's limit with CAP_NET_ADMIN, up to it without."""
    try:
        made.setsockopt(SOL_SOCKET, force, _HELD)
    except OSError:
        made.setsockopt(SOL_SOCKET, ask, _HELD)
