"""What is never scanned, and what is not scanned by accident.

Addresses that stand for many machines or for none are never knocked at. Public addresses belong to
somebody: more than one machine's need a word that says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tojimari.core.errors import RefusedError
from tojimari.scan.intervals import Intervals, both, count, merged, minus, network, shown
from tojimari.scan.targets import Target

# Addresses for which no single machine answers: "this network", multicast, limited broadcast
# (RFC 6890 and RFC 5771; RFC 919, section 7), and for IPv6 unspecified, multicast (RFC 4291).
NOBODY: dict[int, Intervals] = {
    4: merged(map(network, ("0.0.0.0/8", "224.0.0.0/4", "255.255.255.255/32"))),
    6: merged(map(network, ("::/128", "ff00::/8"))),
}

# Addresses that are nobody's on the internet (IANA's special-purpose registries, RFC 6890; RFC
# 1918, 6598, 3927, 5737, 2544, 1112 and RFC 4193, 4291, 3849). What is not here counts as
# public, also where that is too careful.
PRIVATE: dict[int, Intervals] = {
    4: merged(
        map(
            network,
            (
                "10.0.0.0/8",
                "100.64.0.0/10",
                "127.0.0.0/8",
                "169.254.0.0/16",
                "172.16.0.0/12",
                "192.0.2.0/24",
                "192.168.0.0/16",
                "198.18.0.0/15",
                "198.51.100.0/24",
                "203.0.113.0/24",
                "240.0.0.0/4",
            ),
        )
    ),
    6: merged(map(network, ("::1/128", "fc00::/7", "fe80::/10", "2001:db8::/32"))),
}


@dataclass(frozen=True, slots=True)
class Allowed:
    """What may be scanned though it is public.

    Attributes:
        everything: Whether the person has said that they may (``--i-may-scan``).
        networks: By version, what the configuration allows and what is this machine's own.
    """

    everything: bool
    networks: dict[int, Intervals]


def cut(version: int, numbers: Intervals) -> Intervals:
    """The addresses at which a machine can be, without those of many and of none."""
    return minus(numbers, NOBODY[version])


def nobody(target: Target) -> None:
    """Refuse a word that stands only for many machines at once, or for none.

    Raises:
        RefusedError: It does.
    """
    if target.numbers and not cut(target.version, target.numbers):
        raise RefusedError(
            "{text} stands for many machines at once, or for none: it is never scanned.",
            text=target.text,
            hint="tojimari scan 192.0.2.7",
        )


def public(version: int, numbers: Intervals) -> Intervals:
    """Those that belong to somebody on the internet."""
    return minus(numbers, PRIVATE[version])


def accident(targets: Sequence[tuple[Target, dict[int, Intervals]]], allowed: Allowed) -> None:
    """Refuse the public addresses of more than one machine, unless somebody said that they may.

    Args:
        targets: Each word with its addresses by version, exclusions cut out. A name is one machine,
            however many addresses it has.
        allowed: What may be scanned.

    Raises:
        RefusedError: There are more.
    """
    if allowed.everything:
        return
    machines: dict[str, int] = {}
    example = ""
    for target, by_version in targets:
        for version, numbers in by_version.items():
            found = minus(public(version, numbers), allowed.networks.get(version, ()))
            if not found:
                continue
            key = target.name or f"{found}"
            machines[key] = 1 if target.name else count(found)
            example = example or shown(version, found[0][0])
    total = sum(machines.values())
    if total > 1:
        raise RefusedError(
            "These are {count} public addresses, such as {example}. They belong to somebody:"
            " whoever scans them needs the leave of their owner.",
            hint="With that leave: tojimari scan --i-may-scan ...",
            count=total,
            example=example,
        )


def broadcast(numbers: Intervals, of_links: Intervals) -> tuple[Intervals, int]:
    """Take away the addresses at which everybody on a link hears.

    Args:
        numbers: IPv4 addresses.
        of_links: The broadcast addresses of this machine's own links.

    Returns:
        The rest, and how many were taken away.
    """
    heard = both(numbers, of_links)
    return minus(numbers, of_links), count(heard)
