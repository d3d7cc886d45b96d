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
from tojimari.firewall.dialects import _nft_statements as statements
from tojimari.firewall.dialects._nft_fields import Json, NotModelledError, members, word
from tojimari.firewall.dialects._nft_words import spelled
from tojimari.firewall.intervals import IPV4, from_numbers, from_ranges, parse_ipv4
from tojimari.firewall.pause import CollectorPaused
from tojimari.firewall.ruleset import (
    Base,
    Chain,
    Data,
    Doubt,
    DoubtKind,
    Expression,
    Field,
    Hook,
    NamedSet,
    NoTrack,
    Operand,
    Rule,
    Ruleset,
    Table,
    Verdict,
    VerdictKind,
)

LANGUAGE = "nftables"
LIST_COMMAND = "nft -j list ruleset > FILE"  # to type; the same in every language


def read(text: str | bytes, name: str = "nft -j list ruleset") -> Ruleset:
    """The ruleset that a listing describes.

    Args:
        text: One JSON document with a member ``nftables``.
        name: The file, for what is said of a broken one.

    Raises:
        UsageError: It is no such document.
    """
    with CollectorPaused():
        return _read_document(text, name)


def _read_document(text: str | bytes, name: str) -> Ruleset:
    try:
        document = cast("Json", msgspec.json.decode(text))
    except (msgspec.DecodeError, RecursionError) as error:
        raise UsageError("{file}: this is no JSON: {why}", file=name, why=str(error)) from error
    items = members(document).get("nftables")
    if not isinstance(items, list):
        raise UsageError(
            "{file}: this JSON is no nftables ruleset: it has no list called nftables",
            hint=LIST_COMMAND,
            file=name,
        )
    return translated(items)


def translated(items: Sequence[Json]) -> Ruleset:
    """The ruleset of a listing's items, in whatever form they came."""
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
                    self.limits[
                        word(value, "family"), word(value, "table"), word(value, "name")
                    ] = value
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
                spelling=word(value, "text") or partial(spelled, listed, word(value, "comment")),
                handle=handle if isinstance(handle, int) else None,
                number=len(chain.rules) + 1,
                comment=word(value, "comment"),
            )
        )

    def statement(self, table: Table, node: Json) -> list[Expression]:
        try:
            kind, value = fields.pair(node)
        except NotModelledError:
            return [statements.doubt(node)]
        try:
            return self.known(table, kind, value, node)
        except NotModelledError:
            # Whatever it does, the packet may get through, or not.
            return [Verdict(VerdictKind.STOLEN)]

    def known(  # noqa: C901, PLR0911 - one branch a kind
        self, table: Table, kind: str, value: Json, node: Json
    ) -> list[Expression]:
        if kind == "match":
            return [statements.match(value, node)]
        if kind in statements.VERDICTS:
            return [Verdict(statements.VERDICTS[kind], word(value, "target"))]
        if kind in statements.WITHOUT_EFFECT:
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
            return [statements.verdict_map(value, node)]
        if kind == "mangle":
            return statements.mangle(value, node)
        if kind in {"dnat", "snat", "redirect", "masquerade"}:
            return [statements.translate(kind, value, table.family, node)]
        if kind == "notrack":
            return [NoTrack()]
        if kind == "xt":
            return statements.xt(value, node)
        return [statements.doubt(node)]

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
    if any(not isinstance(name, str) or name not in fields.SET_TYPES for name in names):
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
        if len(plain) == len(content) and "*" not in plain:
            try:
                return from_numbers(map(parse_ipv4, plain))
            except ValueError as error:
                raise NotModelledError(str(error)) from error
    spans = [fields.element((of,), node)[0] for node in content]
    return from_ranges(cast("list[tuple[int, int]]", spans))


def _fill_map(found: NamedSet, of: tuple[Operand, ...], gives: Json, content: list[Json]) -> None:
    # What stands for everything else ("*") is asked last.
    for node in sorted(content, key=statements.is_rest):
        key, value = statements.entry(node)
        element = fields.element(of, key)
        if gives == "verdict":
            found.verdicts.append(statements.verdict(value))
        else:
            found.data.append(_data(gives, value))
        found.elements.append(element)


def _data(gives: Json, node: Json) -> Data:
    if isinstance(gives, dict):
        return fields.element(_typed(gives), node)
    names: list[Json] = list(gives.split(" . ")) if isinstance(gives, str) else fields.listed(gives)
    return fields.element(_typed(names), node)


def lacks_devices(ruleset: Ruleset) -> bool:
    """Whether some chain of a device does not say where it stands."""
    return any(
        chain.base is not None
        and chain.base.hook in {Hook.INGRESS, Hook.EGRESS}
        and not chain.base.devices
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
        if words[:1] == ["table"] and len(words) > 2:  # noqa: PLR2004 - two ends, or two parts
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


def _read(text: str, sets: Sets, name: str) -> Ruleset:
    del sets
    return read(text, name)


DIALECT = Dialect(
    "nft_json", "nft -j list ruleset", lambda text: text.lstrip().startswith("{"), _read
)
