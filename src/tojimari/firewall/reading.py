"""Several texts in several languages, joined into one ruleset."""

from collections.abc import Callable, Iterable
from itertools import zip_longest

from tojimari.core import catalog
from tojimari.core.errors import UsageError
from tojimari.core.message import mark
from tojimari.firewall.dialect import PACKAGE, AddressSet, Dialect, Sets
from tojimari.firewall.dialects import iptables, nft_json
from tojimari.firewall.dialects.ipset import read_sets
from tojimari.firewall.foreign import foreign
from tojimari.firewall.ruleset import (
    Base,
    Chain,
    DataMap,
    Doubt,
    DoubtKind,
    Field,
    Hook,
    Operand,
    Rule,
    Ruleset,
    Table,
    Translate,
    Translation,
    Verdict,
    VerdictKind,
)

# Tables and chains that iptables-nft keeps in nf_tables under its old names (xtables-nft(8)).
_TABLES = {"filter", "nat", "mangle", "raw", "security"}
_CHAINS = {"PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"}
_NAMELESS = "-"  # a text without a name: standard input, say
HIDDEN = mark("rules that could not be read")
ARP = mark("rules for ARP")
_FAMILIES = {"ip": 4, "ip6": 6}


def from_texts(texts: Iterable[str], names: Iterable[str] = ()) -> Ruleset:
    """The ruleset that several files describe together.

    Args:
        texts: Whole files, each in any language that is known.
        names: Their names, for what is said of a broken one.

    Raises:
        UsageError: One of them is in none, or is broken.
    """
    named = [(text, name or _NAMELESS) for text, name in zip_longest(texts, names, fillvalue="")]
    # iptables-save prints nothing where it has no table; alone, that might as well be a mistake.
    said = [(text, name) for text, name in named if text.strip()] or named
    found = [(dialect_of(text, name), text, name) for text, name in said]
    sets: dict[str, AddressSet] = {}
    for dialect, text, name in found:
        if dialect.sets is not None:
            sets.update(dialect.sets(text, name))
    ruleset = Ruleset()
    for dialect, text, name in found:
        part = dialect.read(text, sets, name)
        ruleset.tables += part.tables
        ruleset.notes += part.notes
    dumped = {
        _FAMILIES[table.family] for table in ruleset.tables if table.language == iptables.LANGUAGE
    }
    if dumped:
        _drop_shadows(ruleset, dumped)
    ruleset.tables += arp_doubts(ruleset)
    return ruleset


def dialect_of(text: str, name: str = _NAMELESS) -> Dialect:
    """The language of a text.

    Args:
        text: All of it.
        name: Its name, for what is said where it is in none.

    Raises:
        UsageError: None that is known.
    """
    known = catalog.entries(PACKAGE, "DIALECT", Dialect)
    for dialect in known:
        if dialect.recognises(text):
            return dialect
    if not text.strip():
        raise UsageError("{file}: this file is empty", hint=nft_json.LIST_COMMAND, file=name)
    other = foreign(text)
    if other is not None:
        raise UsageError(other.why, hint=other.hint, file=name)
    raise UsageError(
        "{file}: this is no ruleset in a language that tojimari reads: {languages}",
        hint=nft_json.LIST_COMMAND,
        file=name,
        languages=", ".join(dialect.title for dialect in known),
    )


def native(listed: str, text: Callable[[], str]) -> Ruleset:
    """What nft lists, with what its JSON leaves out.

    Args:
        listed: ``nft -j list ruleset``.
        text: Gives ``nft list ruleset``; asked only where it is needed.
    """
    ruleset = nft_json.read(listed)
    if nft_json.lacks_devices(ruleset):
        nft_json.devices(ruleset, text())
    return ruleset


def families_of_iptables(ruleset: Ruleset) -> set[int]:
    """The families for which iptables keeps tables in nf_tables."""
    return {_FAMILIES[table.family] for table in ruleset.tables if _is_of_iptables(table)}


