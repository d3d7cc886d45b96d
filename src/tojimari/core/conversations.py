"""The conversations of a machine: what was asked for, and what was seen."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

from tojimari.core.errors import UsageError
from tojimari.core.intent import PortRange
from tojimari.core.networks import parse
from tojimari.core.socket import Connection, Namespace, Unseen

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Filter:
    """Which conversations are asked for. What is empty asks for all.

    Attributes:
        ports: Numbers, at either end.
        pids: Processes, at either end.
        networks: Where the other end is.
    """

    ports: tuple[PortRange, ...] = ()
    pids: frozenset[int] = frozenset()
    networks: tuple[Network, ...] = ()

    def matches(self, one: Connection) -> bool:
        """Whether this conversation is asked for."""
        if self.ports and not any(
            one.local.port in ports or one.remote.port in ports for ports in self.ports
        ):
            return False
        if self.pids and self.pids.isdisjoint(
            owner.pid for owner in (*one.owners, *one.peers) if owner.pid is not None
        ):
            return False
        return not self.networks or any(
            parse(one.remote.address) in network for network in self.networks
        )


EVERYTHING = Filter()


@dataclass(frozen=True, slots=True)
class Conversations:
    """What was seen.

    Attributes:
        host: The machine's name.
        at: Seconds since the epoch.
        namespaces: Every network namespace that was found, the host's first.
        connections: Those that were asked for, one for each end on this machine.
        unseen: What was not seen.
        method: How the owners were found.
    """

    host: str
    at: float
    namespaces: tuple[Namespace, ...]
    connections: Sequence[Connection]
    unseen: tuple[Unseen, ...]
    method: str


def network(text: str) -> Network:
    """Read an address or a network: ``192.0.2.7``, ``192.0.2.0/24``, ``2001:db8::/32``.

    Raises:
        UsageError: It is neither.
    """
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise UsageError(
            "This is no address and no network: {text}",
            hint="tojimari connections --peer 192.0.2.7, --peer 192.0.2.0/24",
            text=text,
        ) from None
