"""A rule's conditions, compiled once to functions of a packet."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias, cast

from tojimari.core.message import mark
from tojimari.firewall.intervals import (
    IPV4,
    IPV6,
    Intervals,
    contains,
    difference,
    from_ranges,
    intersection,
    union_all,
    universe,
)
from tojimari.firewall.ruleset import (
    Doubt,
    DoubtKind,
    Either,
    Element,
    Field,
    Match,
    NamedSet,
    Operand,
    Span,
)
from tojimari.firewall.state import GETTERS, OF_CONVERSATION, SYMBOLIC, TRACKED, State, symbolic

# True: it holds; False: it does not; None: it may.
Test: TypeAlias = Callable[[State], "bool | None"]
# The sources for which it surely holds, those for which it may, and why.
Judgement: TypeAlias = "tuple[Intervals, Intervals, Doubt | None]"
Sieve: TypeAlias = Callable[[State], Judgement]

AT_RANDOM = mark("at random")
_MANY = 8  # elements, from which on a table of the exact ones pays


@dataclass(frozen=True, slots=True)
class Concrete:
    """A condition that says the same of every source."""

    test: Test
    doubt: Doubt


@dataclass(frozen=True, slots=True)
class BySource:
    """A condition on nothing but the source: the sources of each family for which it holds."""

    sources: Mapping[int, Intervals]


@dataclass(frozen=True, slots=True)
class Mixed:
    """A condition on the source and on something else."""

    sieve: Sieve


Condition: TypeAlias = "Concrete | BySource | Mixed"


def compiled(match: Match | Either, sets: Mapping[str, NamedSet]) -> Condition:  # noqa: PLR0911 - one return a kind
    """One condition.

    Args:
        match: What the rule says.
        sets: The named sets of its table.
    """
    if isinstance(match, Either):
        return _either([compiled(one, sets) for one in match.matches])
    text = " ".join(one.text for one in match.operands if one.text)
    names = ", ".join(one.what for one in match.operands)
    unknown = Doubt(DoubtKind.UNKNOWN, text or names)
    named = sets.get(match.set_name) if match.set_name else None
    if match.set_name and (named is None or not named.readable):
        missing = Doubt(DoubtKind.UNKNOWN, f"@{match.set_name}")
        return _concrete(match, lambda _: None, missing)
    if any(one.what in {Field.UNKNOWN, Field.CHANCE} for one in match.operands):
        chance = any(one.what is Field.CHANCE for one in match.operands)
        why = Doubt(DoubtKind.RATE, AT_RANDOM) if chance else unknown
        return _concrete(match, lambda _: None, why)
    elements = _elements(match, named)
    if not fits(match.operands, elements):
        return _concrete(match, lambda _: None, unknown)
    kind = DoubtKind.ABSENCE if match.negated else DoubtKind.GUARD
    filled = named is not None and named.filled
    changing = Doubt(kind, f"@{match.set_name}") if filled else None
    if not any(one.what in SYMBOLIC for one in match.operands):
        return _concrete(
            match, _value_test(match, elements, changing is not None), changing or unknown
        )
    plain = len(match.operands) == 1 and match.operands[0].what is Field.SOURCE
    if plain and match.operands[0].mask is None and changing is None:
        return _by_source(match, elements)
    return Mixed(_sieve(match, elements, unknown, changing))


def applies(operands: Iterable[Operand]) -> Test | None:
    """Whether the packet has the fields at all; None where every packet has them."""
    families = {one.family for one in operands if one.family is not None}
    protocols = [one.protocols for one in operands if one.protocols]
    conversation = any(one.what in OF_CONVERSATION for one in operands)
    if not families and not protocols and not conversation:
        return None
    allowed = frozenset[int].intersection(*protocols) if protocols else None
    family = next(iter(families)) if len(families) == 1 else None
    impossible = len(families) > 1

    def test(state: State) -> bool:
        if impossible or (family is not None and state.family != family):
            return False
        if allowed is not None and state.protocol not in allowed:
            return False
        return not conversation or state.tracking == TRACKED

    return test


def _concrete(match: Match, inner: Test, doubt: Doubt) -> Concrete:
    needs = applies(match.operands)
    if needs is None:
        return Concrete(inner, doubt)
    has = needs

    def test(state: State) -> bool | None:
        return inner(state) if has(state) else False

    return Concrete(test, doubt)


def _elements(match: Match, named: NamedSet | None) -> list[Element]:
    if named is None:
        return list(match.elements)
    if named.numbers is None:
        return named.elements
    numbers = named.numbers
    return [((numbers[at], numbers[at + 1] - 1),) for at in range(0, len(numbers), 2)]


def named_like(value: str, pattern: str) -> bool:
    """Whether an interface's name matches; a pattern that ends in "*" matches what begins so."""
    return value.startswith(pattern[:-1]) if pattern.endswith("*") else value == pattern


