"""What nftables' expressions look at, in the neutral ruleset's terms, and how their values read.

Source: libnftables-json(5), sections EXPRESSIONS and MATCH; nft(8) for the meaning of each.
"""

from typing import TypeAlias

from tojimari.firewall.intervals import IPV4, IPV6, parse_address, parse_network
from tojimari.firewall.ruleset import (
    ADDRESS_KINDS,
    ANY_NUMBER,
    ICMP,
    ICMP6,
    PACKET_KINDS,
    PORT_PROTOCOLS,
    PROTOCOLS,
    STATES,
    STATUSES,
    TCP,
    TCP_FLAGS,
    Element,
    Field,
    Operand,
    Span,
)

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

NO_FAMILY = 0  # of a packet that is neither IPv4 nor IPv6; no packet here has it
FAMILIES = {
    "ipv4": IPV4,
    "ipv6": IPV6,
    "ip": IPV4,
    "ip6": IPV6,
    "arp": NO_FAMILY,
    "vlan": NO_FAMILY,
}

# Header, then field, to what it is in the neutral ruleset.
_ADDRESSES = {
    ("ip", "saddr"): Operand(Field.SOURCE, IPV4),
    ("ip", "daddr"): Operand(Field.DESTINATION, IPV4),
    ("ip", "protocol"): Operand(Field.PROTOCOL, IPV4),
    ("ip6", "saddr"): Operand(Field.SOURCE, IPV6),
    ("ip6", "daddr"): Operand(Field.DESTINATION, IPV6),
    ("ip6", "nexthdr"): Operand(Field.PROTOCOL, IPV6),
    ("ether", "type"): Operand(Field.FAMILY),  # what carries a VLAN's tag is a frame of another
}
_HEADERS = {"ip": IPV4, "ip6": IPV6}
_PROTOCOLS = {
    "th": PORT_PROTOCOLS,
    "icmp": frozenset({ICMP}),
    "icmpv6": frozenset({ICMP6}),
    **{
        name: frozenset({PROTOCOLS[name]})
        for name in ("tcp", "udp", "udplite", "sctp", "dccp", "igmp", "gre", "esp", "ah", "comp")
    },
}
_PORTS = {"sport": Field.SOURCE_PORT, "dport": Field.DESTINATION_PORT}
_META = {
    "l4proto": Field.PROTOCOL,
    "nfproto": Field.FAMILY,
    "protocol": Field.FAMILY,
    "iif": Field.INPUT,
    "iifname": Field.INPUT,
    "oif": Field.OUTPUT,
    "oifname": Field.OUTPUT,
    "mark": Field.MARK,
    "pkttype": Field.PACKET_KIND,
}
_CT = {
    "state": Operand(Field.CT_STATE),
    "status": Operand(Field.CT_STATUS),
    "mark": Operand(Field.CT_MARK),
    "direction": Operand(Field.CT_DIRECTION),
}
_CT_ORIGINAL = {
    "proto-dst": Operand(Field.ORIGINAL_PORT),
    "ip daddr": Operand(Field.ORIGINAL_DESTINATION, IPV4),
    "ip6 daddr": Operand(Field.ORIGINAL_DESTINATION, IPV6),
    "ip saddr": Operand(Field.SOURCE, IPV4),  # before SNAT, which is after every filter but its own
    "ip6 saddr": Operand(Field.SOURCE, IPV6),
    "proto-src": Operand(Field.SOURCE_PORT),
}
_FIB = {
    ("type", "daddr"): Field.DESTINATION_KIND,
    ("type", "daddr iif"): Field.DESTINATION_KIND_HERE,
    ("type", "saddr"): Field.SOURCE_KIND,
    ("oif", "saddr"): Field.SOURCE_ROUTE,
    ("oif", "iif saddr"): Field.SOURCE_ROUTE_HERE,
}
_KINDS = {
    Field.SOURCE_KIND: ADDRESS_KINDS,
    Field.DESTINATION_KIND: ADDRESS_KINDS,
    Field.DESTINATION_KIND_HERE: ADDRESS_KINDS,
    Field.CT_STATE: STATES,
    Field.CT_STATUS: STATUSES,
    Field.CT_DIRECTION: {"original": 0, "reply": 1},
    Field.TCP_FLAGS: TCP_FLAGS,
    Field.PACKET_KIND: PACKET_KINDS,
    Field.FAMILY: FAMILIES,
    Field.PROTOCOL: PROTOCOLS,
}
# Types of named sets (nft describe), as the operand whose values are written alike.
SET_TYPES = {
    "ipv4_addr": Operand(Field.SOURCE, IPV4),
    "ipv6_addr": Operand(Field.SOURCE, IPV6),
    "inet_service": Operand(Field.DESTINATION_PORT),
    "inet_proto": Operand(Field.PROTOCOL),
    "ifname": Operand(Field.INPUT),
    "iface_index": Operand(Field.INPUT),
    "mark": Operand(Field.MARK),
    "ct_state": Operand(Field.CT_STATE),
    "ct_status": Operand(Field.CT_STATUS),
    "ct_dir": Operand(Field.CT_DIRECTION),
    "nf_proto": Operand(Field.FAMILY),
    "ether_type": Operand(Field.FAMILY),
    "fib_addrtype": Operand(Field.DESTINATION_KIND),
    "tcp_flag": Operand(Field.TCP_FLAGS),
    "pkt_type": Operand(Field.PACKET_KIND),
}


