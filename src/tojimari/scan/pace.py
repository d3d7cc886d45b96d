"""How fast a scan is when nobody has said: bounded wherever the packets leave the local link.

The order of a scan is spread evenly over its space, so that each network gets its share of the
whole rate: to bound what one network gets, it is enough to bound the whole by the number of
networks.
"""

from tojimari.scan.task import Space, Way

# Beyond the link nobody knows what stands between. A SYN is at most 84 bytes on the wire of
# Ethernet, gap and preamble included: 10,000 a second are 7 Mbit/s into one network, 100,000 are
# 67 Mbit/s out of this machine.
NETWORK = 10_000.0
WHOLE = 100_000.0
POLITE = 100.0  # a second: what a small device with a small table of connections bears

_NETWORK_BITS = {4: 8, 6: 64}  # of the address, below the network: /24 and /64


def default(way: Way, space: Space) -> float | None:
    """Probes a second where nobody has said; None for no bound.

    Args:
        way: How packets get there.
        space: What is knocked at.
    """
    if way.link == "loopback" or (way.link == "ethernet" and way.gateway is None):
        return None
    return min(WHOLE, NETWORK * networks(space))


def networks(space: Space) -> int:
    """How many /24 of IPv4, or /64 of IPv6, have an address of the space."""
    bits = _NETWORK_BITS[space.family]
    found, before = 0, -1
    for first, last in space.addresses:
        low, high = first >> bits, last >> bits
        found += high - low + (low != before)
        before = high
    return found
