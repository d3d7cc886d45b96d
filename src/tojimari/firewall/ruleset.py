"""The neutral ruleset: what every rule language is translated to.

It says what netfilter does with the first packet of a conversation, in the terms of the kernel
and not of one language. What a dialect cannot translate becomes a ``Doubt``, never silence: the
reasoner then answers "maybe". Statements that change nothing about who gets through (counters,
logging) are left out by the dialects.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from tojimari.core.message import Message
from tojimari.firewall.intervals import Intervals

# A value that a packet's field may have: a range of numbers with both ends, or an interface's name,
# which matches everything that begins so where it ends in "*".
Span: TypeAlias = "tuple[int, int] | str"
# One value for each operand of a concatenation.
Element: TypeAlias = "tuple[Span, ...]"

ANY_NUMBER = (0, (1 << 128) - 1)

TCP, UDP = 6, 17  # IANA, protocol numbers
ICMP, ICMP6 = 1, 58
UDPLITE, SCTP, DCCP = 136, 132, 33
PORT_PROTOCOLS = frozenset({TCP, UDP, UDPLITE, SCTP, DCCP})  # nftables' "th": ports come first
PROTOCOLS = {
    "ip": 0,
    "hopopt": 0,
    "icmp": ICMP,
    "igmp": 2,
    "ipencap": 4,
    "ggp": 3,
    "st": 5,
    "tcp": TCP,
    "egp": 8,
    "igp": 9,
    "pup": 12,
    "udp": UDP,
    "hmp": 20,
    "xns-idp": 22,
    "rdp": 27,
    "iso-tp4": 29,
    "xtp": 36,
    "ddp": 37,
    "idpr-cmtp": 38,
    "ipv6": 41,
    "dccp": DCCP,
    "ipv6-route": 43,
    "ipv6-frag": 44,
    "idrp": 45,
    "rsvp": 46,
    "gre": 47,
    "esp": 50,
    "ipsec-esp": 50,
    "ah": 51,
    "ipsec-ah": 51,
    "skip": 57,
    "ipv6-icmp": ICMP6,
    "icmpv6": ICMP6,
    "ipv6-nonxt": 59,
    "ipv6-opts": 60,
    "rspf": 73,
    "vmtp": 81,
    "eigrp": 88,
    "ospf": 89,
    "ax.25": 93,
    "ipip": 94,
    "etherip": 97,
    "encap": 98,
    "pim": 103,
    "comp": 108,
    "ipcomp": 108,
    "vrrp": 112,
    "l2tp": 115,
    "carp": 112,
    "isis": 124,
    "sctp": SCTP,
    "fc": 133,
    "mobility-header": 135,
    "ipv6-mh": 135,
    "mh": 135,
    "udplite": UDPLITE,
    "mpls-in-ip": 137,
    "manet": 138,
    "hip": 139,
    "shim6": 140,
    "wesp": 141,
    "rohc": 142,
}  # IANA, protocol numbers, with the names of Debian's /etc/protocols beside its own

# Bits of ct state and ct status (linux/netfilter/nf_conntrack_common.h; nf_tables' own for state).
STATES = {"invalid": 1, "established": 2, "related": 4, "new": 8, "untracked": 64}
STATUSES = {
    "expected": 1,
    "seen-reply": 2,
    "assured": 4,
    "confirmed": 8,
    "snat": 16,
    "dnat": 32,
    "dying": 512,
}
# Kinds of address (linux/rtnetlink.h, RTN_*).
ADDRESS_KINDS = {
    "unspec": 0,
    "unicast": 1,
    "local": 2,
    "broadcast": 3,
    "anycast": 4,
    "multicast": 5,
    "blackhole": 6,
    "unreachable": 7,
    "prohibit": 8,
    "throw": 9,
    "nat": 10,
    "xresolve": 11,
}
# Kinds of packet (linux/if_packet.h, PACKET_*). Whoever wants in sends to our own link address.
PACKET_KINDS = {"host": 0, "unicast": 0, "broadcast": 1, "multicast": 2, "other": 3}
TCP_FLAGS = {
    "fin": 1,
    "syn": 2,
    "rst": 4,
    "psh": 8,
    "ack": 16,
    "urg": 32,
    "ecn": 64,
    "cwr": 128,
}  # RFC 9293, section 3.1; RFC 3168


class Hook(StrEnum):
    """Where in a packet's way a base chain stands (linux/netfilter.h)."""

    INGRESS = "ingress"
    PREROUTING = "prerouting"
    INPUT = "input"
    FORWARD = "forward"
    OUTPUT = "output"
    POSTROUTING = "postrouting"
    EGRESS = "egress"


