"""The places from where somebody may knock at the doors of one namespace."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from tojimari.app.firewall import Firewall
from tojimari.app.passages import standpoints
from tojimari.core.exposure import Zone
from tojimari.core.socket import Namespace
from tojimari.firewall import intervals
from tojimari.firewall.sources import Standpoint


def before(
    firewall: Firewall, namespace: Namespace, near: Mapping[Zone, tuple[str, ...]]
) -> Iterator[Standpoint]:
    """Every place outside this machine.

    A container's neighbours are the other containers and the machine itself; what is the local
    network for the machine comes to the container from beyond.

    Args:
        firewall: The rules of the namespace.
        namespace: Where they stand.
        near: The networks of the machine's own zones.
    """
    for place in standpoints(firewall):
        if place.zone is Zone.THIS_MACHINE:
            continue
        if namespace.is_host:
            yield place
        elif place.zone is not Zone.INTERNET:
            yield replace(place, zone=Zone.CONTAINERS)
        else:
            yield place
            there = _networks(near.get(Zone.LAN, ()), place.family)
            if there:
                yield replace(place, zone=Zone.LAN, sources=there)


def within(firewall: Firewall) -> Iterator[Standpoint]:
    """This machine itself, by each family."""
    return (one for one in standpoints(firewall) if one.zone is Zone.THIS_MACHINE)


def _networks(texts: tuple[str, ...], family: int) -> intervals.Intervals:
    return intervals.from_ranges(
        intervals.parse_network(text, family)
        for text in texts
        if (":" in text) == (family == intervals.IPV6)
    )
