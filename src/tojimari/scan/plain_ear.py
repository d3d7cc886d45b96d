"""Answers heard packet by packet, where no program may be put into the kernel: an ``arrivals.Ear``.

A classic filter, which needs no right of its own, keeps away what is no answer of ours.
"""

import time
from _socket import MSG_DONTWAIT
from collections.abc import Sequence
from select import POLLIN, poll

from tojimari.linux import packet_socket
from tojimari.linux.packet_socket import Step
from tojimari.scan.arrivals import PORTS, TRIES, Arrivals
from tojimari.scan.cookie import Cookie
from tojimari.scan.packet import ACK, RST, SYN, Heard, heard, heard_frame
from tojimari.scan.task import Reason

_WHOLE = 0xFFFF  # bytes
_AT_ONCE = 4096  # packets in one look
_TURN = 0.0001  # seconds: who sleeps for less comes back later than that (prctl(2), timer slack)
_PROTOCOL = 0xFFFFF000  # SKF_AD_OFF + SKF_AD_PROTOCOL of linux/filter.h
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
        if batch is None:
            return
        flags = _FLAGS.get(said.reason)
        if flags is None:
            self._others.append((rank, batch, said))
            return
        slot = said.our_port % PORTS
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
    if version == 4:  # noqa: PLR2004 - IPv4
        made: list[tuple[int, str, str, int]] = [
            (0x28, "", "", _PROTOCOL),
            (0x15, "", "no", _IPV4),
            (0x30, "", "", link + 9),
            (0x15, "yes", "", _ICMP),
            (0x15, "", "no", _TCP),
            (0xB1, "", "", link),  # the length of the header
            (0x48, "", "", link + 2),
            (0x54, "", "", 0x10000 - PORTS),
            (0x15, "yes", "no", first_port),
        ]
    else:
        made = [
            (0x28, "", "", _PROTOCOL),
            (0x15, "", "no", _IPV6),
            (0x30, "", "", link + 6),
            *((0x15, "yes", "", one) for one in _OTHERS_V6),
            (0x15, "", "no", _TCP),
            (0x28, "", "", link + 42),
            (0x54, "", "", 0x10000 - PORTS),
            (0x15, "yes", "no", first_port),
        ]
    ends = {"no": len(made), "yes": len(made) + 1}
    found: list[Step] = []
    for at, (operation, true, false, value) in enumerate(made):
        over = [ends[one] - at - 1 if one else 0 for one in (true, false)]
        found.append((operation, over[0], over[1], value))
    return [*found, (0x06, 0, 0, 0), (0x06, 0, 0, _WHOLE)]
