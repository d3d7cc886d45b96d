"""Doors as sockets have them."""

from _socket import AF_INET, AF_INET6

from tojimari.scan.intervals import shown
from tojimari.scan.task import Space, Way

Address = tuple[str, int] | tuple[str, int, int, int]
_LINK_LOCAL = 0xFE80 >> 6  # the ten bits of fe80::/10 (RFC 4291, section 2.4)


class Street:
    """Gives the address of each place of a space.

    Attributes:
        family: Of the sockets.
        hosts: How many machines there are.
    """

    def __init__(self, space: Space, way: Way) -> None:
        """Prepare.

        Args:
            space: Addresses and ports.
            way: How packets get there; an IPv6 address that is only of a link needs its interface.
        """
        self._space = space
        self._index = way.index
        self.family = AF_INET if space.family == 4 else AF_INET6  # noqa: PLR2004 - IPv4
        self.hosts = space.hosts
        first = space.addresses[0][0] if space.addresses else 0
        self._only = self._host(first) if self.hosts == 1 else None

    def rank(self, place: int) -> int:
        """Which of the machines a place is at, from 0."""
        return place // len(self._space.ports)

    def door(self, place: int) -> Address:
        """What ``connect`` takes."""
        if self._only is not None:
            host, more = self._only
            port = self._space.ports[place]
        else:
            number, port = self._space.door(place)
            host, more = self._host(number)
        return (host, port, *more) if more else (host, port)

    def _host(self, number: int) -> tuple[str, tuple[int, int] | tuple[()]]:
        if self.family == AF_INET:
            return shown(4, number), ()
        scope = self._index if number >> 118 == _LINK_LOCAL else 0
        return shown(6, number), (0, scope)
