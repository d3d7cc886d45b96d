"""nftables' statements in the neutral ruleset's terms.

Source: libnftables-json(5), section STATEMENTS.
"""

from tojimari.firewall.dialects import _nft_fields as fields
from tojimari.firewall.dialects._nft_fields import Json, NotModelledError, members, word
from tojimari.firewall.dialects._nft_words import spelled
from tojimari.firewall.intervals import IPV4, IPV6
from tojimari.firewall.ruleset import (
    ANY_NUMBER,
    Data,
    DataMap,
    Doubt,
    DoubtKind,
    Element,
    Expression,
    Field,
    Match,
    Operand,
    SetMark,
    Translate,
    Translation,
    Verdict,
    VerdictKind,
    VerdictMap,
)

_MAX_PORT, _MAX_NUMBER = 0xFFFF, ANY_NUMBER[1]
# Statements that change nothing about who gets through.
WITHOUT_EFFECT = {
    "counter",
    "log",
    "comment",
    "ct helper",
    "ct timeout",
    "ct expectation",
    "secmark",
    "flow",
    "dup",
    "last",
}
VERDICTS = {
    "accept": VerdictKind.ACCEPT,
    "drop": VerdictKind.DROP,
    "reject": VerdictKind.REJECT,
    "return": VerdictKind.RETURN,
    "continue": VerdictKind.CONTINUE,
    "jump": VerdictKind.JUMP,
    "goto": VerdictKind.GOTO,
    "queue": VerdictKind.QUEUE,
    "synproxy": VerdictKind.STOLEN,
    "tproxy": VerdictKind.STOLEN,
    "fwd": VerdictKind.STOLEN,
}
_MARKS = {"meta": Field.MARK, "ct": Field.CT_MARK}
# xtables extensions, by kind; the table should have been read by iptables-save.
_XT_WITHOUT_EFFECT = {"LOG", "NFLOG", "TCPMSS", "CHECKSUM", "comment", "AUDIT", "TRACE", "CLASSIFY"}


def is_rest(node: Json) -> bool:
    key = node[0] if isinstance(node, list) and node else node
    inner = members(members(key).get("elem")).get("val")
    return key == "*" or inner == "*"


def entry(node: Json) -> tuple[Json, Json]:
    if isinstance(node, list) and len(node) == 2:  # noqa: PLR2004 - two ends, or two parts
        return node[0], node[1]
    raise NotModelledError(str(node))


def verdict(node: Json) -> Verdict:
    kind, value = fields.pair(node)
    if kind not in VERDICTS:
        raise NotModelledError(str(node))
    return Verdict(VERDICTS[kind], word(value, "target"))


def doubt(node: Json) -> Doubt:
    kind = next(iter(node), "") if isinstance(node, dict) else ""
    by_chance = kind == "numgen"
    return Doubt(DoubtKind.RATE if by_chance else DoubtKind.UNKNOWN, spelled([node]))


def match(value: Json, node: Json) -> Expression:
    parts = members(value)
    of = fields.operands(parts.get("left"))
    if not of:
        raise NotModelledError(str(node))
    operator, right = word(value, "op"), parts.get("right")
    if "exthdr" in members(parts.get("left")) and right is False:
        return Match((Operand(Field.FAMILY),), ((ANY_NUMBER,),))  # "missing": every plain packet
    if any(one.what is Field.UNKNOWN for one in of):
        return Match(
            tuple(
                one if one.what is not Field.UNKNOWN else _named(one, spelled([node])) for one in of
            )
        )
    try:
        return _decided(of, operator, right)
    except NotModelledError:
        doubtful = (
            Operand(Field.UNKNOWN, one.family, one.protocols, text=spelled([node])) for one in of
        )
        return Match(tuple(doubtful))


def _named(one: Operand, text: str) -> Operand:
    """Its own absence decides for headers that a plain first packet does not carry."""
    return Operand(Field.UNKNOWN, one.family, one.protocols, text=text)


def _decided(of: tuple[Operand, ...], operator: str, right: Json) -> Expression:
    if isinstance(right, str) and right.startswith("@"):
        return Match(of, set_name=right[1:], negated=operator == "!=")
    inline = members(right).get("set")
    if isinstance(inline, list):
        elements = tuple(fields.element(of, one) for one in inline)
        return Match(of, elements, negated=operator == "!=")
    if operator == "in":
        # Any of the bits: (value & bits) != 0.
        one = of[0]
        flagged = Operand(one.what, one.family, one.protocols, fields.bits(one, right))
        return Match((flagged,), (((0, 0),),), negated=True)
    if operator == "!":
        # None of the bits (nft(8), section BITMASK TYPE).
        one = of[0]
        flagged = Operand(one.what, one.family, one.protocols, fields.bits(one, right))
        return Match((flagged,), (((0, 0),),))
    if operator in {"<", ">", "<=", ">="}:
        return Match(of, ((_beyond(of[0], operator, right),),))
    return Match(of, (fields.element(of, right),), negated=operator == "!=")


def _beyond(of: Operand, operator: str, right: Json) -> tuple[int, int]:
    found = fields.span(of, right)
    if isinstance(found, str):
        raise NotModelledError(found)
    number = found[0]
    if operator.startswith("<"):
        return 0, number - (operator == "<")
    return number + (operator == ">"), _MAX_NUMBER


