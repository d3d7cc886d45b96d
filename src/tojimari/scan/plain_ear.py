"""Answers heard packet by packet, where no program may be put into the kernel: an ``arrivals.Ear``.

A classic filter, which needs no right of its own, keeps away what is no answer of ours.
"""

import time
from _socket import MSG_DONTWAIT
from collections.abc import Sequence
from select import POLLIN, poll

from tojimari.linux import packet_socket
from tojimari.scan.arrivals import PORTS, TRIES, Arrivals
from tojimari.scan.cookie import BATCHES, Cookie
from tojimari.scan.packet import ACK, RST, SYN, Heard, heard, heard_frame
from tojimari.scan.sieve import (
    AND,
    IF_EQUAL,
    LOAD,
    LOAD_BYTE,
    LOAD_HALF,
    LOAD_HALF_BEYOND,
    LOAD_HEADER,
    NO,
    ON,
    PROTOCOL,
    UNTAGGED,
    YES,
    Step,
    sieve,
)
from tojimari.scan.task import Reason

_WHOLE = 0xFFFF  # bytes
_AT_ONCE = 4096  # packets in one look
_TURN = 0.0001  # seconds: who sleeps for less comes back later than that (prctl(2), timer slack)
_IPV4, _IPV6 = 0x0800, 0x86DD
_TCP, _ICMP = 6, 1
_OTHERS_V6 = (58, 0, 43, 44, 51, 60)  # ICMPv6, and the extension headers of ``packet``
_FLAGS = {Reason.SYN_ACK: SYN | ACK, Reason.RST: RST | ACK}

Row = tuple[int, int, int, int, int, int, float]


class PlainEar:
    """See the module.

    Attributes:
        socket: What hears; frames can be sent by it too.
    """

    def __init__(
        self,
        interface: str,
        link: int,
        ours: bytes,
        first_port: int,
        hosts: Sequence[tuple[bytes, Cookie]],
    ) -> None:
        """Begin to hear.

        Args:
            interface: Its name.
            link: Bytes of a link's header on it.
            ours: Our address, in network byte order.
            first_port: Of those that we probe from, a multiple of ``PORTS``.
            hosts: Addresses, in network byte order, and their secrets.

        Raises:
            OSError: Not permitted.
        """
        version = 4 if len(ours) == 4 else 6  # noqa: PLR2004 - bytes of an IPv4 address
        self.socket = packet_socket.frames(interface, steps=steps(version, link, first_port))
        self._ours, self._link, self._first_port = ours, link, first_port
        self._hosts = {address: (rank, one) for rank, (address, one) in enumerate(hosts)}
        self._expected = bytearray(PORTS * BATCHES)
        self._seen: set[tuple[int, int]] = set()
        self._rows: list[Row] = []
        self._others: list[tuple[int, int, Heard]] = []
        self._arrived = 0
        self._poll = poll()
        self._poll.register(self.socket, POLLIN)

    def close(self) -> None:
        """Hear no more; a second time does nothing."""
        self.socket.close()

    def lost(self) -> int:
        """How many found no room here since the last time."""
        return packet_socket.dropped(self.socket)

    def wait(self, seconds: float) -> None:
        """Until something comes, or a millisecond is over."""
        if seconds > _TURN:
            self._poll.poll(1)

    def expect(self, batch: int, slot: int) -> None:
        """A batch of probes is about to be sent from one of our ports."""
        self._expected[slot * BATCHES + batch] = 1

    def arrived(self) -> int:
        """How many answers have come so far."""
        for _ in range(_AT_ONCE):
            try:
                frame = self.socket.recv(_WHOLE, MSG_DONTWAIT)
            except BlockingIOError:
                break
            said = heard_frame(frame, self._ours) if self._link else heard(frame, self._ours)
            if said is not None:
                self._take(said)
        return self._arrived

    def _take(self, said: Heard) -> None:
        host = self._hosts.get(said.host)
        if host is None or said.our_port & ~(PORTS - 1) != self._first_port:
            return
        rank, cookie = host
        batch = cookie.batch(said.port, said.number)
        slot = said.our_port % PORTS
        if batch is None or not self._expected[slot * BATCHES + batch]:
            return
        flags = _FLAGS.get(said.reason)
        if flags is None:
            self._others.append((rank, batch, said))
            return
        if slot < TRIES:
            if (rank, said.port) in self._seen:
                return
            self._seen.add((rank, said.port))
        self._arrived += 1
        self._rows.append((rank, said.port, batch, slot, flags, said.hops, time.monotonic()))

    def receive(self) -> Arrivals:
        """Those that came since the last time."""
        self.arrived()
        rows, self._rows = self._rows, []
        others, self._others = self._others, []
        if not rows:
            return Arrivals(others=others)
        hosts, ports, batches, slots, flags, hops, times = zip(*rows, strict=True)
        return Arrivals(hosts, ports, batches, slots, flags, hops, times, others)


def steps(version: int, link: int, first_port: int) -> list[Step]:
    """A classic filter: TCP to one of our ports, and whatever may be an error on the way.

    Args:
        version: 4 or 6.
        link: Bytes of a link's header.
        first_port: The first of our ports.
    """
    ethertype = _IPV4 if version == 4 else _IPV6  # noqa: PLR2004 - IPv4
    made = [*UNTAGGED, (LOAD, ON, ON, PROTOCOL), (IF_EQUAL, ON, NO, ethertype)]
    if version == 4:  # noqa: PLR2004 - IPv4
        made += [
            (LOAD_BYTE, ON, ON, link + 9),
            (IF_EQUAL, YES, ON, _ICMP),
            (IF_EQUAL, ON, NO, _TCP),
            (LOAD_HEADER, ON, ON, link),
            (LOAD_HALF_BEYOND, ON, ON, link + 2),
        ]
    else:
        made += [
            (LOAD_BYTE, ON, ON, link + 6),
            *((IF_EQUAL, YES, ON, one) for one in _OTHERS_V6),
            (IF_EQUAL, ON, NO, _TCP),
            (LOAD_HALF, ON, ON, link + 42),
        ]
    made += [(AND, ON, ON, 0x10000 - PORTS), (IF_EQUAL, YES, NO, first_port)]
    return sieve(made, _WHOLE)