class NotModelledError(Exception):
    """A value that has no meaning here; the expression around it becomes a doubt."""


def pair(node: Json) -> tuple[str, Json]:
    """The one key of an object and what it holds.

    Raises:
        NotModelledError: It is no such object.
    """
    if isinstance(node, dict) and len(node) == 1:
        return next(iter(node.items()))
    raise NotModelledError(str(node))


def members(node: Json) -> dict[str, Json]:
    """An object; an empty one where it is none."""
    return node if isinstance(node, dict) else {}


def word(node: Json, name: str) -> str:
    """A member that is text; empty where it is not."""
    found = members(node).get(name)
    return found if isinstance(found, str) else ""


def listed(node: Json) -> list[Json]:
    """A list; what is none becomes one of one."""
    return node if isinstance(node, list) else [node]


def operands(node: Json) -> tuple[Operand, ...]:
    """What an expression looks at: one operand, or one for each part of a concatenation."""
    parts = members(node).get("concat")
    if isinstance(parts, list):
        return tuple(operand(part) for part in parts)
    return (operand(node),)


def operand(node: Json) -> Operand:  # noqa: C901, PLR0911 - one branch a kind
    """What one expression looks at; ``UNKNOWN``, with its protocol, where we do not model it."""
    unknown = Operand(Field.UNKNOWN, text=str(node))
    if not isinstance(node, dict) or len(node) != 1:
        return unknown
    kind, value = next(iter(node.items()))
    if kind == "payload":
        return _payload(value)
    if kind == "meta":
        what = _META.get(word(value, "key"))
        return Operand(what) if what else unknown
    if kind == "ct":
        return _ct(value) or unknown
    if kind == "fib":
        flags = members(value).get("flags")
        names = sorted(str(flag) for flag in listed(flags) if flag != "mark")
        what = _FIB.get((word(value, "result"), " ".join(names)))
        return Operand(what) if what else unknown
    if kind == "numgen":
        parts = members(value)
        below, offset = parts.get("mod"), parts.get("offset")
        if isinstance(below, int) and not offset:
            return Operand(Field.CHANCE, mask=below)
        return unknown
    if kind == "exthdr":
        # The plain first packet of a conversation carries no extension header, and a field that is
        # not there ends the rule (nft_exthdr_ipv6_eval).
        return Operand(Field.UNKNOWN, NO_FAMILY, text=str(node))
    if kind == "&" and isinstance(value, list) and len(value) == 2:  # noqa: PLR2004 - two ends, or two parts
        inner = operand(value[0])
        if inner.what is Field.UNKNOWN or inner.mask is not None:
            return Operand(Field.UNKNOWN, inner.family, inner.protocols, text=str(node))
        try:
            mask = bits(inner, value[1])
        except NotModelledError:
            return Operand(Field.UNKNOWN, inner.family, inner.protocols, text=str(node))
        return Operand(inner.what, inner.family, inner.protocols, mask)
    return unknown


