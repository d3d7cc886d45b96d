"""Which addresses of a network have a machine, so that nobody waits at the others.

On the link the kernel asks: whoever has an address must answer for it (ARP, RFC 826; neighbour
discovery, RFC 4861), whatever its firewall says. Beyond, an echo is asked for (RFC 792, RFC 4443)
where that is allowed, and doors are knocked at that are seldom kept silent.
"""

import contextlib
import errno
import select
import struct
import time
from _socket import (
    AF_INET,
    AF_INET6,
    IPPROTO_ICMP,
    IPPROTO_ICMPV6,
    SOCK_CLOEXEC,
    SOCK_DGRAM,
    SOCK_NONBLOCK,
    SOCK_RAW,
)
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from socket import socket as Socket  # noqa: N812 - it is a class

from tojimari.core.endpoint import Transport
from tojimari.linux import neighbours
from tojimari.scan.intervals import Intervals, count, merged, shown
from tojimari.scan.task import Answers, Limits, Method, Progress, Reason, Space, Task
from tojimari.scan.ways import Stretch

MOST = 4096  # addresses; beyond, looking first takes longer than it saves
AT_ONCE = 512  # neighbours asked for at once: the kernel's table has room for 1,024 (arp(7))
DOORS = (22, 80, 443)  # one of them answers on most machines, if only to refuse
RATE = 1000.0  # echoes a second
PATIENCE = 1.0  # seconds after the last echo
ECHOES = 2  # to each address

# Types of ICMP messages: echo request and its reply.
_ECHO = {AF_INET: (8, 0), AF_INET6: (128, 129)}
_HEADER = struct.Struct("!BBHHH")  # type, code, checksum, identifier, sequence
_PROTOCOL = {AF_INET: IPPROTO_ICMP, AF_INET6: IPPROTO_ICMPV6}
_LARGEST = 2048
_ALIVE = frozenset(
    {Reason.CONNECTED, Reason.REFUSED, Reason.RST, Reason.SYN_ACK, Reason.PORT_UNREACHABLE}
)


def worthwhile(stretch: Stretch, ports: Sequence[int]) -> bool:
    """Whether looking first costs less than knocking everywhere."""
    hosts = count(stretch.numbers)
    return not stretch.own and 1 < hosts <= MOST and len(ports) > len(DOORS)


def up(stretch: Stretch, method: Method, rate: float | None) -> Intervals:
    """The addresses that have a machine.

    Args:
        stretch: Where to look.
        method: How doors are knocked at beyond the link.
        rate: Probes a second at most; None for no bound.

    Raises:
        OSError: The kernel refused.
    """
    numbers = [one for first, last in stretch.numbers for one in range(first, last + 1)]
    if stretch.way.link == "ethernet" and stretch.way.gateway is None:
        return merged((one, one) for one in _neighbours(stretch, numbers))
    found = set(_echoed(stretch, numbers, min(RATE, rate or RATE)))
    found |= _knocked(stretch, set(numbers) - found, method, rate)
    return merged((one, one) for one in found)


def _neighbours(stretch: Stretch, numbers: list[int]) -> Iterator[int]:
    for start in range(0, len(numbers), AT_ONCE):
        chunk = numbers[start : start + AT_ONCE]
        yield from neighbours.find(chunk, stretch.way.index, stretch.version)


def _knocked(
    stretch: Stretch, numbers: Iterable[int], method: Method, rate: float | None
) -> set[int]:
    space = Space(stretch.version, merged((one, one) for one in numbers), DOORS)
    if not space.size:
        return set()
    task = Task(Transport.TCP, space, stretch.way, 0, 0, space.size, Limits(rate=rate, retries=1))
    told = _Alive(space)
    method.run(task, told)
    return told.found


@dataclass(slots=True)
class _Alive:
    """Remembers who answered at all."""

    space: Space
    found: set[int] = field(default_factory=set[int])

    def answers(self, answers: Answers) -> None:
        for place, reason in zip(answers.places, answers.reasons, strict=True):
            if reason in _ALIVE:
                self.found.add(self.space.door(place)[0])

    def progress(self, progress: Progress) -> None:
        """Nobody is waiting to hear."""

    def stopped(self) -> bool:
        return False


def _echoed(stretch: Stretch, numbers: list[int], rate: float) -> Iterator[int]:
    """Those who send an echo back; nobody where echoes may not be asked for."""
    family = AF_INET if stretch.version == 4 else AF_INET6  # noqa: PLR2004 - IPv4
    one = _echo_socket(family)
    if one is None:
        return
    texts = {shown(stretch.version, number): number for number in numbers}
    with one:
        for sequence in range(ECHOES):
            waiting = list(texts)
            for sent, text in enumerate(waiting):
                with contextlib.suppress(OSError):
                    one.sendto(_echo(family, sequence), (text, 0))
                pause = 1 / rate if sent % 16 else 0.0
                yield from _heard(one, family, texts, pause)
            yield from _heard(one, family, texts, PATIENCE, lambda: not texts)


def _heard(
    one: Socket,
    family: int,
    texts: dict[str, int],
    seconds: float,
    enough: Callable[[], bool] = lambda: False,
) -> Iterator[int]:
    """Whoever's echo comes within some time; each is taken out of ``texts``."""
    until = time.monotonic() + seconds
    poll = select.poll()
    poll.register(one.fileno(), select.POLLIN)
    while not enough():
        poll.poll(max(0.0, until - time.monotonic()) * 1000)
        try:
            data, sender = one.recvfrom(_LARGEST)
        except OSError as error:
            if error.errno != errno.EAGAIN or time.monotonic() < until:
                continue
            return
        number = texts.get(str(sender[0]).partition("%")[0])
        if number is not None and is_reply(family, data):
            del texts[str(sender[0]).partition("%")[0]]
            yield number


def is_reply(family: int, data: bytes) -> bool:
    """Whether a message is the reply to an echo; an IPv4 header may stand before it.

    Args:
        family: Of the socket.
        data: What came.
    """
    if family == AF_INET and data and data[0] >> 4 == 4:  # noqa: PLR2004 - IPv4, from a raw socket
        data = data[(data[0] & 15) * 4 :]
    return len(data) >= _HEADER.size and data[0] == _ECHO[family][1]


def _echo(family: int, sequence: int) -> bytes:
    """A request; for IPv4 with its checksum, which the kernel adds only for some sockets."""
    kind = _ECHO[family][0]
    words = (kind << 8, 0, sequence)
    total = sum(words)
    check = ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF
    return _HEADER.pack(kind, 0, check if family == AF_INET else 0, 0, sequence)


def _echo_socket(family: int) -> Socket | None:
    """A socket for echoes: the kernel's own kind (icmp(7)), a raw one, or none."""
    for kind in (SOCK_DGRAM, SOCK_RAW):
        try:
            return Socket(family, kind | SOCK_CLOEXEC | SOCK_NONBLOCK, _PROTOCOL[family])
        except OSError:
            continue
    return None
