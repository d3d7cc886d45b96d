"""nftables as ``nft -j list ruleset`` gives it.

Source: libnftables-json(5).
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import cast

import msgspec

from tojimari.core.errors import UsageError
from tojimari.firewall.dialect import Dialect, Sets
from tojimari.firewall.dialects import _nft_fields as fields
from tojimari.firewall.dialects._nft_fields import Json, NotModelledError, members, word
from tojimari.firewall.dialects._nft_words import spelled
from tojimari.firewall.intervals import IPV4, IPV6, from_numbers, from_ranges, parse_ipv4
from tojimari.firewall.pause import collector_paused
from tojimari.firewall.ruleset import (
    ANY_NUMBER,
    Base,
    Chain,
    Data,
    DataMap,
    Doubt,
    DoubtKind,
    Element,
    Expression,
    Field,
    Hook,
    Match,
    NamedSet,
    NoTrack,
    Operand,
    Rule,
    Ruleset,
    SetMark,
    Table,
    Translate,
    Translation,
    Verdict,
    VerdictKind,
    VerdictMap,
)

LANGUAGE = "nftables"

_MAX_PORT, _MAX_NUMBER = 0xFFFF, ANY_NUMBER[1]
# Statements that change nothing about who gets through.
_WITHOUT_EFFECT = {
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
_VERDICTS = {
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


def read(text: str | bytes) -> Ruleset:
    """The ruleset that a listing describes.

    Args:
        text: One JSON document with a member ``nftables``.

    Raises:
        UsageError: It is no such document.
    """
    with collector_paused():
        return _read_document(text)


def _read_document(text: str | bytes) -> Ruleset:
    try:
        document = cast("Json", msgspec.json.decode(text))
    except (msgspec.DecodeError, RecursionError) as error:
        raise UsageError("this is no JSON: {why}", why=str(error)) from error
    items = members(document).get("nftables")
    if not isinstance(items, list):
        raise UsageError(
            "this JSON is no nftables ruleset: it has no list called nftables",
            hint="nft -j list ruleset > FILE",
        )
    return _Reader().read(items)


class _Reader:
    def __init__(self) -> None:
        self.ruleset = Ruleset()
        self.tables: dict[tuple[str, str], Table] = {}
        self.dormant: set[tuple[str, str]] = set()
        self.limits: dict[tuple[str, str, str], Json] = {}

    def read(self, items: Sequence[Json]) -> Ruleset:
        rules: list[dict[str, Json]] = []
        for item in items:
            for kind, value in members(item).items():
                if kind == "table":
                    self.table(value)
                elif kind == "chain":
                    self.chain(value)
                elif kind in {"set", "map"}:
                    self.named_set(kind, value)
                elif kind == "limit":
                    self.limits[word(value, "family"), word(value, "table"), word(value, "name")] = (
                        value
                    )
                elif kind == "rule" and isinstance(value, dict):
                    rules.append(value)
        for rule in rules:
            self.rule(rule)
        return self.ruleset

    def table_of(self, value: Json) -> Table:
        key = word(value, "family"), word(value, "table")
        if key not in self.tables:
            self.tables[key] = Table(*key, language=LANGUAGE)
            self.ruleset.tables.append(self.tables[key])
        return self.tables[key]

    def table(self, value: Json) -> None:
        family, name = word(value, "family"), word(value, "name")
        self.table_of({"family": family, "table": name})
        if "dormant" in fields.listed(members(value).get("flags")):
            self.dormant.add((family, name))

    def chain(self, value: Json) -> None:
        table = self.table_of(value)
        chain = Chain(word(value, "name"))
        table.chains[chain.name] = chain
        hook = word(value, "hook")
        priority = members(value).get("prio")
        if hook not in list(Hook) or not isinstance(priority, int):
            return
        if (table.family, table.name) in self.dormant:
            return
        devices = [name for name in fields.listed(members(value).get("dev")) if name is not None]
        chain.base = Base(
            Hook(hook),
            priority,
            drops=word(value, "policy") == "drop",
            kind=word(value, "type") or "filter",
            devices=tuple(str(name) for name in devices),
        )

    def named_set(self, kind: str, value: Json) -> None:
        table = self.table_of(value)
        found = NamedSet()
        table.sets[word(value, "name")] = found
        flags = fields.listed(members(value).get("flags"))
        found.filled = "dynamic" in flags
        elements = members(value).get("elem")
        content = elements if isinstance(elements, list) else []
        try:
            of = _typed(members(value).get("type"))
            if kind == "set":
                _fill_set(found, of, content)
            else:
                _fill_map(found, of, members(value).get("map"), content)
        except NotModelledError:
            found.readable = False
            found.elements, found.verdicts, found.data = [], [], []

    def rule(self, value: dict[str, Json]) -> None:
        table = self.table_of(value)
        chain = table.chains.get(word(value, "chain"))
        if chain is None:
            return
        statements = value.get("expr")
        listed = statements if isinstance(statements, list) else []
        expressions: list[Expression] = []
        for statement in listed:
            expressions += self.statement(table, statement)
        handle = value.get("handle")
        chain.rules.append(
            Rule(
                tuple(expressions),
                spelling=partial(spelled, listed, word(value, "comment")),
                handle=handle if isinstance(handle, int) else None,
                number=len(chain.rules) + 1,
                comment=word(value, "comment"),
            )
        )

    def statement(self, table: Table, node: Json) -> list[Expression]:  # noqa: PLR0911 - one a kind
        try:
            kind, value = fields.pair(node)
        except NotModelledError:
            return [_doubt(node)]
        if kind == "match":
            return [_match(value, node)]
        if kind in _VERDICTS:
            return [Verdict(_VERDICTS[kind], word(value, "target"))]
        if kind in _WITHOUT_EFFECT:
            return []
        if kind == "limit":
            return [self.limit(table, value)]
        if kind == "ct count":
            return [Doubt(DoubtKind.RATE, spelled([node]))]
        if kind == "meter":
            return [Doubt(DoubtKind.RATE, spelled([node]))]
        if kind in {"set", "map"}:
            return self.fill(table, node, value)
        if kind == "vmap":
            return [_verdict_map(value, node)]
        if kind == "mangle":
            return _mangle(value, node)
        if kind in {"dnat", "snat", "redirect", "masquerade"}:
            return [_translate(kind, value, table.family, node)]
        if kind == "notrack":
            return [NoTrack()]
        if kind == "xt":
            return _xt(value, node)
        return [_doubt(node)]

    def limit(self, table: Table, value: Json) -> Doubt:
        if isinstance(value, str):
            value = self.limits.get((table.family, table.name, value), value)
        return Doubt(DoubtKind.RATE, spelled([{"limit": value}]))

    def fill(self, table: Table, node: Json, value: Json) -> list[Expression]:
        named = table.sets.get(word(value, "set").lstrip("@"))
        if named is not None:
            named.filled = True
        if members(value).get("stmt"):
            return [Doubt(DoubtKind.RATE, spelled([node]))]
        # Adding fails where the set is full, and then the rule ends (nft_dynset_eval).
        return [] if word(value, "op") == "delete" else [Doubt(DoubtKind.UNKNOWN, spelled([node]))]


def _doubt(node: Json) -> Doubt:
    kind = next(iter(node), "") if isinstance(node, dict) else ""
    by_chance = kind in {"numgen"}
    return Doubt(DoubtKind.RATE if by_chance else DoubtKind.UNKNOWN, spelled([node]))


def _typed(kind: Json) -> tuple[Operand, ...]:
    """The operands of a set's type.

    Raises:
        NotModelledError: One of them is none that we know.
    """
    if isinstance(kind, dict):  # typeof, which newer versions keep
        found = fields.operands(kind.get("typeof", kind))
        if any(one.what is Field.UNKNOWN for one in found):
            raise NotModelledError(str(kind))
        return found
    names = fields.listed(kind)
    if any(name not in fields.SET_TYPES for name in names):
        raise NotModelledError(str(kind))
    return tuple(fields.SET_TYPES[str(name)] for name in names)


def _fill_set(found: NamedSet, of: tuple[Operand, ...], content: list[Json]) -> None:
    if len(of) == 1 and of[0].what not in {Field.INPUT, Field.OUTPUT}:
        found.numbers = _numbers(of[0], content)
        return
    found.elements = [fields.element(of, node) for node in content]


def _numbers(of: Operand, content: list[Json]) -> list[int]:
    """A set with one numeric field; plain IPv4 addresses take a way without detours."""
    if of.what is Field.SOURCE and of.family == IPV4:
        plain = [node for node in content if type(node) is str]
        if len(plain) == len(content):
            try:
                return from_numbers(map(parse_ipv4, plain))
            except ValueError as error:
                raise NotModelledError(str(error)) from error
    spans = [fields.element((of,), node)[0] for node in content]
    return from_ranges(cast("list[tuple[int, int]]", spans))


def _fill_map(found: NamedSet, of: tuple[Operand, ...], gives: Json, content: list[Json]) -> None:
    # What stands for everything else ("*") is asked last.
    for node in sorted(content, key=_is_rest):
        key, value = _entry(node)
        element = fields.element(of, key)
        if gives == "verdict":
            found.verdicts.append(_verdict(value))
        else:
            found.data.append(_data(gives, value))
        found.elements.append(element)


def _is_rest(node: Json) -> bool:
    key = node[0] if isinstance(node, list) and node else node
    inner = members(members(key).get("elem")).get("val")
    return key == "*" or inner == "*"


def _entry(node: Json) -> tuple[Json, Json]:
    if isinstance(node, list) and len(node) == 2:  # noqa: PLR2004 - key and value
        return node[0], node[1]
    raise NotModelledError(str(node))


def _verdict(node: Json) -> Verdict:
    kind, value = fields.pair(node)
    if kind not in _VERDICTS:
        raise NotModelledError(str(node))
    return Verdict(_VERDICTS[kind], word(value, "target"))


def _data(gives: Json, node: Json) -> Data:
    names: list[Json] = list(gives.split(" . ")) if isinstance(gives, str) else fields.listed(gives)
    return fields.element(_typed(names), node)


def _match(value: Json, node: Json) -> Expression:
    parts = members(value)
    of = fields.operands(parts.get("left"))
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


def _verdict_map(value: Json, node: Json) -> Expression:
    of = fields.operands(members(value).get("key"))
    data = members(value).get("data")
    if isinstance(data, str) and data.startswith("@"):
        return VerdictMap(of, map_name=data[1:])
    entries = members(data).get("set")
    listed = sorted(entries, key=_is_rest) if isinstance(entries, list) else []
    verdicts = [_verdict(_entry(one)[1]) for one in listed]
    unknown = any(one.what is Field.UNKNOWN for one in of)
    try:
        keys: list[Element] = [
            () if unknown else fields.element(of, _entry(one)[0]) for one in listed
        ]
    except NotModelledError:
        of = (Operand(Field.UNKNOWN, text=spelled([node])),)
        keys = [() for _ in listed]
    return VerdictMap(of, tuple(zip(keys, verdicts, strict=True)))


def _mangle(value: Json, node: Json) -> list[Expression]:
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


def _linear(node: Json) -> tuple[Field, int, int]:
    """A value as source, keep and flip; see ``SetMark``."""
    if isinstance(node, int):
        return Field.MARK, 0, int(node)
    unknown = Field.UNKNOWN, 0, 0
    if not isinstance(node, dict) or len(node) != 1:
        return unknown
    kind, value = next(iter(node.items()))
    if kind in _MARKS:
        return (_MARKS[kind], _MAX_MARK, 0) if word(value, "key") == "mark" else unknown
    if kind in {"|", "&", "^"} and isinstance(value, list) and len(value) == 2:  # noqa: PLR2004
        source, keep, flip = _linear(value[0])
        constant = value[1]
        if source is Field.UNKNOWN or not isinstance(constant, int):
            return unknown
        if kind == "&":
            return source, keep & constant, flip & constant
        if kind == "^":
            return source, keep, flip ^ constant
        return source, keep & ~constant, (flip & ~constant) | constant
    return unknown


_MAX_MARK = 0xFFFFFFFF  # 32 bits (linux/skbuff.h)


def _translate(kind: str, value: Json, family: str, node: Json) -> Expression:
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
            key, value = _entry(one)
            both = "concat" in members(value)
            gives = ("address", "port") if both else (alone,)
            shape = (address, port) if both else ((address,) if alone == "address" else (port,))
            entries.append((fields.element(of, key), fields.element(shape, value)))
    except NotModelledError:
        of = (Operand(Field.UNKNOWN, text=spelled([node])),)
        entries = []
    return DataMap(of, tuple(entries)), gives


def _xt(value: Json, node: Json) -> list[Expression]:
    name = word(value, "name")
    if name in _XT_WITHOUT_EFFECT:
        return []
    if word(value, "type") == "target":
        return [Verdict(VerdictKind.STOLEN)]
    return [Doubt(DoubtKind.UNKNOWN, spelled([node]))]


def lacks_devices(ruleset: Ruleset) -> bool:
    """Whether some ingress chain does not say where it stands."""
    return any(
        chain.base is not None and chain.base.hook is Hook.INGRESS and not chain.base.devices
        for table in ruleset.tables
        for chain in table.chains.values()
    )


def devices(ruleset: Ruleset, text: str) -> None:
    """Add what the JSON leaves out: the interfaces of ingress chains (before nftables 1.1).

    Args:
        ruleset: Changed in place.
        text: ``nft list ruleset``.
    """
    family = table = chain = ""
    found: dict[tuple[str, str, str], tuple[str, ...]] = {}
    for line in text.splitlines():
        words = line.split()
        if words[:1] == ["table"] and len(words) > 2:  # noqa: PLR2004 - family and name
            family, table = words[1], words[2]
        elif words[:1] == ["chain"] and len(words) > 1:
            chain = words[1]
        elif words[:1] == ["type"] and "hook" in words:
            named = _DEVICES.search(line)
            if named:
                found[family, table, chain] = tuple(_QUOTED.findall(named.group()))
    for one in ruleset.tables:
        for other in one.chains.values():
            known = found.get((one.family, one.name, other.name))
            if other.base is not None and known and not other.base.devices:
                other.base = replace(other.base, devices=known)


_DEVICES = re.compile(r"devices? .*? priority")
_QUOTED = re.compile(r'"([^"]+)"')


def _read(text: str, sets: Sets) -> Ruleset:
    del sets
    return read(text)


DIALECT = Dialect("nft_json", "nft -j list ruleset", lambda text: text.lstrip().startswith("{"), _read)
