"""The neutral ruleset, compiled once, so that a question costs only the rules that concern it."""

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias, cast

from tojimari.firewall import conditions
from tojimari.firewall.classify import PORTS, Classifier, Constraint
from tojimari.firewall.conditions import BySource, Concrete, Mixed
from tojimari.firewall.intervals import (
    Intervals,
    complement,
    from_numbers,
    from_ranges,
    intersection,
)
from tojimari.firewall.pause import collector_paused
from tojimari.firewall.ruleset import (
    Base,
    Chain,
    Data,
    Doubt,
    DoubtKind,
    Either,
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
    Verdict,
    VerdictKind,
    VerdictMap,
)

LONG = 48  # rules, from which on a chain gets a classifier; below, asking each is as quick
# All NAT chains of a hook run together, at the place where the kernel's NAT stands, whatever their
# own priority says, which orders them only among themselves (nf_nat_register_fn).
NAT_PLACES = {
    Hook.PREROUTING: -100,
    Hook.INPUT: 100,
    Hook.OUTPUT: -100,
    Hook.POSTROUTING: 100,
}  # linux/netfilter_ipv4.h: NF_IP_PRI_NAT_DST, NF_IP_PRI_NAT_SRC
EVERY_PROTOCOL = 256


@dataclass(frozen=True, slots=True)
class Place:
    """Where a rule stands; what every answer names.

    Attributes:
        table: Its table.
        chain: Its chain.
        rule: The rule; None for the chain's policy.
    """

    table: Table
    chain: Chain
    rule: Rule | None


@dataclass(frozen=True, slots=True)
class Fork:
    """A doubt at one place. Its two sides are the numbers ``2 * number`` (not) and one more."""

    doubt: Doubt
    place: Place


@dataclass(frozen=True, slots=True)
class Doubtful:
    """A condition that may hold or not."""

    doubt: Doubt
    number: int


@dataclass(frozen=True, slots=True)
class Judged:
    """A condition, and the doubt to raise where it cannot say."""

    condition: "Concrete | BySource | Mixed"
    number: int