class Field(StrEnum):
    """What of a packet, or of its conversation, a rule looks at."""

    SOURCE = "source"
    DESTINATION = "destination"
    FAMILY = "family"  # 4 or 6
    PROTOCOL = "protocol"
    SOURCE_PORT = "source-port"
    DESTINATION_PORT = "destination-port"
    INPUT = "input"  # the interface it came in by
    OUTPUT = "output"
    MARK = "mark"
    CT_MARK = "ct-mark"
    CT_STATE = "ct-state"  # one bit of STATES
    CT_STATUS = "ct-status"
    CT_DIRECTION = "ct-direction"  # 0 original, 1 reply
    ORIGINAL_DESTINATION = "original-destination"  # before DNAT
    ORIGINAL_PORT = "original-port"
    SOURCE_KIND = "source-kind"  # one of ADDRESS_KINDS
    DESTINATION_KIND = "destination-kind"
    DESTINATION_KIND_HERE = "destination-kind-here"  # as seen from the interface it came in by
    SOURCE_ROUTE = "source-route"  # 1 where a route to the source exists
    SOURCE_ROUTE_HERE = "source-route-here"  # 1 where it goes by the interface it came in by
    TCP_FLAGS = "tcp-flags"
    PACKET_KIND = "packet-kind"
    CHANCE = "chance"  # a number below the mask, drawn for each packet
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Operand:
    """What a match looks at, and for which packets it says anything at all.

    Attributes:
        what: The field.
        family: 4 or 6 where only packets of that family have the field; None for both.
        protocols: The protocols that have the field; empty for all.
        mask: Only these bits are looked at; None for all.
        text: For ``UNKNOWN``: what it is, in the language's words.
    """

    what: Field
    family: int | None = None
    protocols: frozenset[int] = frozenset()
    mask: int | None = None
    text: str = ""


class DoubtKind(StrEnum):
    """Why a match cannot be decided for one packet."""

    RATE = "rate"  # it depends on how many came before: both happen, sooner or later
    GUARD = "guard"  # it holds for those on a list that packets fill
    ABSENCE = "absence"  # it holds for those who are not on such a list
    UNKNOWN = "unknown"  # we do not model it


@dataclass(frozen=True, slots=True)
class Doubt:
    """A condition that may hold or not.

    Attributes:
        kind: Why it cannot be decided.
        text: What it is, in the language's words: ``limit rate 3/minute``.
    """

    kind: DoubtKind
    text: str


@dataclass(frozen=True, slots=True)
class Match:
    """A condition: the operands are one of the elements.

    Attributes:
        operands: What is looked at; more than one for a concatenation.
        elements: The values that match.
        set_name: A named set of the rule's table instead of ``elements``.
        negated: Whether none of the values must match. A packet without the field matches neither.
    """

    operands: tuple[Operand, ...]
    elements: tuple[Element, ...] = ()
    set_name: str | None = None
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Either:
    """A condition: any of several holds (``--ports`` of iptables)."""

    matches: tuple[Match, ...]


class VerdictKind(StrEnum):
    """What becomes of the packet."""

    ACCEPT = "accept"  # ends this base chain only
    DROP = "drop"  # final
    REJECT = "reject"  # final, and says so
    RETURN = "return"
    CONTINUE = "continue"
    JUMP = "jump"
    GOTO = "goto"
    QUEUE = "queue"  # a program decides
    STOLEN = "stolen"  # taken out of the way by something we do not model


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of the packet; the chain's name for jump and goto."""

    kind: VerdictKind
    target: str = ""


@dataclass(frozen=True, slots=True)
class VerdictMap:
    """A verdict by value; no element, no match: the next rule.

    Attributes:
        operands: What is looked at.
        entries: Values and their verdicts.
        map_name: A named map of the rule's table instead of ``entries``.
    """

    operands: tuple[Operand, ...]
    entries: tuple[tuple[Element, Verdict], ...] = ()
    map_name: str | None = None


# Numbers that a map of data gives: an address, a port, or both.
Data: TypeAlias = "tuple[Span, ...]"


@dataclass(frozen=True, slots=True)
class DataMap:
    """An address or a port, or both, by value.

    Attributes:
        operands: What is looked at.
        entries: Values and what they give; ranges where it is one of several.
        map_name: A named map of the rule's table instead of ``entries``.
    """

    operands: tuple[Operand, ...]
    entries: tuple[tuple[Element, Data], ...] = ()
    map_name: str | None = None