def verdict_map(value: Json, node: Json) -> Expression:
    of = fields.operands(members(value).get("key"))
    data = members(value).get("data")
    if isinstance(data, str) and data.startswith("@"):
        return VerdictMap(of, map_name=data[1:])
    entries = members(data).get("set")
    listed = sorted(entries, key=is_rest) if isinstance(entries, list) else []
    verdicts = [verdict(entry(one)[1]) for one in listed]
    unknown = any(one.what is Field.UNKNOWN for one in of)
    try:
        keys: list[Element] = [
            () if unknown else fields.element(of, entry(one)[0]) for one in listed
        ]
    except NotModelledError:
        of = (Operand(Field.UNKNOWN, text=spelled([node])),)
        keys = [() for _ in listed]
    return VerdictMap(of, tuple(zip(keys, verdicts, strict=True)))


def mangle(value: Json, node: Json) -> list[Expression]:
    key = members(value).get("key")
    kind, what = fields.pair(key)
    if kind in _MARKS and word(what, "key") == "mark":
        source, keep, flip = _linear(members(value).get("value"))
        return [SetMark(_MARKS[kind], source, keep, flip)]
    if kind == "payload":
        addressing = {"saddr", "daddr", "sport", "dport", "protocol", "nexthdr"}
        if word(what, "field") in addressing:
            return [Doubt(DoubtKind.UNKNOWN, spelled([node])), Verdict(VerdictKind.STOLEN)]
    return []


def _linear(node: Json) -> tuple[Field, int, int]:  # noqa: PLR0911 - one return a kind
    """A value as source, keep and flip; see ``SetMark``."""
    if isinstance(node, int):
        return Field.MARK, 0, int(node)
    unknown = Field.UNKNOWN, 0, 0
    if not isinstance(node, dict) or len(node) != 1:
        return unknown
    kind, value = next(iter(node.items()))
    if kind in _MARKS:
        return (_MARKS[kind], _MAX_MARK, 0) if word(value, "key") == "mark" else unknown
    if kind in {"|", "&", "^"} and isinstance(value, list) and len(value) == 2:  # noqa: PLR2004 - two ends, or two parts
        source, keep, flip = _linear(value[0])
        constant = value[1]
        if source is Field.UNKNOWN or type(constant) is not int:
            return unknown
        if kind == "&":
            return source, keep & constant, flip & constant
        if kind == "^":
            return source, keep, flip ^ constant
        return source, keep & ~constant, (flip & ~constant) | constant
    return unknown


_MAX_MARK = 0xFFFFFFFF  # 32 bits (linux/skbuff.h)


def translate(kind: str, value: Json, family: str, node: Json) -> Expression:
    which = {
        "dnat": Translation.DESTINATION,
        "redirect": Translation.REDIRECT,
    }.get(kind, Translation.SOURCE)
    own = fields.FAMILIES.get(word(value, "family") or family)
    if which is Translation.SOURCE:
        return Translate(which, own)
    parts = members(value)
    address, port = parts.get("addr"), parts.get("port")
    prefix = "prefix" in fields.listed(parts.get("type_flags"))
    mapped = members(address).get("map") or members(port).get("map")
    if mapped is not None:
        by, gives = _data_map(mapped, own, "address" if "map" in members(address) else "port", node)
        numbers = () if "address" in gives or address is None else (address,)
        new = _addresses(numbers[0], own) if numbers else None
        own_port = None if "port" in gives or port is None else _ports(port)
        return Translate(which, own, new, own_port, by, gives, prefix=prefix)
    return Translate(
        which,
        own,
        None if address is None else _addresses(address, own),
        None if port is None else _ports(port),
        prefix=prefix,
    )


_ANYWHERE = (0, _MAX_NUMBER)  # a translation whose target we could not read: one of all


def _addresses(node: Json, family: int | None) -> tuple[int, int]:
    text = node if isinstance(node, str) else ""
    own = family or (IPV6 if ":" in text else IPV4)
    try:
        found = fields.span(Operand(Field.SOURCE, own), node)
    except NotModelledError:
        return _ANYWHERE
    return found if isinstance(found, tuple) else _ANYWHERE


def _ports(node: Json) -> tuple[int, int]:
    try:
        found = fields.span(Operand(Field.DESTINATION_PORT), node)
    except NotModelledError:
        return 0, _MAX_PORT
    return found if isinstance(found, tuple) else (0, _MAX_PORT)


def _data_map(
    mapped: Json, family: int | None, alone: str, node: Json
) -> tuple[DataMap, tuple[str, ...]]:
    of = fields.operands(members(mapped).get("key"))
    data = members(mapped).get("data")
    if isinstance(data, str) and data.startswith("@"):
        return DataMap(of, map_name=data[1:]), (alone, "port")
    address, port = Operand(Field.SOURCE, family or IPV4), Operand(Field.DESTINATION_PORT)
    entries: list[tuple[Element, Data]] = []
    gives: tuple[str, ...] = (alone,)
    content = members(data).get("set")
    try:
        for one in content if isinstance(content, list) else []:
            key, value = entry(one)
            both = "concat" in members(value)
            gives = ("address", "port") if both else (alone,)
            shape = (address, port) if both else ((address,) if alone == "address" else (port,))
            entries.append((fields.element(of, key), fields.element(shape, value)))
    except NotModelledError:
        of = (Operand(Field.UNKNOWN, text=spelled([node])),)
        entries = []
    return DataMap(of, tuple(entries)), gives


def xt(value: Json, node: Json) -> list[Expression]:
    name = word(value, "name")
    if name in _XT_WITHOUT_EFFECT:
        return []
    if word(value, "type") == "target":
        return [Verdict(VerdictKind.STOLEN)]
    return [Doubt(DoubtKind.UNKNOWN, spelled([node]))]
