"""What a rule needs before anything else, for the classifier of its chain."""

from collections.abc import Mapping
from typing import cast

from tojimari.firewall.classify import PORTS, Constraint
from tojimari.firewall.conditions import fits
from tojimari.firewall.intervals import (
    Intervals,
    complement,
    from_numbers,
    from_ranges,
    intersection,
)
from tojimari.firewall.ruleset import Doubt, Either, Element, Field, Match, NamedSet, Rule

EVERY_PROTOCOL = 256  # 8 bits in the header (RFC 791, section 3.1)


def elements_of(match: Match, sets: Mapping[str, NamedSet]) -> list[Element]:
    """The values of a match; none for sets of sources, which may be large and tell no ports."""
    if match.set_name is None:
        return list(match.elements)
    named = sets.get(match.set_name)
    if named is None or (match.operands[0].what is Field.SOURCE and len(match.operands) == 1):
        return []
    if named.numbers is None:
        return named.elements
    numbers = named.numbers
    return [((numbers[at], numbers[at + 1] - 1),) for at in range(0, len(numbers), 2)]


def constraint(rule: Rule, sets: Mapping[str, NamedSet]) -> tuple[Constraint, list[bool]]:  # noqa: C901 - one branch a kind
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
    needed = Constraint(
        family,
        None if protocols is None else tuple(protocols),
        None if ports is None else tuple(ports),
        tuple(interfaces),
    )
    return needed, covered


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
    elements = elements_of(match, sets)
    return [element[0] for element in elements] if fits(match.operands, elements) else None


def _allowed(values: list[object], end: int, *, negated: bool) -> Intervals:
    ranges = cast("list[tuple[int, int]]", values)
    inside = from_ranges((first, min(last, end - 1)) for first, last in ranges)
    return complement(inside, [0, end]) if negated else intersection(inside, [0, end])