class Translation(StrEnum):
    """What is rewritten."""

    DESTINATION = "dnat"
    REDIRECT = "redirect"  # the destination becomes this machine
    SOURCE = "snat"  # masquerade too


@dataclass(frozen=True, slots=True)
class Translate:
    """Rewrites an end of the conversation; the packet is then accepted in this chain.

    Attributes:
        kind: Which end.
        family: The family whose packets it rewrites; None for both.
        address: First and last new address; None where it stays.
        port: First and last new port; None where it stays.
        by: A map that gives address, or port, or both, in the order of ``gives``.
        gives: What the map gives: ``address``, ``port``.
        prefix: Whether only the network part is replaced (NETMAP).
    """

    kind: Translation
    family: int | None = None
    address: tuple[int, int] | None = None
    port: tuple[int, int] | None = None
    by: DataMap | None = None
    gives: tuple[str, ...] = ()
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class SetMark:
    """``mark = (mark & hold) ^ (source & keep) ^ flip``, as every bitwise operation can be written.

    Attributes:
        target: ``MARK`` or ``CT_MARK``.
        source: ``MARK``, ``CT_MARK``, or ``UNKNOWN`` where the result is not known.
        keep: 0 for a plain constant.
        flip: The constant.
        hold: The bits of the mark's old value that stay.
    """

    target: Field
    source: Field
    keep: int
    flip: int
    hold: int = 0


@dataclass(frozen=True, slots=True)
class NoTrack:
    """Connection tracking leaves the packet alone, and with it address translation does."""


Expression: TypeAlias = (
    Match | Either | Doubt | Verdict | VerdictMap | Translate | SetMark | NoTrack
)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Attributes:
        expressions: Conditions and statements, in order.
        spelling: The rule in its own language, without its chain, or what spells it when asked.
        handle: The kernel's number for it; None where the language has none.
        number: Its place in its chain, from 1.
        comment: What its author wrote beside it.
    """

    expressions: tuple[Expression, ...]
    spelling: str | Callable[[], str]
    handle: int | None = None
    number: int = 0
    comment: str = ""

    @property
    def text(self) -> str:
        """The rule in its own language."""
        return self.spelling if isinstance(self.spelling, str) else self.spelling()


@dataclass(frozen=True, slots=True)
class Base:
    """What makes a chain a base chain.

    Attributes:
        hook: Where it stands.
        priority: Its place there, the smallest first.
        drops: Whether the policy is drop.
        kind: ``filter``, ``nat`` or ``route``.
        devices: For ``INGRESS``: the interfaces; empty where the language does not tell.
    """

    hook: Hook
    priority: int
    drops: bool
    kind: str = "filter"
    devices: tuple[str, ...] = ()


@dataclass(slots=True)
class Chain:
    """Rules in order; see ``Base`` for those where packets come in."""

    name: str
    base: Base | None = None
    rules: list[Rule] = field(default_factory=list[Rule])


@dataclass(slots=True)
class NamedSet:
    """A set, or a map, of a table.

    Attributes:
        elements: What is in it; empty where ``numbers`` is given.
        numbers: The same as one set of numbers, where it is a set with one numeric field.
        verdicts: For a verdict map: one for each element.
        data: For a map of data: one for each element.
        filled: Whether rules put elements into it, or it is known to change by itself.
        readable: Whether the elements are known at all.
    """

    elements: list[Element] = field(default_factory=list[Element])
    numbers: Intervals | None = None
    verdicts: list[Verdict] = field(default_factory=list[Verdict])
    data: list[Data] = field(default_factory=list[Data])
    filled: bool = False
    readable: bool = True


@dataclass(slots=True)
class Table:
    """Chains and sets under one name.

    Attributes:
        family: ``ip``, ``ip6``, ``inet``, ``netdev``, ``bridge`` or ``arp``.
        name: Its name.
        language: The dialect that it came from.
        chains: By name, in the order of the file.
        sets: Sets and maps, by name.
    """

    family: str
    name: str
    language: str
    chains: dict[str, Chain] = field(default_factory=dict[str, Chain])
    sets: dict[str, NamedSet] = field(default_factory=dict[str, NamedSet])


@dataclass(slots=True)
class Ruleset:
    """Everything that decides, of one network namespace.

    Attributes:
        tables: In the order in which the kernel got them, as far as that is known.
        notes: What was left out or could not be read, a sentence each.
    """

    tables: list[Table] = field(default_factory=list[Table])
    notes: list[Message] = field(default_factory=list[Message])