def joined(nft: Ruleset, dumps: Iterable[str], sets_text: str, *, hidden: bool) -> Ruleset:
    """The native tables, those of iptables from its own dumps, and a doubt for what is hidden.

    Args:
        nft: What nft listed.
        dumps: What iptables-save and its kin wrote.
        sets_text: What ``ipset save`` wrote; empty for none.
        hidden: Whether there are rules that nobody could list.
    """
    sets: Sets = read_sets(sets_text) if sets_text else {}
    ruleset = Ruleset(list(nft.tables), list(nft.notes))
    read: set[int] = set()
    for dump in dumps:
        if not iptables.DIALECT.recognises(dump):
            continue
        part = iptables.DIALECT.read(dump, sets, "iptables-save")
        read |= {_FAMILIES[table.family] for table in part.tables}
        ruleset.tables += part.tables
    _drop_shadows(ruleset, read)
    if hidden:
        ruleset.tables.append(unreadable_table())
    ruleset.tables += arp_doubts(ruleset)
    return ruleset


def _drop_shadows(ruleset: Ruleset, families: set[int]) -> None:
    """Leave out nft's view of tables that were read from iptables itself."""
    names = {
        (table.family, table.name)
        for table in ruleset.tables
        if table.language == iptables.LANGUAGE and _FAMILIES[table.family] in families
    }
    ruleset.tables = [
        table
        for table in ruleset.tables
        if not (
            table.language == nft_json.LANGUAGE
            and (table.family, table.name) in names
            and _is_of_iptables(table)
        )
    ]


def _is_of_iptables(table: Table) -> bool:
    return (
        table.language == nft_json.LANGUAGE
        and table.family in _FAMILIES
        and table.name in _TABLES
        and any(name in _CHAINS for name in table.chains)
    )


def arp_doubts(ruleset: Ruleset) -> list[Table]:
    """For tables of ARP that may refuse something: a doubt before every IPv4 packet.

    Who gets no answer by ARP cannot send; whom such rules mean is not modelled.
    """
    found: list[Table] = []
    for table in ruleset.tables:
        bases = [chain.base for chain in table.chains.values() if chain.base is not None]
        verdicts = {
            one.kind
            for chain in table.chains.values()
            for rule in chain.rules
            for one in rule.expressions
            if isinstance(one, Verdict)
        }
        if table.family != "arp" or not (
            any(base.drops for base in bases) or (bases and verdicts - _HARMLESS)
        ):
            continue
        doubt = Doubt(DoubtKind.UNKNOWN, ARP)
        rule = Rule((doubt, Verdict(VerdictKind.DROP)), ARP, number=1)
        made = Table("ip", table.name, table.language)
        base = Base(Hook.PREROUTING, _BEFORE_ALL, drops=False)
        made.chains["arp"] = Chain("arp", base, [rule])
        found.append(made)
    return found


_HARMLESS = {VerdictKind.ACCEPT, VerdictKind.RETURN, VerdictKind.CONTINUE}
_BEFORE_ALL = -(1 << 31)  # the least priority (linux/netfilter.h: a signed int)


def unreadable_table() -> Table:
    """A table whose rules may drop anything, and send anything elsewhere."""
    table = Table("inet", "unreadable", "none")
    doubt = Doubt(DoubtKind.UNKNOWN, HIDDEN)
    drop = Rule((doubt, Verdict(VerdictKind.DROP)), HIDDEN, number=1)
    for hook in (Hook.PREROUTING, Hook.INPUT, Hook.FORWARD, Hook.OUTPUT):
        table.chains[hook] = Chain(hook, Base(hook, 0, drops=False), [drop])
    unknown = DataMap((Operand(Field.UNKNOWN, text=HIDDEN),))
    send = Rule((Translate(Translation.DESTINATION, by=unknown),), HIDDEN, number=1)
    base = Base(Hook.PREROUTING, -100, drops=False, kind="nat")
    table.chains["nat"] = Chain("nat", base, [send])
    return table
