"""The street as the kernel is told of it: lines for ``ip -batch``, and the names of the houses.

The router is the network namespace that holds the bridges; it has number 1 in each segment.
"""

from collections.abc import Iterable, Mapping

from tojimari.core.endpoint import Transport
from tojimari.lab.scene import House, Scene, Segment

DOMAIN = "lab.example"  # nobody can ever own it (RFC 6761, section 6.5)
ROUTER = 1

TABLES = ("tcp", "tcp6", "udp", "udp6")  # of /proc/PID/net
LISTEN = "0A"  # TCP_LISTEN (include/net/tcp_states.h)
UNCONNECTED = "07"  # TCP_CLOSE, which an unconnected UDP socket is in (the same)


def router_lines() -> list[str]:
    """Bridges with the router's addresses.

    IPv6 addresses are used at once (``nodad``): nobody else can have them in here.
    """
    lines = ["link set lo up"]
    for segment in Segment:
        lines += [
            # A bridge without spanning tree forwards from the first packet on.
            f"link add br-{segment} type bridge stp_state 0 mcast_snooping 0",
            f"addr add {segment.ipv4}{ROUTER}/24 dev br-{segment}",
            f"addr add {segment.ipv6}{ROUTER}/64 dev br-{segment} nodad",
            f"link set br-{segment} up",
        ]
    return lines


def plug_lines(houses: Iterable[House]) -> list[str]:
    """A cable from each house to its bridge; the network namespaces are there already."""
    lines: list[str] = []
    for house in houses:
        lines += [
            f"link add {house.name} type veth peer name eth0 netns {house.name}",
            f"link set {house.name} master br-{house.segment} up",
        ]
    return lines


def house_lines(house: House) -> list[str]:
    """What the network namespace of one house gets."""
    lines = ["link set lo up", "link set eth0 up"]
    if house.number is not None:
        lines += [
            f"addr add {house.ipv4}/24 dev eth0",
            f"addr add {house.ipv6}/64 dev eth0 nodad",
            f"route add default via {house.segment.ipv4}{ROUTER}",
            f"route add default via {house.segment.ipv6}{ROUTER}",
        ]
    return lines


def hosts_file(scene: Scene) -> str:
    """``/etc/hosts`` of every house: the whole street by name."""
    lines = ["127.0.0.1 localhost", "::1 localhost ip6-localhost"]
    for house in scene.houses:
        lines += [
            f"{address} {house.name}.{DOMAIN} {house.name}"
            for address in (house.ipv4, house.ipv6)
            if address is not None
        ]
    return "".join(f"{line}\n" for line in lines)


def listening_in(tables: Mapping[str, str]) -> dict[Transport, set[int]]:
    """Ports that wait for somebody, by transport.

    Args:
        tables: The text of each of ``TABLES``.
    """
    found: dict[Transport, set[int]] = {Transport.TCP: set(), Transport.UDP: set()}
    for name, table in tables.items():
        transport = Transport(name.removesuffix("6"))
        found[transport] |= listening(table, transport)
    return found


def listening(table: str, transport: Transport) -> set[int]:
    """Ports that wait for somebody, from ``/proc/PID/net/tcp`` and the like.

    Args:
        table: The text; addresses and ports in hexadecimal (proc(5)).
        transport: Of whose sockets it is.
    """
    waiting = LISTEN if transport is Transport.TCP else UNCONNECTED
    ports: set[int] = set()
    for line in table.splitlines()[1:]:
        fields = line.split()
        if fields[3] == waiting:
            ports.add(int(fields[1].rpartition(":")[2], 16))
    return ports