def fits(operands: tuple[Operand, ...], elements: Iterable[Element]) -> bool:
    """Whether elements are of the kind that their operands have; only a broken dump's are not."""
    names = [one.what in {Field.INPUT, Field.OUTPUT} for one in operands]
    return bool(operands) and all(
        len(element) == len(names)
        and all(isinstance(span, str) is named for span, named in zip(element, names, strict=True))
        for element in elements
    )


def _value_test(match: Match, elements: list[Element], changing: bool) -> Test:  # noqa: FBT001 - click hands options on by name
    """Whether the values are among the elements, negation folded in."""
    negated = match.negated
    is_member = (
        _single(match.operands[0], elements)
        if len(match.operands) == 1
        else _concatenation(match.operands, elements)
    )

    def test(state: State) -> bool | None:
        found = is_member(state)
        if found is None or (changing and not found):
            return None
        return found is not negated

    return test


def _single(operand: Operand, elements: list[Element]) -> Test:  # noqa: C901 - one branch a kind
    get, mask = GETTERS[operand.what], operand.mask
    if operand.what in {Field.INPUT, Field.OUTPUT}:
        patterns = [cast("str", one[0]) for one in elements]
        if len(patterns) == 1 and not patterns[0].endswith("*"):
            only = patterns[0]

            def same(state: State) -> bool | None:
                value = get(state)
                return None if value is None else value == only

            return same

        def like(state: State) -> bool | None:
            value = get(state)
            if value is None:
                return None
            return any(named_like(str(value), pattern) for pattern in patterns)

        return like
    ranges = from_ranges(cast("tuple[int, int]", one[0]) for one in elements)
    if operand.what is Field.CT_STATUS and mask is None:
        return lambda _: None  # bits beside the ones we model are set too
    if mask is None and len(ranges) == 2 and ranges[1] == ranges[0] + 1:  # noqa: PLR2004 - two ends, or two parts
        number = ranges[0]

        def equal(state: State) -> bool | None:
            value = get(state)
            return None if value is None else value == number

        return equal

    def inside(state: State) -> bool | None:
        value = cast("int | None", get(state))
        if value is None:
            return None
        return contains(ranges, value if mask is None else value & mask)

    return inside


def span_holds(operand: Operand, span: Span, state: State) -> bool | None:
    """Whether one value of the packet is in one span."""
    value = GETTERS[operand.what](state)
    if value is None or (operand.what is Field.CT_STATUS and operand.mask is None):
        return None
    if isinstance(span, str):
        return named_like(str(value), span)
    number = cast("int", value)
    if operand.mask is not None:
        number &= operand.mask
    return span[0] <= number <= span[1]


def element_holds(operands: tuple[Operand, ...], element: Element, state: State) -> bool | None:
    """Whether all values that are not symbolic are in an element's spans."""
    doubtful = False
    for operand, span in zip(operands, element, strict=True):
        if operand.what in SYMBOLIC:
            continue
        found = span_holds(operand, span, state)
        if found is False:
            return False
        doubtful |= found is None
    return None if doubtful else True


def exact(span: Span) -> int | str | None:
    """The only value of a span; None where there are more."""
    if isinstance(span, str):
        return None if span.endswith("*") else span
    return span[0] if span[0] == span[1] else None


