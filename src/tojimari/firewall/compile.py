"""The neutral ruleset, compiled once, so that a question costs only the rules that concern it."""

from collections.abc import Mapping, Sequence

from tojimari.core.message import mark
from tojimari.firewall import conditions
from tojimari.firewall.classify import PORTS, Classifier, Constraint
from tojimari.firewall.conditions import Concrete, Mixed
from tojimari.firewall.constraints import constraint, elements_of
from tojimari.firewall.intervals import (
    Intervals,
    intersection,
)
from tojimari.firewall.pause import CollectorPaused
from tojimari.firewall.program import (
    Compiled,
    Doubtful,
    Fork,
    Judged,
    Line,
    Mapped,
    Place,
    Program,
    Rewrite,
    Step,
)
from tojimari.firewall.ruleset import (
    Base,
    Chain,
    Doubt,
    DoubtKind,
    Either,
    Element,
    Expression,
    Field,
    Hook,
    Match,
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


def compile_ruleset(ruleset: Ruleset) -> Program:
    """Compile everything.

    Args:
        ruleset: Left as it is.
    """
    with CollectorPaused():
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
            self.program.bridged |= compiled.table.family == "bridge"
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
            assert compiled.lines is not None  # noqa: S101 - said to the type checker; see above
        return compiled

    def steps(self, place: Place, covered: Sequence[bool]) -> tuple[Step, ...]:
        """The steps of a rule, without the matches that somebody else has dealt with.

        Args:
            place: The rule.
            covered: For each of its matches, whether it is left out; none beyond the end is.
        """
        found: list[Step] = []
        known = iter(covered)
        assert place.rule is not None  # noqa: S101 - said to the type checker; see above
        for expression in place.rule.expressions:
            is_match = isinstance(expression, Match | Either)
            found += self.step(expression, place, leave_out=is_match and next(known, False))
        return tuple(found)

    def fork(self, doubt: Doubt, place: Place, count: int = 1) -> int:
        number = len(self.program.forks)
        self.program.forks += [Fork(doubt, place)] * count
        return number

    def step(self, expression: Expression, place: Place, *, leave_out: bool) -> list[Step]:
        sets = place.table.sets
        if isinstance(expression, Match | Either):
            for match in expression.matches if isinstance(expression, Either) else (expression,):
                self.note(match.operands, elements_of(match, sets))
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

    def note(self, operands: tuple[Operand, ...], elements: list[Element]) -> None:  # noqa: C901 - one branch a kind
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
                    self.ports |= {_port(span[0]), _port(span[1] + 1)}
                    if operand.mask is not None:
                        self.ports |= set(range(PORTS))
                elif operand.what is Field.SOURCE_PORT:
                    self.source_ports |= {_port(span[0]), _port(span[1] + 1)}
                elif operand.what is not Field.INPUT:
                    families = (operand.family,) if operand.family else (4, 6)
                    for family in families:
                        self.addresses[family] |= {span[0], span[1] + 1}

    def source_port_classes(self) -> list[int]:
        """One source port of every run that rules tell apart, the least remarkable one first."""
        starts = sorted(port for port in self.source_ports | {0} if port < PORTS)
        ends = [*starts[1:], PORTS]
        usual = (
            40000  # an ordinary one, out of the kernel's range for clients (ip_local_port_range)
        )
        picked = [
            usual if first <= usual < end else first
            for first, end in zip(starts, ends, strict=True)
        ]
        return sorted(picked, key=lambda port: port != usual)

    def verdict_map(self, expression: VerdictMap, place: Place) -> Mapped:
        named = place.table.sets.get(expression.map_name) if expression.map_name else None
        doubt: Doubt | None = None
        if expression.map_name and (named is None or not named.readable or named.filled):
            doubt = Doubt(DoubtKind.UNKNOWN, f"@{expression.map_name}")
        elements = list(named.elements) if named else [key for key, _ in expression.entries]
        verdicts = list(named.verdicts) if named else [verdict for _, verdict in expression.entries]
        if not conditions.fits(expression.operands, elements):
            doubt = doubt or Doubt(DoubtKind.UNKNOWN, place.rule.text if place.rule else "")
        chance = 0
        unknown = [one for one in expression.operands if one.what is Field.UNKNOWN]
        if unknown:
            doubt = Doubt(DoubtKind.UNKNOWN, unknown[0].text)
        if any(one.what is Field.CHANCE for one in expression.operands):
            chance = expression.operands[0].mask or 0 if len(expression.operands) == 1 else 0
            doubt = None if chance else Doubt(DoubtKind.UNKNOWN, conditions.AT_RANDOM)
        if doubt is None and not chance:
            self.note(expression.operands, elements)
        names = ", ".join(one.what for one in expression.operands)
        unsure = Doubt(DoubtKind.UNKNOWN, names)
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
        opaque = opaque or not conditions.fits(by.operands, elements)
        readable = not opaque and (not by.map_name or (named is not None and named.readable))
        if readable:
            self.note(by.operands, elements)
        has = conditions.applies(by.operands)
        mapped = (
            by.operands,
            elements,
            data,
            conditions.Lookup(by.operands, elements if readable else []),
        )
        return Rewrite(expression, mapped, has, readable, number)

    def classify(self, compiled: Compiled, places: Sequence[Place]) -> None:
        constraints: list[Constraint] = []
        for place in places:
            assert place.rule is not None  # noqa: S101 - said to the type checker; see above
            needed, covered = constraint(place.rule, place.table.sets)
            constraints.append(needed)
            compiled.lean.append(_line(place, self.steps(place, covered)))
        compiled.classifier = Classifier(constraints)


def _port(number: int) -> int:
    """A boundary of ports, clipped to where there are any."""
    return max(0, min(number, PORTS))


def _has_effect(rule: Rule) -> bool:
    """Whether a rule does anything but look."""
    return any(not isinstance(one, Match | Either | Doubt) for one in rule.expressions)


_SOURCE = Doubt(DoubtKind.UNKNOWN, "source")
_BY_CHANCE = Doubt(DoubtKind.RATE, conditions.AT_RANDOM)
_SEVERAL = Doubt(DoubtKind.UNKNOWN, mark("one of several destinations"))
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
