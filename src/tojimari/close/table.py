"""tojimari's own table of the firewall, as text for nft: pure.

The chain comes before destination NAT (priority -150; dstnat is -100) and after connection tracking
(-200), so that doors of containers, which are reached by DNAT, are closed like the machine's own
(linux/netfilter_ipv4.h). Packets of conversations that exist pass: to end those is another deed.
What closes a door is an element of a set. With a timeout the kernel takes it out by itself, with no
process alive.
"""

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tojimari.core.endpoint import Transport
from tojimari.core.plan import Element, Target

FAMILY, NAME = "inet", "tojimari"
TABLE = f"{FAMILY} {NAME}"
PRIORITY = -150  # between NF_IP_PRI_CONNTRACK and NF_IP_PRI_NAT_DST

CLOSED, ENDED = "closed", "ended"
KINDS = {4: "ipv4_addr", 6: "ipv6_addr"}
SETS = (CLOSED, ENDED, *(f"{use}{version}" for use in ("allowed", "closed") for version in KINDS))
HEADERS = {4: "ip", 6: "ip6"}

SETUP = f"""add table {TABLE}
add set {TABLE} {CLOSED} {{ type inet_proto . inet_service; flags timeout; }}
add set {TABLE} {ENDED} {{ type inet_proto . inet_service; flags timeout; }}
""" + "".join(
    f"add set {TABLE} {use}{version}"
    f" {{ type inet_proto . inet_service . {KINDS[version]}; flags interval, timeout; }}\n"
    for use in ("allowed", "closed")
    for version in KINDS
)

RULES = (
    'iifname "lo" accept',
    "fib daddr type != { local, broadcast, multicast } accept",
    "ct state established,related accept",
    # Where no rule asked for it before, connections are tracked only from now on, and those that
    # exist look new; but only a first segment opens one (RFC 9293, section 3.5). Where they are to
    # end, what the kernel was made to forget must not be taken up again (nf_conntrack_tcp_loose).
    f"tcp flags & (fin | syn | rst | ack) != syn meta l4proto . th dport != @{ENDED} accept",
    *(f"meta l4proto . th dport . {HEADERS[one]} saddr @allowed{one} accept" for one in KINDS),
    *(f"meta l4proto . th dport . {HEADERS[one]} saddr @closed{one} drop" for one in KINDS),
    f"meta l4proto . th dport @{CLOSED} drop",
)


@dataclass(frozen=True, slots=True)
class Present:
    """What is there of the table.

    Attributes:
        chain: Whether its chain is there with all of its rules.
        elements: The elements of its sets.
        timed: Those of them that the kernel takes out by itself.
    """

    chain: bool
    elements: tuple[Element, ...]
    timed: frozenset[Element] = frozenset()


def closing(targets: Iterable[Target], sources: Sequence[str] = ()) -> tuple[Element, ...]:
    """The elements that close doors.

    Args:
        targets: Which doors.
        sources: To which addresses or networks; empty for everybody but this machine.
    """
    if not sources:
        return tuple(Element(CLOSED, f"{one.transport} . {one.port}") for one in targets)
    return _by_source("closed", targets, sources)


def allowing(targets: Iterable[Target], sources: Sequence[str]) -> tuple[Element, ...]:
    """The elements that leave doors open to some, and close them to all others."""
    targets = tuple(targets)
    return (*_by_source("allowed", targets, sources), *closing(targets))


def ending(targets: Iterable[Target]) -> tuple[Element, ...]:
    """The elements by which a conversation that was ended is not taken up again."""
    return tuple(
        Element(ENDED, f"{one.transport} . {one.port}")
        for one in targets
        if one.transport is Transport.TCP
    )


def _by_source(use: str, targets: Iterable[Target], sources: Sequence[str]) -> tuple[Element, ...]:
    networks = [ipaddress.ip_network(source, strict=False) for source in sources]
    return tuple(
        Element(f"{use}{network.version}", f"{one.transport} . {one.port} . {_written(network)}")
        for one in targets
        for network in networks
    )


def _written(network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> str:
    """A network as nft lists it: a single address without its prefix length."""
    return str(network.network_address if network.num_addresses == 1 else network)


def shutting(elements: Iterable[Element], present: Present, seconds: int) -> str:
    """The transaction that puts elements into the table, and makes the table where it is missing.

    Args:
        elements: Which.
        present: What is there.
        seconds: After how long they go by themselves; 0 for never.
    """
    lines = [_whole(present)]
    timeout = f" timeout {seconds}s" if seconds else ""
    for one in elements:
        # Added, taken out and added: what is there already, perhaps with a timeout of its own,
        # gets the new one (an element that exists keeps what it has).
        lines += [
            f"add element {TABLE} {one.set} {{ {one.text} }}",
            f"delete element {TABLE} {one.set} {{ {one.text} }}",
            f"add element {TABLE} {one.set} {{ {one.text}{timeout} }}",
        ]
    return "\n".join(lines) + "\n"


def lacking(wanted: Mapping[Element, int], present: Present) -> dict[Element, int]:
    """Those of some elements that are not there, or would go although they are to stay.

    Args:
        wanted: By element, after how many seconds it is to go; 0 for never.
        present: What is there.
    """
    there = set(present.elements)
    return {
        one: seconds
        for one, seconds in wanted.items()
        if one not in there or (not seconds and one in present.timed)
    }


def restoring(missing: Mapping[Element, int], present: Present) -> str:
    """The transaction that puts elements back, each with its own time, and makes the table whole.

    Args:
        missing: By element, after how many seconds it is to go; 0 for never.
        present: What is there.
    """
    whole = Present(chain=True, elements=present.elements)
    parts = [shutting((), present, 0)]
    parts += [shutting((one,), whole, seconds) for one, seconds in missing.items()]
    return "".join(parts)


def opening(elements: Iterable[Element], present: Present) -> str:
    """The transaction that takes elements out; the whole table where nothing is left in it.

    Empty where there is nothing to do. Other elements, and the tables of others, are not touched.
    """
    going = set(elements)
    gone = [one for one in present.elements if one in going]
    if len(gone) == len(present.elements):
        return f"delete table {TABLE}\n"
    return "".join(f"delete element {TABLE} {one.set} {{ {one.text} }}\n" for one in gone)


def _whole(present: Present) -> str:
    """The table with its sets, and its chain where that is not whole: rules are never doubled."""
    if present.chain:
        return SETUP.rstrip("\n")
    chain = f"{TABLE} doors"
    hook = f"{{ type filter hook prerouting priority {PRIORITY}; policy accept; }}"
    rules = "\n".join(f"add rule {chain} {rule}" for rule in RULES)
    return f"{SETUP}add chain {chain} {hook}\nflush chain {chain}\n{rules}"