class Lookup:
    """Elements by the values that are not symbolic, so that large sets are not walked."""

    __slots__ = ("_elements", "_exact", "_getters", "_operands", "_others")

    def __init__(self, operands: tuple[Operand, ...], elements: list[Element]) -> None:
        """Sort the elements into those with exact values, and the others."""
        self._operands = operands
        self._elements = elements
        self._exact: dict[tuple[object, ...], list[int]] = {}
        self._others: list[int] = []
        concrete = [at for at, one in enumerate(operands) if one.what not in SYMBOLIC]
        plain = all(operands[at].mask is None for at in concrete)
        self._getters = [GETTERS[operands[at].what] for at in concrete]
        for number, element in enumerate(elements):
            values = [exact(element[at]) for at in concrete]
            if plain and len(elements) > _MANY and None not in values:
                self._exact.setdefault(tuple(values), []).append(number)
            else:
                self._others.append(number)

    def candidates(self, state: State) -> Iterable[int]:
        """Places of the elements that may match, ascending."""
        if not self._exact:
            return self._others
        values = tuple(get(state) for get in self._getters)
        if None in values:
            return range(len(self._elements))
        found = self._exact.get(values, [])
        return sorted([*found, *self._others]) if self._others else found


def _concatenation(operands: tuple[Operand, ...], elements: list[Element]) -> Test:
    lookup = Lookup(operands, elements)

    def test(state: State) -> bool | None:
        doubtful = False
        for at in lookup.candidates(state):
            found = element_holds(operands, elements[at], state)
            if found:
                return True
            doubtful |= found is None
        return None if doubtful else False

    return test


def _by_source(match: Match, elements: list[Element]) -> BySource:
    operand = match.operands[0]
    inside = from_ranges(cast("tuple[int, int]", one[0]) for one in elements)
    found: dict[int, Intervals] = {}
    for family in (IPV4, IPV6):
        if operand.family not in {None, family}:
            found[family] = []
            continue
        whole = universe(family)
        own = intersection(inside, whole)
        found[family] = difference(whole, own) if match.negated else own
    return BySource(found)


def symbolic_part(
    operands: tuple[Operand, ...], element: Element, state: State
) -> Intervals | None:
    """The sources that an element's symbolic spans leave; None where we cannot know."""
    result = universe(state.family)
    for operand, span in zip(operands, element, strict=True):
        if operand.what not in SYMBOLIC:
            continue
        if isinstance(span, str) or operand.mask is not None:
            return None
        part = symbolic(state, operand.what, *span)
        if part is None:
            return None
        result = intersection(result, part)
    return result


def _sieve(match: Match, elements: list[Element], unknown: Doubt, changing: Doubt | None) -> Sieve:
    operands, negated = match.operands, match.negated
    has = applies(operands)
    lookup = Lookup(operands, elements)
    # Which sources match depends on nothing but the elements that the other values choose.
    kept: dict[tuple[int, ...], Intervals] = {}
    plain = all(one.what is Field.SOURCE or one.what not in SYMBOLIC for one in operands)

    def members(state: State) -> Intervals | None:
        """The sources of the elements that the other values choose; None where nobody knows."""
        found = [
            (at, element_holds(operands, elements[at], state)) for at in lookup.candidates(state)
        ]
        if any(holds is None for _, holds in found) or (plain and state.moved):
            return None
        sure = [at for at, holds in found if holds]
        key = (state.family, *sure)
        if plain and key in kept:
            return kept[key]
        parts = [symbolic_part(operands, elements[at], state) for at in sure]
        known = [part for part in parts if part is not None]
        inside = union_all(known) if len(known) == len(parts) else None
        if plain and inside is not None:
            kept[key] = inside
        return inside

    def sieve(state: State) -> Judgement:
        whole = universe(state.family)
        if has is not None and not has(state):
            return [], [], None
        inside = members(state)
        if inside is None:
            return [], whole, unknown
        outside = difference(whole, inside)
        if changing is not None:
            return ([], outside, changing) if negated else (inside, outside, changing)
        return (outside if negated else inside), [], None

    return sieve


def _either(parts: list[Condition]) -> Condition:
    """Any of several conditions; only such as say the same of every source are joined so."""
    tests = [part for part in parts if isinstance(part, Concrete)]

    def test(state: State) -> bool | None:
        results = [part.test(state) for part in tests]
        if any(results):
            return True
        return None if None in results or len(tests) < len(parts) else False

    return Concrete(test, tests[0].doubt if tests else Doubt(DoubtKind.UNKNOWN, "source"))


def judged(condition: BySource | Mixed, state: State) -> Judgement:
    """A condition on the source, as a judgement over all of them."""
    if isinstance(condition, Mixed):
        return condition.sieve(state)
    if state.moved:
        return [], universe(state.family), Doubt(DoubtKind.UNKNOWN, "source")
    return condition.sources[state.family], [], None