def _payload(value: Json) -> Operand:  # noqa: PLR0911 - one return a kind
    header, name = word(value, "protocol"), word(value, "field")
    known = _ADDRESSES.get((header, name))
    if known:
        return known
    text = f"{header} {name}".strip() or str(value)
    if header in _HEADERS:
        return Operand(Field.UNKNOWN, _HEADERS[header], text=text)
    if header == "arp":
        return Operand(Field.UNKNOWN, NO_FAMILY, text=text)
    protocols = _PROTOCOLS.get(header)
    if protocols is None:
        return Operand(Field.UNKNOWN, text=text)
    if name in _PORTS and protocols <= PORT_PROTOCOLS:
        return Operand(_PORTS[name], protocols=protocols)
    if (header, name) == ("tcp", "flags"):
        return Operand(Field.TCP_FLAGS, protocols=frozenset({TCP}))
    return Operand(Field.UNKNOWN, protocols=protocols, text=text)


def _ct(value: Json) -> Operand | None:
    key, direction = word(value, "key"), word(value, "dir")
    if direction == "original":
        return _CT_ORIGINAL.get(key)
    return None if direction else _CT.get(key)


def bits(of: Operand, node: Json) -> int:
    """A value made of flags: one, a list, or ``{"|": [...]}``.

    Raises:
        NotModelledError: One of them is none that we know.
    """
    if isinstance(node, dict):
        kind, value = pair(node)
        if kind != "|":
            raise NotModelledError(str(node))
        node = value
    result = 0
    for one in listed(node):
        result |= bits(of, one) if isinstance(one, dict) else _number(of, one)
    return result


def _number(of: Operand, node: Json) -> int:
    if isinstance(node, bool):
        return int(node)
    if isinstance(node, int):
        return node
    if not isinstance(node, str):
        raise NotModelledError(str(node))
    try:
        if of.what in {Field.SOURCE, Field.DESTINATION, Field.ORIGINAL_DESTINATION}:
            return parse_address(node, of.family or (IPV6 if ":" in node else IPV4))
        known = _KINDS.get(of.what, {}).get(node)
        return int(node, 0) if known is None else known
    except ValueError as error:
        raise NotModelledError(node) from error


def span(of: Operand, node: Json) -> Span:  # noqa: C901, PLR0911 - one return a kind
    """One value of an operand.

    Raises:
        NotModelledError: It is of a kind that we do not know.
    """
    if isinstance(node, dict):
        kind, value = pair(node)
        if kind == "elem":
            return span(of, members(value).get("val"))
        if kind == "prefix":
            return _prefix(of, value)
        if kind == "range":
            ends = listed(value)
            if len(ends) != 2:  # noqa: PLR2004 - first and last
                raise NotModelledError(str(node))
            return _number(of, ends[0]), _number(of, ends[1])
        if kind == "|":
            value_bits = bits(of, node)
            return value_bits, value_bits
        raise NotModelledError(str(node))
    if isinstance(node, list):
        value_bits = bits(of, node)
        return value_bits, value_bits
    if of.what in {Field.INPUT, Field.OUTPUT}:
        if isinstance(node, str):
            return node
        raise NotModelledError(str(node))
    if node == "*":
        return ANY_NUMBER
    number = _number(of, node)
    return number, number


def _prefix(of: Operand, value: Json) -> Span:
    length = members(value).get("len")
    if of.what not in {Field.SOURCE, Field.DESTINATION, Field.ORIGINAL_DESTINATION}:
        raise NotModelledError(str(value))
    text = word(value, "addr")
    try:
        return parse_network(f"{text}/{length}", IPV6 if ":" in text else IPV4)
    except ValueError as error:
        raise NotModelledError(str(value)) from error


def element(of: tuple[Operand, ...], node: Json) -> Element:
    """One value for each operand.

    Raises:
        NotModelledError: It does not fit them.
    """
    inner = members(members(node).get("elem"))
    if inner:
        if inner.keys() & {"limit", "quota", "ct count"}:
            raise NotModelledError(str(node))
        node = inner.get("val")
    if len(of) == 1:
        return (span(of[0], node),)
    if node == "*":
        return tuple(_everything(one) for one in of)
    parts = members(node).get("concat")
    if not isinstance(parts, list) or len(parts) != len(of):
        raise NotModelledError(str(node))
    return tuple(span(one, part) for one, part in zip(of, parts, strict=True))


def _everything(of: Operand) -> Span:
    return "*" if of.what in {Field.INPUT, Field.OUTPUT} else ANY_NUMBER