@dataclass(frozen=True, slots=True)
class Mapped:
    """A verdict by value.

    Attributes:
        operands: What is looked at.
        elements: The values.
        verdicts: One for each.
        lookup: Finds those that can match.
        has: Whether the packet has the fields at all; None where every packet has.
        doubt: Why nothing can be said; None where something can.
        number: The first of the forks for it: one for no match, then one for each element.
        chance: The count of numbers that are drawn from, 0 where nothing is.
    """

    operands: tuple[Operand, ...]
    elements: list[Element]
    verdicts: list[Verdict]
    lookup: conditions.Lookup
    has: conditions.Test | None
    doubt: Doubt | None
    number: int
    chance: int = 0


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A translation with its map."""

    what: Translate
    mapped: "tuple[tuple[Operand, ...], list[Element], list[Data], conditions.Lookup] | None"
    has: conditions.Test | None
    readable: bool
    number: int


Step: TypeAlias = "Judged | Doubtful | Verdict | Mapped | Rewrite | SetMark | NoTrack"


@dataclass(frozen=True, slots=True)
class Line:
    """One rule, compiled.

    Attributes:
        place: Where it stands.
        steps: Everything, in order.
        tests: For a plain rule: its conditions that say the same of every source.
        sources: For a plain rule: the sources of each family; None for all.
        verdict: For a plain rule: accept, drop, reject or return; None where it is not plain.
    """

    place: Place
    steps: tuple[Step, ...]
    tests: tuple[conditions.Test, ...] = ()
    sources: Mapping[int, Intervals] | None = None
    verdict: VerdictKind | None = None


@dataclass(slots=True)
class Compiled:
    """One chain, compiled.

    Attributes:
        table: Its table.
        chain: The chain itself.
        policy: What the answer names where no rule decided.
        compile_lines: Compiles the rules that change anything.
        classifier: For a long chain: which lines can concern a packet.
        lean: For a long chain: the lines without the conditions that the classifier knows.
    """

    table: Table
    chain: Chain
    policy: Place
    compile_lines: Callable[[], list[Line]]
    classifier: Classifier | None = None
    lean: list[Line] = field(default_factory=list[Line])
    _lines: list[Line] | None = None

    @property
    def lines(self) -> list[Line]:
        """Every rule whole; for a long chain compiled only where somebody asks for it."""
        if self._lines is None:
            self._lines = self.compile_lines()
        return self._lines


@dataclass(slots=True)
class Program:
    """The whole ruleset, compiled.

    Attributes:
        chains: By table's place in the ruleset and name.
        bases: The base chains of each hook, in the order in which they run.
        forks: Every doubt, by number.
        ports: Ascending: where destination ports begin that some rule tells from the ones before.
        source_ports: Source ports that some rule names, and one that none names.
        addresses: By family, ascending: where destination addresses begin that some rule tells
            from the ones before.
        interfaces: Names and patterns of incoming interfaces that rules name.
    """

    chains: dict[tuple[int, str], Compiled] = field(
        default_factory=dict[tuple[int, str], Compiled]
    )
    bases: dict[Hook, list[Compiled]] = field(default_factory=dict[Hook, list[Compiled]])
    forks: list[Fork] = field(default_factory=list[Fork])
    ports: list[int] = field(default_factory=list[int])
    source_ports: list[int] = field(default_factory=list[int])
    addresses: dict[int, list[int]] = field(default_factory=dict[int, list[int]])
    interfaces: list[str] = field(default_factory=list[str])

    _by_table: dict[tuple[int, str], Compiled] = field(
        default_factory=dict[tuple[int, str], Compiled]
    )
    _forks: dict[tuple[int, Doubt], int] = field(default_factory=dict[tuple[int, Doubt], int])

    def fork(self, number: int, doubt: Doubt) -> int:
        """The number of a doubt at the place of another fork."""
        if self.forks[number].doubt == doubt:
            return number
        key = number, doubt
        if key not in self._forks:
            self._forks[key] = len(self.forks)
            self.forks.append(Fork(doubt, self.forks[number].place))
        return self._forks[key]

    def add(self, compiled: Compiled) -> None:
        """Make a chain known to those that jump to it."""
        self._by_table[id(compiled.table), compiled.chain.name] = compiled

    def elsewhere(self, place: Place, kind: VerdictKind) -> int:
        """The fork of a rule that hands the packet to somebody else."""
        key = id(place), Doubt(DoubtKind.UNKNOWN, f"{kind}: {place.rule.text if place.rule else ''}")
        if key not in self._forks:
            self._forks[key] = len(self.forks)
            self.forks.append(Fork(key[1], place))
        return self._forks[key]

    def chain_of(self, table: Table, name: str) -> Compiled | None:
        """A chain of a table, by name."""
        return self._by_table.get((id(table), name))

    def port_classes(self) -> list[tuple[int, int]]:
        """The ports, first and last, in runs that no rule tells apart."""
        starts = self.ports
        ends = [*starts[1:], PORTS]
        return [(first, end - 1) for first, end in zip(starts, ends, strict=True)]

    def address_class(self, family: int, number: int) -> int:
        """Equal for destination addresses that no rule tells apart by their number."""
        return bisect_right(self.addresses[family], number)


def compile_ruleset(ruleset: Ruleset) -> Program:
    """Compile everything.

    Args:
        ruleset: Left as it is.
    """
    with collector_paused():
        return _Compiler(ruleset).run()


class _Compiler:
    def __init__(self, ruleset: Ruleset) -> None:
        self.ruleset = ruleset
        self.program = Program()
        self.ports: set[int] = {0}
        self.source_ports: set[int] = set()
        self.addresses: dict[int, set[int]] = {4: {0}, 6: {0}}
        self.interfaces: set[str] = set()

    def run(self) -> Program:
        program = self.program
        for at, table in enumerate(self.ruleset.tables):
            for chain in table.chains.values():
                compiled = self.chain(table, chain)
                program.chains[at, chain.name] = compiled
                program.add(compiled)
        self.bases()
        program.ports = sorted(port for port in self.ports if port < PORTS)
        program.source_ports = self.source_port_classes()
        program.addresses = {family: sorted(found) for family, found in self.addresses.items()}
        program.interfaces = sorted(self.interfaces)
        return program

    def bases(self) -> None:
        """Sort the base chains: by place, then the younger first (nf_hook_entries_grow)."""
        found: dict[Hook, list[tuple[tuple[int, int, int], Compiled]]] = {}
        for age, compiled in enumerate(self.program.chains.values()):
            base = compiled.chain.base
            if base is None:
                continue
            place = NAT_PLACES[base.hook] if _is_nat(base) else base.priority
            order = (place, base.priority if _is_nat(base) else 0, -age)
            found.setdefault(base.hook, []).append((order, compiled))
        for hook, listed in found.items():
            listed.sort(key=lambda one: one[0])
            self.program.bases[hook] = [compiled for _, compiled in listed]

    def chain(self, table: Table, chain: Chain) -> Compiled:
        rules = [rule for rule in chain.rules if _has_effect(rule)]
        places = [Place(table, chain, rule) for rule in rules]

        def lines() -> list[Line]:
            return [_line(place, self.steps(place, ())) for place in places]

        compiled = Compiled(table, chain, Place(table, chain, None), lines)
        if len(rules) >= LONG:
            self.classify(compiled, places)
        else:
            assert compiled.lines is not None  # noqa: S101 - now, while the collector is paused
        return compiled

    def steps(self, place: Place, covered: Sequence[bool]) -> tuple[Step, ...]:
        """The steps of a rule, without the matches that somebody else has dealt with.

        Args:
            place: The rule.
            covered: For each of its matches, whether it is left out; none beyond the end is.
        """
        found: list[Step] = []
        known = iter(covered)
        assert place.rule is not None  # noqa: S101 - policies have no steps
        for expression in place.rule.expressions:
            is_match = isinstance(expression, Match | Either)
            found += self.step(expression, place, leave_out=is_match and next(known, False))
        return tuple(found)

    def fork(self, doubt: Doubt, place: Place, count: int = 1) -> int:
        number = len(self.program.forks)
        self.program.forks += [Fork(doubt, place)] * count
        return number

    def step(  # noqa: PLR0911 - one a kind of expression
        self, expression: Expression, place: Place, *, leave_out: bool
    ) -> list[Step]:
        sets = place.table.sets
        if isinstance(expression, Match | Either):
            for match in expression.matches if isinstance(expression, Either) else (expression,):
                self.note(match.operands, _elements_of(match, sets))
            if leave_out:
                return []
            condition = conditions.compiled(expression, sets)
            doubt = condition.doubt if isinstance(condition, Concrete) else _SOURCE
            return [Judged(condition, self.fork(doubt, place))]
        if isinstance(expression, Doubt):
            return [Doubtful(expression, self.fork(expression, place))]
        if isinstance(expression, Verdict | SetMark | NoTrack):
            return [expression]
        if isinstance(expression, VerdictMap):
            return [self.verdict_map(expression, place)]
        return [self.translate(expression, place)]

    def note(self, operands: tuple[Operand, ...], elements: list[Element]) -> None:
        """Remember the values that rules tell apart."""
        for at, operand in enumerate(operands):
            if operand.what not in _NOTED:
                continue
            for element in elements:
                if at >= len(element):
                    continue
                span = element[at]
                if isinstance(span, str):
                    if operand.what is Field.INPUT:
                        self.interfaces.add(span)
                elif operand.what in {Field.DESTINATION_PORT, Field.ORIGINAL_PORT}:
                    self.ports |= {min(span[0], PORTS), min(span[1] + 1, PORTS)}
                    if operand.mask is not None:
                        self.ports |= set(range(PORTS))
                elif operand.what is Field.SOURCE_PORT:
                    self.source_ports |= {min(span[0], PORTS), min(span[1] + 1, PORTS)}
                elif operand.what is not Field.INPUT:
                    families = (operand.family,) if operand.family else (4, 6)
                    for family in families:
                        self.addresses[family] |= {span[0], span[1] + 1}

    def source_port_classes(self) -> list[int]:
        """One source port of every run that rules tell apart, the least remarkable one first."""
        starts = sorted(port for port in self.source_ports | {0} if port < PORTS)
        ends = [*starts[1:], PORTS]
        usual = 40000  # an ordinary one, out of the kernel's range for clients (ip_local_port_range)
        picked = [usual if first <= usual < end else first for first, end in zip(starts, ends, strict=True)]
        return sorted(picked, key=lambda port: port != usual)

    def verdict_map(self, expression: VerdictMap, place: Place) -> Mapped:
        named = place.table.sets.get(expression.map_name) if expression.map_name else None
        doubt: Doubt | None = None
        if expression.map_name and (named is None or not named.readable):
            doubt = Doubt(DoubtKind.UNKNOWN, f"map {expression.map_name}, which is not known")
        elif named is not None and named.filled:
            doubt = Doubt(DoubtKind.UNKNOWN, f"map {expression.map_name}, which packets fill")
        elements = list(named.elements) if named else [key for key, _ in expression.entries]
        verdicts = list(named.verdicts) if named else [verdict for _, verdict in expression.entries]
        chance = 0
        unknown = [one for one in expression.operands if one.what is Field.UNKNOWN]
        if unknown:
            doubt = Doubt(DoubtKind.UNKNOWN, unknown[0].text)
        if any(one.what is Field.CHANCE for one in expression.operands):
            chance = expression.operands[0].mask or 0 if len(expression.operands) == 1 else 0
            doubt = None if chance else Doubt(DoubtKind.UNKNOWN, "at random")
        if doubt is None and not chance:
            self.note(expression.operands, elements)
        names = ", ".join(one.what for one in expression.operands)
        unsure = Doubt(DoubtKind.UNKNOWN, f"{names}, which is not known")
        return Mapped(
            expression.operands,
            elements,
            verdicts,
            conditions.Lookup(expression.operands, [] if doubt else elements),
            conditions.applies(expression.operands),
            doubt,
            self.fork(doubt or (_BY_CHANCE if chance else unsure), place, len(verdicts) + 1),
            chance,
        )

    def translate(self, expression: Translate, place: Place) -> Rewrite:
        by = expression.by
        number = self.fork(_SEVERAL, place)
        if by is None:
            return Rewrite(expression, None, None, readable=True, number=number)
        named = place.table.sets.get(by.map_name) if by.map_name else None
        elements = list(named.elements) if named else [key for key, _ in by.entries]
        data = list(named.data) if named else [value for _, value in by.entries]
        opaque = any(one.what is Field.UNKNOWN for one in by.operands)
        readable = not opaque and (not by.map_name or (named is not None and named.readable))
        if readable:
            self.note(by.operands, elements)
        has = conditions.applies(by.operands)
        mapped = by.operands, elements, data, conditions.Lookup(by.operands, elements if readable else [])
        return Rewrite(expression, mapped, has, readable, number)

    def classify(self, compiled: Compiled, places: Sequence[Place]) -> None:
        constraints: list[Constraint] = []
        for place in places:
            assert place.rule is not None  # noqa: S101 - the caller has it from the chain's rules
            constraint, covered = _constraint(place.rule, place.table.sets)
            constraints.append(constraint)
            compiled.lean.append(_line(place, self.steps(place, covered)))
        compiled.classifier = Classifier(constraints)


def _has_effect(rule: Rule) -> bool:
    """Whether a rule does anything but look."""
    return any(not isinstance(one, Match | Either | Doubt) for one in rule.expressions)


_SOURCE = Doubt(DoubtKind.UNKNOWN, "the source")
_BY_CHANCE = Doubt(DoubtKind.RATE, "at random")
_SEVERAL = Doubt(DoubtKind.UNKNOWN, "one of several destinations")
_NOTED = frozenset(
    {
        Field.DESTINATION,
        Field.ORIGINAL_DESTINATION,
        Field.DESTINATION_PORT,
        Field.ORIGINAL_PORT,
        Field.SOURCE_PORT,
        Field.INPUT,
    }
)
_PLAIN = {
    VerdictKind.ACCEPT,
    VerdictKind.DROP,
    VerdictKind.REJECT,
    VerdictKind.RETURN,
}


def _is_nat(base: Base) -> bool:
    return base.kind == "nat" and base.hook in NAT_PLACES


def _elements_of(match: Match, sets: Mapping[str, NamedSet]) -> list[Element]:
    if match.set_name is None:
        return list(match.elements)
    named = sets.get(match.set_name)
    if named is None or match.operands[0].what is Field.SOURCE and len(match.operands) == 1:
        return []
    if named.numbers is None:
        return named.elements
    numbers = named.numbers
    return [((numbers[at], numbers[at + 1] - 1),) for at in range(0, len(numbers), 2)]


def _line(place: Place, steps: tuple[Step, ...]) -> Line:
    """Compile a rule's steps; see ``Line`` for what is plain."""
    tests: list[conditions.Test] = []
    sources: Mapping[int, Intervals] | None = None
    for step in steps[:-1]:
        if not isinstance(step, Judged) or isinstance(step.condition, Mixed):
            return Line(place, steps)
        if isinstance(step.condition, Concrete):
            tests.append(step.condition.test)
        elif sources is None:
            sources = step.condition.sources
        else:
            first, second = sources, step.condition.sources
            sources = {family: intersection(first[family], second[family]) for family in first}
    last = steps[-1]
    if isinstance(last, Verdict) and last.kind in _PLAIN:
        return Line(place, steps, tuple(tests), sources, last.kind)
    return Line(place, steps)


def _constraint(rule: Rule, sets: Mapping[str, NamedSet]) -> tuple[Constraint, list[bool]]:
    """What a rule needs, and which of its matches that says all of, in order."""
    family: int | None = None
    protocols: Intervals | None = None
    ports: Intervals | None = None
    interfaces: list[tuple[tuple[str, ...], bool]] = []
    covered: list[bool] = []
    for expression in rule.expressions:
        if isinstance(expression, Either):
            covered.append(False)
            continue
        if isinstance(expression, Doubt):
            continue
        if not isinstance(expression, Match):
            break
        if len(expression.operands) != 1:
            covered.append(False)
            continue
        operand = expression.operands[0]
        if operand.family is not None:
            if family not in {None, operand.family}:
                protocols = []
            family = operand.family
        if operand.protocols:
            own = from_numbers(operand.protocols)
            protocols = own if protocols is None else intersection(protocols, own)
        values = _whole(expression, sets)
        known = values is not None
        if values is not None:
            if operand.what is Field.INPUT:
                patterns = tuple(cast("str", one) for one in values)
                interfaces.append((patterns, expression.negated))
            elif operand.what is Field.PROTOCOL:
                own = _allowed(values, EVERY_PROTOCOL, negated=expression.negated)
                protocols = own if protocols is None else intersection(protocols, own)
            else:
                own = _allowed(values, PORTS, negated=expression.negated)
                ports = own if ports is None else intersection(ports, own)
        covered.append(known)
    constraint = Constraint(
        family,
        None if protocols is None else tuple(protocols),
        None if ports is None else tuple(ports),
        tuple(interfaces),
    )
    return constraint, covered


def _whole(match: Match, sets: Mapping[str, NamedSet]) -> list[object] | None:
    """The values of a match that a classifier understands; None for another kind."""
    operand = match.operands[0]
    if operand.mask is not None or operand.what not in {
        Field.INPUT,
        Field.PROTOCOL,
        Field.DESTINATION_PORT,
    }:
        return None
    named = sets.get(match.set_name) if match.set_name else None
    if match.set_name and (named is None or not named.readable or named.filled):
        return None
    return [element[0] for element in _elements_of(match, sets)]


def _allowed(values: list[object], end: int, *, negated: bool) -> Intervals:
    ranges = cast("list[tuple[int, int]]", values)
    inside = from_ranges((first, min(last, end - 1)) for first, last in ranges)
    return complement(inside, [0, end]) if negated else intersection(inside, [0, end])
